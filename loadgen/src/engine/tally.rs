//! What one thread counts, in memory that is allocated once.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::errors::{ErrorKind, Errors};
use super::evidence::Failure;
use super::in_flight::Start;

/// The longest time a histogram tells apart; longer ones count as this long.
pub(super) const RECORDED_NS_MAX: u64 = 3_600 * 1_000_000_000;
/// Significant decimal digits of a recorded time.
pub(super) const SIGNIFICANT_DIGITS: u8 = 3;
/// The same of what is only looked at beside it: an eighth of the memory, and within 1 %.
pub(super) const COARSE_DIGITS: u8 = 2;
/// Failures kept readable.
pub(super) const SAMPLES_MAX: usize = 5;
/// Failures looked at for those, so that a flood of them costs nothing.
const SAMPLED_MAX: usize = 100;
/// One more than the largest status.
const STATUS_END: usize = 1_000;

/// A histogram of times that never grows.
pub(super) fn histogram() -> Histogram<u64> {
    with_digits(SIGNIFICANT_DIGITS)
}

/// The same for times to connect and to the first byte.
pub(super) fn coarse_histogram() -> Histogram<u64> {
    with_digits(COARSE_DIGITS)
}

fn with_digits(digits: u8) -> Histogram<u64> {
    Histogram::new_with_bounds(1, RECORDED_NS_MAX, digits)
        .expect("the bounds are constants that the histogram accepts")
}

/// A request that came to its end, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    pub(super) start: Start,
    pub(super) first_byte_ns: u64,
    pub(super) last_byte_ns: u64,
    pub(super) status: u16,
    /// Why the response was not as expected; `None` counts as answered.
    pub(super) failure: Option<ErrorKind>,
}

/// The counts and histograms of one thread.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) ok: u64,
    pub(super) errors: Errors,
    statuses: Box<[u64; STATUS_END]>,
    pub(super) bytes_read: u64,
    pub(super) latency_ns: Histogram<u64>,
    /// From the moment of sending, where that is not the same.
    pub(super) service_ns: Option<Histogram<u64>>,
    pub(super) connect_ns: Histogram<u64>,
    pub(super) first_byte_ns: Histogram<u64>,
    pub(super) failures: Vec<Failure>,
    /// Failures that were looked at for that.
    sampled: usize,
    pub(super) connections_opened: u64,
    pub(super) closed_by_client: u64,
    pub(super) reset_after_answer: u64,
    pub(super) retried: u64,
    pub(super) resets_sent: u64,
    /// When the last event that was counted took place.
    pub(super) last_counted_ns: u64,
}

impl Tally {
    /// All zero; with times of service beside the latencies if `paced`.
    pub(super) fn new(paced: bool) -> Self {
        Self {
            ok: 0,
            errors: Errors::default(),
            statuses: Box::new([0; STATUS_END]),
            bytes_read: 0,
            latency_ns: histogram(),
            service_ns: paced.then(histogram),
            connect_ns: coarse_histogram(),
            first_byte_ns: coarse_histogram(),
            failures: Vec::new(),
            sampled: 0,
            connections_opened: 0,
            closed_by_client: 0,
            reset_after_answer: 0,
            retried: 0,
            resets_sent: 0,
            last_counted_ns: 0,
        }
    }

    /// Forgets the warm-up, all but the times to connect where `keep_connects`.
    pub(super) fn reset(&mut self, keep_connects: bool) {
        let fresh_connects = if keep_connects { self.connect_ns.clone() } else { coarse_histogram() };
        *self = Self { connect_ns: fresh_connects, ..Self::new(self.service_ns.is_some()) };
    }

    /// Counts a request whose response came to its end.
    pub(super) fn finish(&mut self, done: &Done) {
        self.last_counted_ns = self.last_counted_ns.max(done.last_byte_ns);
        if let Some(count) = self.statuses.get_mut(usize::from(done.status)) {
            *count += 1;
        }
        if let Some(kind) = done.failure {
            self.errors.add(kind);
            return;
        }
        self.ok += 1;
        record(&mut self.latency_ns, done.start.started_ns, done.last_byte_ns);
        record(&mut self.first_byte_ns, done.start.started_ns, done.first_byte_ns);
        if let Some(service_ns) = &mut self.service_ns {
            record(service_ns, done.start.sent_ns, done.last_byte_ns);
        }
    }

    /// Counts a request that got no whole response.
    pub(super) fn fail(&mut self, kind: ErrorKind, now_ns: u64) {
        self.last_counted_ns = self.last_counted_ns.max(now_ns);
        self.errors.add(kind);
    }

    /// Counts a connection that was established.
    pub(super) fn connected(&mut self, started_ns: u64, now_ns: u64) {
        self.connections_opened += 1;
        record(&mut self.connect_ns, started_ns, now_ns);
    }

    /// There is room for one more failure.
    pub(super) fn takes_samples(&self) -> bool {
        self.sampled < SAMPLED_MAX && self.failures.len() < SAMPLES_MAX
    }

    /// Keeps a failure readable, if it is one of the first and not the same again.
    pub(super) fn sample(&mut self, failure: impl FnOnce() -> Failure) {
        if !self.takes_samples() {
            return;
        }
        self.sampled += 1;
        let failure = failure();
        if !self.failures.iter().any(|known| failure.repeats(known)) {
            self.failures.push(failure);
        }
    }

    /// The statuses that came, with their counts.
    pub(super) fn statuses(&self) -> BTreeMap<u16, u64> {
        (0..).zip(self.statuses.iter()).filter(|&(_, &count)| count > 0).map(|(s, &c)| (s, c)).collect()
    }
}

/// Adds one histogram of this module's to another, without loss.
pub(super) fn add(whole: &mut Histogram<u64>, part: &Histogram<u64>) {
    whole.add(part).expect("all histograms have the same bounds");
}

/// The first few failures of several threads that say something new.
pub(super) fn first_of_each(mut failures: Vec<Failure>) -> Vec<Failure> {
    failures.sort_by_key(|failure| failure.after);
    let mut first: Vec<Failure> = Vec::new();
    for failure in failures {
        if first.len() < SAMPLES_MAX && !first.iter().any(|known| failure.repeats(known)) {
            first.push(failure);
        }
    }
    first
}

fn record(histogram: &mut Histogram<u64>, from_ns: u64, to_ns: u64) {
    histogram.saturating_record(to_ns.saturating_sub(from_ns).max(1));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_same_failure_of_several_threads_is_shown_once_whatever_came_between() {
        let failure = |after_ms, what: &str| Failure {
            kind: ErrorKind::Status,
            what: what.to_owned(),
            connection: 1,
            request: 1,
            local: None,
            after: Duration::from_millis(after_ms),
            received: Vec::new(),
            received_bytes: 0,
        };
        let threads = [(1, "a"), (3, "b"), (2, "b"), (4, "a"), (5, "c"), (6, "d"), (7, "e"), (8, "f")];
        let shown = first_of_each(threads.map(|(after_ms, what)| failure(after_ms, what)).to_vec());
        let shown: Vec<_> =
            shown.iter().map(|failure| (failure.after.as_millis(), failure.what.as_str())).collect();
        assert_eq!(shown, [(1, "a"), (2, "b"), (5, "c"), (6, "d"), (7, "e")]);
    }
}
