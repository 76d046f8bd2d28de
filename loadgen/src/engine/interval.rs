//! What happened since the watcher last asked, latencies included.
//!
//! Threads tell it a few times a second, from what they count anyway: a request costs nothing more,
//! and where nobody watches neither does a thread.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use super::tally::{Tally, histogram};

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
pub struct Intervals(Mutex<Option<Interval>>);

impl Intervals {
    /// Has the threads tell what happens from now on.
    pub fn watch(&self) {
        self.with(|slot| *slot = Some(Interval::new()));
    }

    /// What has happened since the last time, as far as the threads have told: up to a quarter of a
    /// second may be missing while they run, and nothing once they have ended. `None` without news.
    pub fn take(&self) -> Option<Interval> {
        self.with(|slot| {
            let news = slot.as_ref().is_some_and(|interval| !interval.until.is_zero());
            if news { slot.replace(Interval::new()) } else { None }
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Option<Interval>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What one thread has told so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    ok: u64,
    failed: u64,
    latency_ns: Option<Histogram<u64>>,
}

impl Told {
    /// Tells what has been counted since the last time, up to `until`.
    pub(super) fn tell(&mut self, intervals: &Intervals, tally: &Tally, until: Duration) {
        intervals.with(|slot| {
            let Some(interval) = slot else { return };
            interval.until = interval.until.max(until);
            interval.ok += tally.ok - std::mem::replace(&mut self.ok, tally.ok);
            let failed = tally.errors.total();
            interval.failed += failed - std::mem::replace(&mut self.failed, failed);
            let told = self.latency_ns.get_or_insert_with(histogram);
            for entry in tally.latency_ns.iter_recorded() {
                let value = entry.value_iterated_to();
                let new = entry.count_at_value() - told.count_at(value);
                if new > 0 {
                    told.saturating_record_n(value, new);
                    interval.latency_ns.saturating_record_n(value, new);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::in_flight::Start;
    use crate::engine::tally::Done;

    fn answered(tally: &mut Tally, latency_ns: u64) {
        let done = Done {
            start: Start::now(0),
            first_byte_ns: 1,
            last_byte_ns: latency_ns,
            status: 200,
            failure: None,
        };
        tally.finish(&done);
    }

    #[test]
    fn each_answer_is_told_once() {
        let (intervals, mut tally, mut told) = (Intervals::default(), Tally::new(false), Told::default());
        let mut tell = |tally: &Tally, ms| told.tell(&intervals, tally, Duration::from_millis(ms));
        answered(&mut tally, 1_000);
        tell(&tally, 1);
        assert!(intervals.take().is_none(), "nobody watches");
        intervals.watch();
        assert!(intervals.take().is_none(), "nothing is new");
        tell(&tally, 2);
        answered(&mut tally, 1_000);
        answered(&mut tally, 123_456_789);
        tell(&tally, 3);
        let first = intervals.take().unwrap();
        assert_eq!((first.ok, first.latency_ns.len(), first.until), (3, 3, Duration::from_millis(3)));
        assert_eq!(first.latency_ns, tally.latency_ns);
        answered(&mut tally, 5);
        tell(&tally, 4);
        let second = intervals.take().unwrap();
        assert_eq!((second.ok, second.latency_ns.len(), second.latency_ns.max()), (1, 1, 5));
    }
}
