//! What a connection needs of the thread it lives on.

use std::time::Duration;

use mio::{Registry, Token};

use super::budget::Budget;
use super::connection::Phase;
use super::dial::Dialer;
use super::errors::ErrorKind;
use super::evidence::{self, Failure};
use super::in_flight::Start;
use super::pacer::Pacer;
use super::plan::{Expect, Mode, Pace, Plan};
use super::response::Answer;
use super::shared::{Shared, ns};
use super::tally::{Done, Tally};
use super::told::Told;
use super::unasked::Unasked;
use super::worker::Share;

/// Bytes taken from a socket at once.
const READ_BYTES: usize = 64 * 1024;
/// Bytes that one write of pipelined requests carries at most, unless a single request is longer.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// How long a server that is to close may take before the client does.
const SERVER_CLOSE_WAIT: Duration = Duration::from_millis(500);

/// How requests begin whose repetition does no harm.
const IDEMPOTENT: [&[u8]; 6] = [b"GET ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"TRACE "];

/// Everything of a thread but its connections.
pub(super) struct Context<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) plan: &'a Plan,
    pub(super) registry: Registry,
    pub(super) dialer: Dialer,
    /// The request, several times over where requests are pipelined. Never empty.
    pub(super) wire: Vec<u8>,
    /// Whether sending it twice does no more than sending it once (RFC 9110, section 9.2.2).
    pub(super) is_idempotent: bool,
    /// What every connection of the thread reads into; nothing stays in it.
    pub(super) buffer: Vec<u8>,
    pub(super) tally: Tally,
    pub(super) budget: Budget,
    /// Says what is sent when, in an open loop.
    pub(super) pacer: Option<Pacer>,
    /// The last reading of the clock.
    pub(super) now_ns: u64,
    /// When counting ends; `u64::MAX` while that is not known.
    pub(super) end_ns: u64,
    /// When there is next something to do before anything is counted: to tell the watcher, or to end. Never
    /// after `end_ns`, so that a completion before it is counted without another look.
    pub(super) mark_ns: u64,
    /// What the watcher knows, where there is one.
    pub(super) told: Option<Told>,
    /// Streams that are listened to after their work is done.
    pub(super) partings: usize,
    /// The next connection that the client closes is one of them.
    pub(super) listens_to_next: bool,
    pub(super) unasked: Unasked,
    /// Connections of the thread, each with a token of its own.
    connections: usize,
    /// Completions that came after the end, which makes them requests in flight at the end.
    pub(super) late: u64,
    /// When those of an open loop had begun, of which each connection has one at most.
    pub(super) late_started_ns: Vec<u64>,
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
            dialer: Dialer::new(plan, share.index),
            wire: plan.request.repeat(repeats),
            is_idempotent: IDEMPOTENT.iter().any(|method| plan.request.starts_with(method)),
            buffer: vec![0; READ_BYTES],
            tally: Tally::new(plan.pace != Pace::Closed),
            budget: Budget::unlimited(),
            pacer: None,
            now_ns: shared.now_ns(),
            end_ns: u64::MAX,
            mark_ns: u64::MAX,
            told: shared.progress.intervals.is_watched().then(|| Told::new(share.index, plan.threads)),
            partings: 0,
            listens_to_next: true,
            unasked: Unasked::default(),
            connections: share.connections,
            late: 0,
            late_started_ns: Vec::new(),
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

    /// Requests that a connection may still send which has sent so many.
    pub(super) fn left_on_connection(&self, sent: u64) -> usize {
        let left = self.plan.requests_per_connection.map_or(u64::MAX, |most| most.saturating_sub(sent));
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// The token of the stream that a connection had before.
    pub(super) fn parting_token(&self, Token(connection): Token) -> Token {
        Token(self.connections + connection)
    }

    /// How long a server that is to close is waited for. With a short timeout it is less, so that the
    /// connection is not kept from its next request for longer than that.
    pub(super) fn close_wait_ns(&self) -> u64 {
        ns(SERVER_CLOSE_WAIT.min(self.plan.timeout / 2))
    }

    /// Reads the clock.
    pub(super) fn tick(&mut self) -> u64 {
        self.now_ns = self.shared.now_ns();
        self.now_ns
    }

    /// Takes leave to send up to `wanted` requests now.
    pub(super) fn claim(&mut self, wanted: usize, now_ns: u64) -> usize {
        if now_ns >= self.end_ns { 0 } else { self.budget.take(wanted) }
    }

    /// What a connection does that has been closed: it is opened again, or in an open loop when a request
    /// is due.
    pub(super) fn when_closed(&self) -> Phase {
        if self.pacer.is_some() { Phase::Idle } else { Phase::Due }
    }

    /// Counts a response that came to its end, if it did so in time.
    pub(super) fn finish(&mut self, done: &Done) {
        if let Some(pacer) = &mut self.pacer {
            pacer.answered(done.last_byte_ns.saturating_sub(done.start.sent_ns));
        }
        if self.counts(done.start, done.last_byte_ns) {
            self.tally.finish(done);
        }
    }

    /// Counts a request that failed, if it did so in time.
    pub(super) fn fail(
        &mut self,
        kind: ErrorKind,
        start: Start,
        now_ns: u64,
        failure: impl FnOnce() -> Failure,
    ) {
        if self.counts(start, now_ns) {
            self.tally.fail(kind, now_ns);
            self.tally.sample(failure);
        }
    }

    fn counts(&mut self, start: Start, now_ns: u64) -> bool {
        // In an open loop what the warm-up made due is no part of the schedule that is accounted for.
        if self.pacer.as_ref().is_some_and(|pacer| !pacer.counts(start)) {
            return false;
        }
        let counts = (now_ns < self.mark_ns || self.is_in_time(now_ns)) && self.budget.count_one();
        if !counts {
            self.late += 1;
            self.late_started_ns.extend(self.pacer.as_ref().map(|_| start.started_ns));
        }
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

pub(super) fn depth(mode: Mode) -> usize {
    match mode {
        Mode::Close => 1,
        Mode::KeepAlive { pipeline } => pipeline,
    }
}
