//! What a connection needs of the thread it lives on.

use mio::Registry;

use super::budget::Budget;
use super::errors::ErrorKind;
use super::evidence::{self, Failure};
use super::plan::{Expect, Mode, Plan};
use super::response::Answer;
use super::shared::Shared;
use super::tally::{Done, Tally};
use super::worker::Share;

/// Bytes taken from a socket at once.
const READ_BYTES: usize = 64 * 1024;
/// Bytes that one write of pipelined requests carries at most, unless a single request is longer.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// How requests begin whose repetition does no harm.
const IDEMPOTENT: [&[u8]; 6] = [b"GET ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"TRACE "];

/// Everything of a thread but its connections.
pub(super) struct Context<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) plan: &'a Plan,
    pub(super) registry: Registry,
    /// The request, several times over where requests are pipelined. Never empty.
    pub(super) wire: Vec<u8>,
    /// Whether sending it twice does no more than sending it once (RFC 9110, section 9.2.2).
    pub(super) is_idempotent: bool,
    /// What every connection of the thread reads into; nothing stays in it.
    pub(super) buffer: Vec<u8>,
    pub(super) tally: Tally,
    pub(super) budget: Budget,
    /// When counting ends; `u64::MAX` while that is not known.
    pub(super) end_ns: u64,
    /// Completions that came after the end, which makes them requests in flight at the end.
    pub(super) late: u64,
    /// When the server last gave a sign of life: a connection made, a byte received; 0 is never.
    pub(super) alive_ns: u64,
    /// Why connecting failed, while no connection has been made since.
    pub(super) connect_failure: Option<String>,
    /// The number of the thread's first connection, from 0.
    pub(super) first_connection: usize,
    /// Bytes of a response in pieces that a connection keeps, to show them if it fails.
    pub(super) kept_bytes_max: usize,
}

impl<'a> Context<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, registry: Registry, share: &Share) -> Self {
        let plan = shared.plan;
        let repeats = depth(plan.mode).min((WRITE_BYTES_MAX / plan.request.len()).max(1));
        Self {
            shared,
            plan,
            registry,
            wire: plan.request.repeat(repeats),
            is_idempotent: IDEMPOTENT.iter().any(|method| plan.request.starts_with(method)),
            buffer: vec![0; READ_BYTES],
            tally: Tally::new(),
            budget: Budget::unlimited(),
            end_ns: u64::MAX,
            late: 0,
            alive_ns: 0,
            connect_failure: None,
            first_connection: share.first_connection,
            kept_bytes_max: evidence::kept_bytes_max(share.connections),
        }
    }

    /// Requests that a connection may have unanswered.
    pub(super) fn depth(&self) -> usize {
        depth(self.plan.mode)
    }

    /// Takes leave to send up to `wanted` requests now.
    pub(super) fn claim(&mut self, wanted: usize, now_ns: u64) -> usize {
        if now_ns >= self.end_ns { 0 } else { self.budget.take(wanted) }
    }

    /// Counts a response that came to its end, if it did so in time.
    pub(super) fn finish(&mut self, done: &Done) {
        if self.counts(done.last_byte_ns) {
            self.tally.finish(done);
        }
    }

    /// Counts a request that failed, if it did so in time.
    pub(super) fn fail(&mut self, kind: ErrorKind, now_ns: u64, failure: impl FnOnce() -> Failure) {
        if self.counts(now_ns) {
            self.tally.fail(kind, now_ns);
            self.tally.sample(failure);
        }
    }

    fn counts(&mut self, now_ns: u64) -> bool {
        let counts = now_ns < self.end_ns && self.budget.count_one();
        self.late += u64::from(!counts);
        counts
    }

    /// A connection was made or a byte received.
    pub(super) fn alive(&mut self, now_ns: u64) {
        self.alive_ns = now_ns.max(1);
    }

    /// Compares a response with what was expected.
    pub(super) fn judge(&self, answer: &Answer) -> Option<ErrorKind> {
        let status_fits = match self.plan.expect.status {
            Some(expected) => answer.status == expected,
            None => (200..400).contains(&answer.status),
        };
        match (status_fits, answer.differs_at) {
            (false, _) => Some(ErrorKind::Status),
            (true, Some(_)) => Some(ErrorKind::WrongBody),
            (true, None) => None,
        }
    }

    /// What was expected of a response that was judged to be wrong, and what came.
    pub(super) fn explain(&self, answer: &Answer) -> String {
        let Expect { status, body } = &self.plan.expect;
        if let (Some(at), Some(wanted)) = (answer.differs_at, body)
            && self.judge(answer) == Some(ErrorKind::WrongBody)
        {
            let (got, wanted) = (answer.body_bytes, wanted.len());
            return format!("{got} bytes that differ from the {wanted} expected, from byte {at} on");
        }
        let wanted = status.map_or_else(|| "200 to 399".to_owned(), |status| status.to_string());
        format!("{} where {wanted} was expected", answer.status)
    }
}

fn depth(mode: Mode) -> usize {
    match mode {
        Mode::Close => 1,
        Mode::KeepAlive { pipeline } => pipeline,
    }
}
