//! The lab's runner: which servers face which workload, in which order, and what they were measured at.
//!
//! It knows the engine and the measuring, and no report. How a server is started and how load is
//! fired are handed in, so that a test can put a server that crashes in a phase's place.

pub mod beside;
pub mod cpus;
pub(crate) mod ending;
pub mod floor;
mod inspect;
pub mod interrupt;
mod leash;
pub mod limits;
mod order;
mod probe;
pub mod rows;
mod run;
pub mod scenario;
mod server;
pub mod target;
mod trial;
mod ways;

pub use floor::Floor;
pub use inspect::{COUNT_ALLOCATIONS, COUNT_PATH, Inspection, inspect, inspect_row};
pub use leash::Leash;
pub use order::serpentine;
pub use run::{Agenda, Launch, Launched, Measured, MeasuredRow, MeasuredScenario, Place, Watch, run};
pub use server::Server;
pub use trial::{INTERRUPTED, Live, Trial, run as trial};
pub use ways::Way;

use crate::engine::{Outcome, Plan, Progress};

/// How load is fired; an error is in words for people.
pub type Fire<'a> = &'a (dyn Fn(&Plan, &Progress) -> Result<Outcome, String> + Sync);
