//! Ctrl-C: whoever waits for a process looks here, ends it, and returns.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// The exit code of a job that was interrupted.
const EXIT_CODE: u8 = 130;

static REQUESTS: AtomicU32 = AtomicU32::new(0);

/// Does a job that SIGINT and SIGTERM end with all that it has started. What was broken off has failed for that reason,
/// whatever it says.
///
/// # Errors
/// Those of the job, if it was not asked to end.
pub(crate) fn can_end(job: impl FnOnce() -> Result<ExitCode, String>) -> Result<ExitCode, String> {
    install()?;
    let result = job();
    if requested() {
        eprintln!("interrupted");
        return Ok(ExitCode::from(EXIT_CODE));
    }
    result
}

/// Listens for SIGINT and SIGTERM from now on.
pub(crate) fn install() -> Result<(), String> {
    let note = || {
        REQUESTS.fetch_add(1, Relaxed);
    };
    ctrlc::set_handler(note).map_err(|error| format!("can't wait for signals: {error}"))
}

/// Whether the job was asked to end.
pub(crate) fn requested() -> bool {
    requests() > 0
}

/// How many times it was.
pub(crate) fn requests() -> u32 {
    REQUESTS.load(Relaxed)
}

/// An error if the job was asked to end.
pub(crate) fn check() -> Result<(), String> {
    if requested() { Err("interrupted".to_owned()) } else { Ok(()) }
}
