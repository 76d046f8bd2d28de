//! A thread's part of an open loop: which request is due next, and which connection is free for it.
//!
//! Requests that wait cost no memory: they are the numbers between the next one to send and the
//! clock. Threads take every n-th number of one schedule, so that together they keep it whatever
//! each of them is busy with.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use mio::{Interest, Registry, Token};
use server::Timers;

use super::in_flight::Start;
use super::part::Turn;
use super::plan::Amount;
use super::schedule::{Rate, Schedule};
use super::shared::ns;
use super::waiting::{Own, Waiting};

/// The most that the alarm rings early, to make up for the time that waking up takes.
const LEAD_NS_MAX: u64 = 50_000;
/// The share of the time between two requests that may be spent awake, waiting for the second.
const LEAD_SHARE: u64 = 4;
/// An answer that comes within this long, as a rule, is awaited with open eyes: going to sleep and being woken
/// up would be the larger part of what is measured. Also how long it is awaited so at most.
const ANSWER_NS_MAX: u64 = 100_000;
/// One over the weight of the newest waking, or answer, in the estimate.
const WAKINGS: u64 = 16;

/// How late requests were sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lag {
    /// The worst in each half of the schedule's time.
    pub(super) max_ns_by_half: [u64; 2],
    /// The worst that was not the wait for a free connection, so that only the client can be blamed.
    pub(super) own_max_ns: u64,
}

/// A request to be sent now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    /// The connection that has been free for longest.
    pub(super) connection: usize,
    pub(super) start: Start,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Pacer {
    rate: Rate,
    part: Own,
    /// The warm-up is over.
    counting: bool,
    /// When the schedule began, and when half of its time is over.
    from_ns: u64,
    half_ns: u64,
    /// The next number of this thread, and when it is due.
    next: u64,
    next_ns: u64,
    connections: usize,
    /// Free connections and since when, the one that has been for longest first.
    free: VecDeque<(usize, u64)>,
    pub(super) lag: Lag,
    alarm: Timers<()>,
    /// When it rings for the next request.
    alarm_ns: Option<u64>,
    /// How long it takes from there until the thread is awake, as a rule.
    waking_ns: u64,
    /// When the last request was sent.
    sent_ns: u64,
    /// How long an answer takes from there, as a rule.
    answering_ns: u64,
}

impl Pacer {
    /// For a thread that takes its `turn` of a schedule at `rate`, and its `connections`. It begins with the warm-up.
    pub(super) fn new(
        rate: Rate,
        Turn { first, step }: Turn,
        connections: usize,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let mut alarm = Timers::new()?;
        registry.register(&mut alarm, token, Interest::READABLE)?;
        let mut pacer = Self {
            rate,
            part: Own { schedule: Schedule::constant(rate.from_per_sec), total: u64::MAX, first, step },
            counting: false,
            from_ns: 0,
            half_ns: u64::MAX,
            next: 0,
            next_ns: 0,
            connections,
            free: (0..connections).map(|connection| (connection, 0)).collect(),
            lag: Lag::default(),
            alarm,
            alarm_ns: None,
            waking_ns: 0,
            sent_ns: 0,
            answering_ns: 0,
        };
        pacer.go_to(pacer.part.first);
        Ok(pacer)
    }

    /// Begins the warm-up's schedule.
    pub(super) fn warm_up(&mut self, from_ns: u64) {
        self.from_ns = from_ns;
        self.go_to(self.part.first);
    }

    /// Begins the schedule that is counted, of `amount` over all threads and processes. What the warm-up had still to send is forgotten.
    pub(super) fn begin(&mut self, from_ns: u64, amount: Amount) {
        (self.part.schedule, self.part.total) = match amount {
            Amount::Time(window) => {
                let schedule = Schedule::new(self.rate, window);
                (schedule, schedule.count(window))
            }
            Amount::Requests(requests) => (Schedule::constant(self.rate.from_per_sec), requests),
        };
        (self.counting, self.from_ns) = (true, from_ns);
        self.half_ns = from_ns.saturating_add(ns(self.scheduled(amount) / 2));
        self.lag = Lag::default();
        self.go_to(self.part.first);
    }

    fn go_to(&mut self, next: u64) {
        self.next = next;
        self.next_ns = if next < self.part.total {
            self.from_ns.saturating_add(self.part.schedule.due_ns(next))
        } else {
            u64::MAX
        };
    }

    /// `connection` can take a request.
    pub(super) fn is_free(&mut self, connection: usize, now_ns: u64) {
        self.free.push_back((connection, now_ns));
    }

    /// Takes the next request that is due and has a connection to go out on.
    pub(super) fn take(&mut self, now_ns: u64) -> Option<Due> {
        let intended_ns = self.next_ns;
        if intended_ns > now_ns {
            return None;
        }
        let (connection, free_since_ns) = self.free.pop_front()?;
        self.note_lag(now_ns, Some(free_since_ns));
        self.go_to(self.next + self.part.step);
        self.sent_ns = now_ns;
        let start = Start { started_ns: intended_ns, sent_ns: now_ns, of_warmup: !self.counting };
        Some(Due { connection, start })
    }

