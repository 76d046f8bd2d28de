//! What a server must do with bytes, shown from outside.
//!
//! A case is raw bytes and the outcomes that are allowed: which answers, in which order, and what then
//! becomes of the connection. The suite has at least one for each of the lab's thirty rules of RFC 9110
//! and RFC 9112. It plays each on a fresh connection: in one piece, byte by byte, and split in two
//! wherever it can be, because TCP keeps no boundaries and a parser that relies on them has a hole.
//!
//! It knows nothing of the server but an address and a [`Profile`], shares no code with any, and reads
//! the answers with a [`reader`] of its own that forgives nothing.
//!
//! [`assert_conforms`] is for tests, [`run_all`] for a report. A case that gets neither an answer nor a
//! close within its limit has failed; one about something that the server does not offer is reported as
//! that, and never as passed.

pub mod case;
pub mod cases;
pub mod delivery;
pub mod escape;
mod exchange;
pub mod expect;
mod judge;
mod profile;
pub mod reader;
mod report;
mod run;

use std::fmt::Write as _;
use std::net::SocketAddr;

pub use case::{Case, Kind, Need, Step};
pub use profile::{ANSWER_LIMIT, Limits, PATIENT_LAB_FLAGS, Profile};
pub use report::{Counts, Report, Row};
pub use run::{Failure, Verdict, run, run_all, run_these};

/// Runs every case against the server at `addr`.
///
/// # Panics
///
/// If a case fails; the message holds what each sent, expected and received.
pub fn assert_conforms(addr: SocketAddr, profile: &Profile) {
    let report = run_all(addr, profile);
    if report.conforms() {
        return;
    }
    let mut message = String::new();
    for row in report.failures() {
        writeln!(message, "{row}").expect("a String takes every write");
    }
    let Counts { passed, tolerated, failed, not_offered } = report.counts();
    panic!(
        "{message}{} does not conform: {failed} cases failed ({passed} passed, {tolerated} tolerated, \
         {not_offered} not offered)",
        profile.name
    );
}
