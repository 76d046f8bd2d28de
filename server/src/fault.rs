//! Which fault an I/O error counts as.

use std::io::{Error, ErrorKind};

use handler::Fault;

/// The fault that `/stats` counts an error on a connection as.
pub fn fault_of(error: &Error) -> Fault {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Fault::Timeout,
        ErrorKind::UnexpectedEof
        | ErrorKind::BrokenPipe
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::NotConnected
        | ErrorKind::WriteZero => Fault::Disconnected,
        _ => Fault::Io,
    }
}
