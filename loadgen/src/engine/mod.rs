//! The load engine: fires a [`Plan`] at an address and measures an [`Outcome`].
//!
//! It knows no phase, no scenario and no report; `run`, `attack` and the tests share it.

mod errors;
mod outcome;
mod plan;

pub use errors::{ErrorKind, Errors};
pub use outcome::{ClientCost, Outcome};
pub use plan::{Amount, Expect, Mode, Plan};

use std::sync::atomic::{AtomicBool, AtomicU64};

/// What an attack that is under way shows to whoever watches it, and how it is told to stop.
#[derive(Debug, Default)]
pub struct Progress {
    /// Requests answered as expected so far, warm-up left out; refreshed a few times a second.
    pub ok: AtomicU64,
    /// Requests that failed so far, warm-up left out.
    pub failed: AtomicU64,
    /// Set by the watcher: end now and return what was measured.
    pub stop: AtomicBool,
}
