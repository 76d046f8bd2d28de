//! What every phase must survive: faults and load.
//!
//! `conformance` asks what a server does with bytes; here it is asked what it does when clients break
//! off, drip, do not read or come all at once, when it runs out of descriptors, when its handler panics,
//! and when it is told to stop in the middle of all that. A phase serves in a process of its own, so
//! that what it holds (descriptors, threads, memory) and spends is seen from outside and is its own.
//!
//! Each fault is tried on every phase to which it applies, says what must come of it, and returns the
//! figures that it saw. The tests try them in a short form; `cargo xtask soak` does that too and then
//! mixes good, bad and broken-off requests for as long as it is told, watching what the servers hold.
//!
//! # Layout
//!
//! | module | its one job |
//! |---|---|
//! | [`faults`] | the faults, a file for each kind |
//! | [`soak`] | the mix, and whether anything grows |
//! | [`Subject`] | a phase under attack, and what it holds |
//! | [`client`] | clients, good and bad |
//! | [`cli`] | the command line of `cargo xtask soak` |
//!
//! Linux only: what a process holds is read from `/proc`.
#![cfg(target_os = "linux")]

pub mod cli;
pub mod client;
pub mod faults;
pub mod figures;
mod serve;
pub mod soak;
mod subject;

pub use faults::{FAULTS, Fault};
pub use loadgen::lab::Way as Phase;
pub use subject::{Setting, Size, Subject};

/// A server did not do what it must, or could not be asked; for people to read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    /// One with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Fails with a message unless something holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        let holds: bool = $condition;
        if !holds {
            return Err($crate::Failure::new(format!($($message)+)));
        }
    };
}
pub(crate) use ensure;
