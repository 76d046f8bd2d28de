//! What came back: counts and histograms of one attack, mergeable without loss.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::cohort::CohortOutcome;
use super::cpu::ClientCost;
use super::doubts::PartOutcome;
use super::errors::Errors;
use super::evidence::Failure;
use super::open_loop::OpenLoop;
use super::tally::{add, coarse_histogram, first_of_each, histogram};
use super::unasked::Unasked;
use super::written;

/// What one attack measured, the warm-up left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// From the end of the warm-up to the end of the window, or where requests were counted to the
    /// last of them.
    #[serde(with = "written::nanos", rename = "elapsed_ns")]
    pub elapsed: Duration,
    /// How long after the moment that several processes had agreed on this one was ready to fire; zero where it was
    /// ready, and where nothing was agreed on.
    #[serde(with = "written::nanos", rename = "late_ns")]
    pub late: Duration,
    /// From the moment at which the first request could be sent until counting began.
    #[serde(with = "written::nanos", rename = "warmed_up_for_ns")]
    pub warmed_up_for: Duration,
    /// Requests answered as expected.
    pub ok: u64,
    /// Requests that failed, by kind. Their sum is what failed.
    pub errors: Errors,
    /// Responses by status, the unexpected ones too.
    pub statuses: BTreeMap<u16, u64>,
    /// Bytes received, heads and bodies.
    pub bytes_read: u64,
    /// Nanoseconds from the start of a request (its connect, where it needed one) to the last
    /// byte of its response, of answered requests only.
    #[serde(with = "written::histogram")]
    pub latency_ns: Histogram<u64>,
    /// Nanoseconds from connect to connected. With keep-alive those of the warm-up are here too:
    /// it is when most of the connections are opened. Within 1 %.
    #[serde(with = "written::histogram")]
    pub connect_ns: Histogram<u64>,
    /// Nanoseconds from the start of a request to the first byte of its response. Within 1 %.
    #[serde(with = "written::histogram")]
    pub first_byte_ns: Histogram<u64>,
    /// Connections that the plan asked for.
    pub connections_asked: usize,
    /// Requests that a connection was to have unanswered.
    pub pipeline: usize,
    /// Connections that were established at the same time, at most, over all threads.
    pub connections_established: usize,
    /// What the client itself spent.
    pub client: ClientCost,
    /// The first few failures, with what was received.
    pub failures: Vec<Failure>,
    /// The same, a line each.
    pub samples: Vec<String>,
    /// The attack was stopped before it had counted all that the plan asked for.
    pub interrupted: bool,
    /// Why the attack ended early by itself: there was no server, or it died. For people to read.
    pub gave_up: Option<String>,
    /// Requests sent and not yet answered when counting ended; they are no errors.
    pub in_flight_at_end: u64,
    /// Connections established while counting, whether for the first time or again.
    pub connections_opened: u64,
    /// Responses after which the server was to close and did not, so that the client did.
    pub closed_by_client: u64,
    /// Whole responses after which the server reset the connection instead of closing it.
    pub reset_after_answer: u64,
    /// Times that a server had closed a kept connection just as a request was on its way, so that
    /// the request was sent again without counting as failed.
    pub retried: u64,
    /// Connections that the client reset after an answer, because the plan wanted that.
    pub resets_sent: u64,
    /// What came that no request had asked for.
    pub unasked: Unasked,
    /// What became of the schedule, in an open loop.
    pub open_loop: Option<OpenLoop>,
    /// What became of the cohorts, in the order of the plan. Nothing of them is in any other count.
    pub cohorts: Vec<CohortOutcome>,
    /// What each process says of itself, where this is the outcome of several; empty where it is that of one.
    #[serde(skip)]
    pub(crate) parts: Vec<PartOutcome>,
}

