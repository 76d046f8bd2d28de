//! What to do when `accept` fails.

use std::io::{Error, ErrorKind};
use std::time::Duration;

/// How long to leave the queue alone after a failed accept; `None`: try again at once.
///
/// Errors that belong to one connection, which went away while it queued, say nothing about the
/// next. All others, above all "too many open files", would come again at once and turn the loop
/// into a spin, so it pauses for descriptors to come back.
pub fn accept_pause(error: &Error) -> Option<Duration> {
    match error.kind() {
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted => None,
        _ => Some(Duration::from_millis(20)),
    }
}
