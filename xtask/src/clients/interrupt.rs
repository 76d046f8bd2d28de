//! Ctrl-C: whoever waits for a process looks here, ends it, and returns.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The exit code of a job that was interrupted.
pub(crate) const EXIT_CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Listens for SIGINT and SIGTERM from now on.
pub(crate) fn install() -> Result<(), String> {
    ctrlc::set_handler(|| REQUESTED.store(true, Relaxed))
        .map_err(|error| format!("can't wait for signals: {error}"))
}

/// Whether the job was asked to end.
pub(crate) fn requested() -> bool {
    REQUESTED.load(Relaxed)
}

/// An error if the job was asked to end.
pub(crate) fn check() -> Result<(), String> {
    if requested() { Err("interrupted".to_owned()) } else { Ok(()) }
}
