//! What one thread has told the watcher: at each mark, all that it has counted since the one before.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::interval::{Intervals, MARK, Part};
use super::shared::ns;
use super::tally::{Tally, histogram};

/// See the module.
#[derive(Debug)]
pub(super) struct Told {
    thread: usize,
    threads: usize,
    /// When counting began, if it has.
    from_ns: Option<u64>,
    /// How far it has told, from there.
    until_ns: u64,
    ok: u64,
    failed: u64,
    latency_ns: Histogram<u64>,
    /// Latencies that are new, and how often; empty in between.
    news: Vec<(u64, u64)>,
}

impl Told {
    /// Nothing, by that one of so many threads.
    pub(super) fn new(thread: usize, threads: usize) -> Self {
        let latency_ns = histogram();
        Self { thread, threads, from_ns: None, until_ns: 0, ok: 0, failed: 0, latency_ns, news: Vec::new() }
    }

    /// Counting begins.
    pub(super) fn begin(&mut self, from_ns: u64) {
        self.from_ns = Some(from_ns);
    }

    /// When the thread has to tell next, before it counts what happens then.
    pub(super) fn mark_ns(&self) -> u64 {
        self.from_ns.map_or(u64::MAX, |from_ns| from_ns + self.until_ns + ns(MARK))
    }

    /// Tells what was counted up to the mark that `now_ns` is at or beyond.
    pub(super) fn pass(&mut self, intervals: &Intervals, tally: &Tally, now_ns: u64) {
        let Some(from_ns) = self.from_ns.filter(|_| now_ns >= self.mark_ns()) else { return };
        let mark_ns = self.until_ns + ns(MARK);
        let counted_ns = now_ns - from_ns;
        // A thread that slept through several marks has counted nothing between them.
        self.until_ns = counted_ns - counted_ns % ns(MARK);
        self.tell(intervals, tally, mark_ns, Some(Duration::from_nanos(self.until_ns)));
    }

    /// Tells the rest; the thread has ended at `ended_ns`.
    pub(super) fn end(&mut self, intervals: &Intervals, tally: &Tally, ended_ns: u64) {
        let Some(from_ns) = self.from_ns else {
            // What the warm-up counted is not told.
            return self.send(intervals, 0, None, [0, 0]);
        };
        let until_ns = ended_ns.saturating_sub(from_ns);
        // What was counted after a mark that was told can't have been counted before it.
        let news = tally.ok > self.ok || tally.errors.total() > self.failed;
        let until_ns = until_ns.max(self.until_ns + u64::from(news));
        self.tell(intervals, tally, until_ns, None);
    }

    fn tell(&mut self, intervals: &Intervals, tally: &Tally, until_ns: u64, passed: Option<Duration>) {
        // The other threads wait for the lock, so the long part of it comes before.
        for entry in tally.latency_ns.iter_recorded() {
            let value = entry.value_iterated_to();
            let new = entry.count_at_value() - self.latency_ns.count_at(value);
            if new > 0 {
                self.latency_ns.saturating_record_n(value, new);
                self.news.push((value, new));
            }
        }
        let (ok, failed) = (tally.ok, tally.errors.total());
        self.send(intervals, until_ns, passed, [ok - self.ok, failed - self.failed]);
        (self.ok, self.failed) = (ok, failed);
        self.news.clear();
    }

    fn send(&self, intervals: &Intervals, until_ns: u64, passed: Option<Duration>, [ok, failed]: [u64; 2]) {
        intervals.tell(&Part {
            thread: self.thread,
            threads: self.threads,
            until: Duration::from_nanos(until_ns),
            passed,
            ok,
            failed,
            latency_ns: &self.news,
        });
    }
}

#[cfg(test)]
#[path = "told_tests.rs"]
mod tests;