impl Outcome {
    /// One in which nothing has happened.
    pub(crate) fn empty() -> Self {
        Self {
            elapsed: Duration::ZERO,
            late: Duration::ZERO,
            warmed_up_for: Duration::ZERO,
            ok: 0,
            errors: Errors::default(),
            statuses: BTreeMap::new(),
            bytes_read: 0,
            latency_ns: histogram(),
            connect_ns: coarse_histogram(),
            first_byte_ns: coarse_histogram(),
            connections_asked: 0,
            pipeline: 0,
            connections_established: 0,
            client: ClientCost::NONE,
            failures: Vec::new(),
            samples: Vec::new(),
            interrupted: false,
            gave_up: None,
            in_flight_at_end: 0,
            connections_opened: 0,
            closed_by_client: 0,
            reset_after_answer: 0,
            retried: 0,
            resets_sent: 0,
            unasked: Unasked::default(),
            open_loop: None,
            cohorts: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Adds what another process measured at the same time. The counted time becomes the longer of the two; who knows
    /// when each of them counted knows better.
    pub fn merge(&mut self, other: &Self) {
        if self.parts.is_empty() {
            self.parts.push(PartOutcome::of(self));
        }
        self.parts.push(PartOutcome::of(other));
        self.elapsed = self.elapsed.max(other.elapsed);
        self.late = self.late.max(other.late);
        self.warmed_up_for = self.warmed_up_for.max(other.warmed_up_for);
        self.ok += other.ok;
        self.errors.merge(&other.errors);
        for (&status, count) in &other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.bytes_read += other.bytes_read;
        for (mine, theirs) in [
            (&mut self.latency_ns, &other.latency_ns),
            (&mut self.connect_ns, &other.connect_ns),
            (&mut self.first_byte_ns, &other.first_byte_ns),
        ] {
            add(mine, theirs);
        }
        self.connections_asked += other.connections_asked;
        self.pipeline = self.pipeline.max(other.pipeline);
        self.connections_established += other.connections_established;
        self.client.merge(&other.client);
        self.failures.extend(other.failures.iter().cloned());
        self.failures = first_of_each(mem::take(&mut self.failures));
        self.samples = self.failures.iter().map(ToString::to_string).collect();
        self.interrupted |= other.interrupted;
        if self.gave_up.is_none() {
            self.gave_up.clone_from(&other.gave_up);
        }
        self.in_flight_at_end += other.in_flight_at_end;
        self.connections_opened += other.connections_opened;
        self.closed_by_client += other.closed_by_client;
        self.reset_after_answer += other.reset_after_answer;
        self.retried += other.retried;
        self.resets_sent += other.resets_sent;
        self.unasked.merge(&other.unasked);
        match (&mut self.open_loop, &other.open_loop) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine @ None, Some(theirs)) => *mine = Some(theirs.clone()),
            (_, None) => {}
        }
        // Of some cohorts there may be too few connections for each process to hold one.
        for theirs in &other.cohorts {
            match self.cohorts.iter_mut().find(|mine| mine.kind == theirs.kind) {
                Some(mine) => mine.merge(theirs),
                None => self.cohorts.push(theirs.clone()),
            }
        }
    }

    /// What can't be in an outcome that was measured, if there is such a thing: one that was read may be broken.
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        /// More of anything than can be counted in a day.
        const COUNT_MAX: u64 = 1 << 53;
        let counts =
            [self.ok, self.failed_at_most(), self.bytes_read, self.in_flight_at_end, self.connections_opened];
        if counts.iter().chain(self.statuses.values()).any(|&count| count > COUNT_MAX) {
            return Some("a count that is too large");
        }
        (self.ok != self.latency_ns.len()).then_some("not a latency for each answer")
    }

    fn failed_at_most(&self) -> u64 {
        self.errors.iter().fold(0, |sum: u64, (_, count)| sum.saturating_add(count))
    }

    /// Requests that failed, of any kind.
    pub fn failed(&self) -> u64 {
        self.errors.total()
    }

    /// Requests answered as expected per second of the counted time; 0 where there was none.
    pub fn requests_per_sec(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { self.ok as f64 / seconds } else { 0.0 }
    }
}