    /// The run ends. What was due and is not sent by then is as late as that, at the least.
    pub(super) fn end(&mut self, end_ns: u64) {
        if self.next_ns < end_ns {
            self.note_lag(end_ns, self.free.front().map(|&(_, since_ns)| since_ns));
        }
    }

    /// The next request is late by now; a connection has been free for it since then, if one is.
    fn note_lag(&mut self, now_ns: u64, free_since_ns: Option<u64>) {
        // By the clock: of a schedule that is lost it is the numbers of the second half that are never sent.
        let half = usize::from(now_ns >= self.half_ns);
        let late = now_ns - self.next_ns;
        self.lag.max_ns_by_half[half] = self.lag.max_ns_by_half[half].max(late);
        if let Some(since_ns) = free_since_ns {
            let own = now_ns.saturating_sub(self.next_ns.max(since_ns));
            self.lag.own_max_ns = self.lag.own_max_ns.max(own);
        }
    }

    /// How long the poll may wait, `limit` at most. `began` is when nanosecond 0 was.
    pub(super) fn poll_timeout(
        &mut self,
        limit: Duration,
        began: Instant,
        now_ns: u64,
    ) -> io::Result<Duration> {
        if self.is_about_to_be_answered(now_ns) {
            return Ok(Duration::ZERO);
        }
        // Without a free connection there is nothing to wake up for but events.
        if self.free.is_empty() || self.next_ns == u64::MAX {
            return Ok(limit);
        }
        // Ringing early and waiting for the rest with open eyes: a poll without a timeout is a moment, while
        // waking up takes as long as a fast server takes for its answer.
        let Own { schedule, step, .. } = self.part;
        let gap_ns = schedule.due_ns(self.next + step) - schedule.due_ns(self.next);
        let ring_ns = self.next_ns - self.waking_ns.min(gap_ns / LEAD_SHARE).min(self.next_ns);
        if self.alarm_ns != Some(ring_ns) {
            let ring = began + Duration::from_nanos(ring_ns);
            while self.alarm.pop_due(ring).is_some() {}
            self.alarm.schedule(ring, ());
            self.alarm_ns = Some(ring_ns);
        }
        Ok(self.alarm.poll_timeout(Some(limit))?.unwrap_or(limit))
    }

    fn is_about_to_be_answered(&self, now_ns: u64) -> bool {
        let in_flight = self.free.len() < self.connections;
        in_flight && self.answering_ns <= ANSWER_NS_MAX && now_ns.saturating_sub(self.sent_ns) < ANSWER_NS_MAX
    }

    /// A request was answered that long after it had been sent.
    pub(super) fn answered(&mut self, after_ns: u64) {
        // One that took very long is to be forgotten again.
        self.answering_ns += after_ns.min(ANSWER_NS_MAX * 4) / WAKINGS;
        self.answering_ns -= self.answering_ns / WAKINGS;
    }

    /// The alarm has woken the thread up.
    pub(super) fn rang(&mut self, now_ns: u64) {
        let Some(ring_ns) = self.alarm_ns else { return };
        // A thread that something kept off its CPU says nothing about waking up.
        if let Some(took_ns) = now_ns.checked_sub(ring_ns).filter(|&took| took <= LEAD_NS_MAX * 2) {
            self.waking_ns += took_ns / WAKINGS;
            self.waking_ns = (self.waking_ns - self.waking_ns / WAKINGS).min(LEAD_NS_MAX);
        }
    }

    /// How many of this thread's requests have been sent.
    pub(super) fn sent(&self) -> u64 {
        (self.next - self.part.first) / self.part.step
    }

    /// How many of this thread's requests were due within `elapsed` of the schedule's beginning.
    pub(super) fn due(&self, elapsed: Duration) -> u64 {
        // Where the run ends early, it does so a moment after the reading that sent the last request.
        self.part.due(elapsed).max(self.sent())
    }

    /// What is left without an answer `elapsed` after the schedule's beginning: what is still to be sent, and
    /// the requests in flight, which had begun when `started_ns` says.
    pub(super) fn waiting(&self, elapsed: Duration, started_ns: impl Iterator<Item = u64>) -> Waiting {
        let end_ns = self.from_ns.saturating_add(ns(elapsed));
        let in_flight_ns = started_ns.map(|started_ns| end_ns.saturating_sub(started_ns)).collect();
        Waiting { part: self.part, elapsed, sent: self.sent(), in_flight_ns }
    }

    /// How long the schedule is altogether.
    pub(super) fn scheduled(&self, amount: Amount) -> Duration {
        match amount {
            Amount::Time(window) => window,
            Amount::Requests(requests) => Duration::from_nanos(self.part.schedule.due_ns(requests)),
        }
    }

    /// Whether a request belongs to the schedule that is under way.
    pub(super) fn counts(&self, start: Start) -> bool {
        !(self.counting && start.of_warmup)
    }
}

/// The requests that a warm-up of that length makes due, over all threads and processes.
pub(super) fn due_in_warmup(rate: Rate, warmup: Duration) -> u64 {
    Schedule::constant(rate.from_per_sec).count(warmup)
}

#[cfg(test)]
#[path = "pacer_tests.rs"]
mod tests;
