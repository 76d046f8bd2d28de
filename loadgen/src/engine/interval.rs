//! What happened in each quarter of a second, latencies included, for a watcher who asks for it.
//!
//! All threads tell at the same marks of the counted time, and none counts anything across a mark. An
//! interval is given to the watcher when every thread has passed its end; then nothing of it is missing, and
//! what was counted in it, divided by its length, is the rate of all threads together.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use super::tally::histogram;

/// How far the marks are from each other. The watcher's rows begin and end at marks.
pub(super) const MARK: Duration = Duration::from_millis(250);
/// Intervals that may wait for a thread that has no CPU, or for a watcher who does not come: ten seconds of
/// them. What happens after that makes the last of them longer.
const WAITING_MAX: usize = 40;

/// A part of the counted time.
#[derive(Clone, Debug)]
pub struct Interval {
    /// How far into the counted time it reaches. It begins where the one before it ended.
    pub until: Duration,
    /// Requests answered as expected.
    pub ok: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Latencies of the answered ones, in nanoseconds.
    pub latency_ns: Histogram<u64>,
}

impl Interval {
    /// One in which nothing has happened yet.
    pub fn new() -> Self {
        Self { until: Duration::ZERO, ok: 0, failed: 0, latency_ns: histogram() }
    }

    /// Goes on with `next`.
    ///
    /// # Panics
    /// Never: all of these histograms have the same bounds.
    pub fn add(&mut self, next: &Self) {
        self.until = self.until.max(next.until);
        self.ok += next.ok;
        self.failed += next.failed;
        self.latency_ns.add(&next.latency_ns).expect("all histograms have the same bounds");
    }
}

impl Default for Interval {
    fn default() -> Self {
        Self::new()
    }
}

/// Where the threads leave what the watcher takes.
#[derive(Debug, Default)]
pub struct Intervals(Mutex<Option<Parts>>);

impl Intervals {
    /// Has the threads of the next run tell what happens. To be called before it begins.
    pub fn watch(&self) {
        self.with(|slot| *slot = Some(Parts::default()));
    }

    /// The next interval, once all threads have told their part of it: about a tenth of a second after its
    /// end while they run, and at once when they have ended.
    pub fn take(&self) -> Option<Interval> {
        self.with(|slot| slot.as_mut()?.take())
    }

    pub(super) fn is_watched(&self) -> bool {
        self.with(|slot| slot.is_some())
    }

    pub(super) fn tell(&self, part: &Part<'_>) {
        self.with(|slot| slot.iter_mut().for_each(|parts| parts.add(part)));
    }

    fn with<T>(&self, act: impl FnOnce(&mut Option<Parts>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What one thread has counted since it told last.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// Which of how many threads.
    pub(super) thread: usize,
    pub(super) threads: usize,
    /// The end of the interval that it was counted in: a mark, or the end of the thread.
    pub(super) until: Duration,
    /// The thread has counted nothing between that and here, and tells no more of it; `None` after its end.
    pub(super) passed: Option<Duration>,
    pub(super) ok: u64,
    pub(super) failed: u64,
    /// Latencies and how often each was measured.
    pub(super) latency_ns: &'a [(u64, u64)],
}

/// Intervals that some thread may still have to tell its part of.
#[derive(Debug, Default)]
struct Parts {
    /// How far each thread has told; [`Duration::MAX`] where it has ended.
    told_until: Vec<Duration>,
    /// The oldest first, each beginning where the one before it ended.
    waiting: VecDeque<Interval>,
    /// Where the first of them begins.
    taken_until: Duration,
    /// When the last thread ended, of those that have.
    ended: Duration,
}

impl Parts {
    fn add(&mut self, part: &Part<'_>) {
        self.told_until.resize(part.threads, Duration::ZERO);
        self.told_until[part.thread] = part.passed.unwrap_or(Duration::MAX);
        if part.passed.is_none() {
            self.ended = self.ended.max(part.until);
        }
        self.reach(part.passed.unwrap_or(part.until));
        let Some(interval) = self.waiting.iter_mut().find(|interval| interval.until >= part.until) else {
            return;
        };
        interval.ok += part.ok;
        interval.failed += part.failed;
        for &(value, count) in part.latency_ns {
            interval.latency_ns.saturating_record_n(value, count);
        }
    }

    /// Adds intervals, from mark to mark, as far as `until`.
    fn reach(&mut self, until: Duration) {
        let mut end = self.waiting.back().map_or(self.taken_until, |last| last.until);
        while end < until {
            end += MARK;
            if self.waiting.len() < WAITING_MAX {
                self.waiting.push_back(Interval { until: end, ..Interval::new() });
            } else if let Some(last) = self.waiting.back_mut() {
                last.until = end;
            }
        }
    }

    fn take(&mut self) -> Option<Interval> {
        let told_until = *self.told_until.iter().min()?;
        if self.waiting.front()?.until > told_until {
            return None;
        }
        let mut next = self.waiting.pop_front()?;
        if told_until == Duration::MAX {
            // The run ended in the middle of the last one.
            next.until = next.until.min(self.ended);
        }
        self.taken_until = next.until;
        Some(next)
    }
}
