//! What a run costs, and on which machine. Whatever can't be measured here is `None`, never 0.

mod build;
mod machine;
mod source;
mod usage;
mod weather;

// Of other processes Linux tells what other systems do not: there the same names stand for as little as can be had.
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/counters.rs")]
mod counters;
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/family.rs")]
pub(crate) mod family;
#[cfg(target_os = "linux")]
mod ledger;
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/process.rs")]
mod process;
#[cfg(target_os = "linux")]
mod split;
#[cfg(target_os = "linux")]
mod tree;

pub use build::Build;
pub use counters::Counters;
pub use family::adopt_orphans;
pub use machine::Machine;
pub use process::Sampler;
pub use source::Source;
pub use usage::{Counts, Met, Usage};
pub use weather::{Sky, Weather};
