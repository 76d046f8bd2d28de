//! What an open loop tells beside the latencies: whether the schedule was kept.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::schedule::Rate;
use super::tally::{add, histogram};
use super::waiting::Waiting;
use super::written;

/// The schedule of an open loop and what became of it, the warm-up left out.
///
/// Every request that was due is accounted for: it was answered, failed, in flight at the end, or never sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenLoop {
    /// What was asked for.
    pub rate: Rate,
    /// How long the schedule was to take.
    #[serde(with = "written::nanos", rename = "scheduled_ns")]
    pub scheduled: Duration,
    /// Requests that were due before the end.
    pub due: u64,
    /// Requests that were due and had not been sent when the run ended, because no connection was free for them or
    /// because the client did not get to it.
    pub never_sent: u64,
    /// Nanoseconds from the moment of sending to the last byte. The outcome's latency begins when the
    /// request was due.
    #[serde(with = "written::histogram")]
    pub service_ns: Histogram<u64>,
    /// The longest that a request was sent after it was due, or was due and not sent when the run ended.
    #[serde(with = "written::nanos", rename = "lag_max_ns")]
    pub lag_max: Duration,
    /// The longest that the client itself kept a request back although a connection was free for it.
    #[serde(with = "written::nanos", rename = "own_lag_max_ns")]
    pub own_lag_max: Duration,
    /// Whether requests were sent ever later: in the second half of the schedule far later than in the first.
    pub lag_grew: bool,
    /// Only a search for a rate asks for it, which is over before anything is written.
    #[serde(skip)]
    pub(super) waiting: Vec<Waiting>,
}

impl OpenLoop {
    /// One in which nothing was due yet.
    pub(crate) fn empty(rate: Rate) -> Self {
        Self {
            rate,
            scheduled: Duration::ZERO,
            due: 0,
            never_sent: 0,
            service_ns: histogram(),
            lag_max: Duration::ZERO,
            own_lag_max: Duration::ZERO,
            lag_grew: false,
            waiting: Vec::new(),
        }
    }

    /// Adds another process's part of the same schedule.
    pub(super) fn merge(&mut self, other: &Self) {
        self.scheduled = self.scheduled.max(other.scheduled);
        self.due += other.due;
        self.never_sent += other.never_sent;
        add(&mut self.service_ns, &other.service_ns);
        self.lag_max = self.lag_max.max(other.lag_max);
        self.own_lag_max = self.own_lag_max.max(other.own_lag_max);
        self.lag_grew |= other.lag_grew;
        self.waiting.extend(other.waiting.iter().cloned());
    }

    /// The share of the rate that was reached: requests that were sent and did not fail, of those that
    /// were due. What is in flight at the end counts, or the answer's own time would look like a rate
    /// that was missed.
    ///
    /// Less than 1 says that the server, the connections or the client were not enough for it.
    pub fn reached(&self, outcome: &Outcome) -> f64 {
        let sent = self.due.saturating_sub(self.never_sent + outcome.failed()) as f64;
        let elapsed = outcome.elapsed.as_secs_f64();
        let due = self.due as f64;
        if due == 0.0 || elapsed == 0.0 {
            return 0.0;
        }
        // Where requests are counted all of them end some time, so there it is the time that tells.
        let overtime = self.scheduled.as_secs_f64() / elapsed;
        (sent / due * overtime.min(1.0)).min(1.0)
    }

    /// Requests that the end of the run found without an answer, in flight or not even sent, though they had
    /// been due for longer than `limit`. What would have become of them nobody knows, but that it would have
    /// taken longer than that. Younger ones are normal, and say nothing yet.
    pub fn waited_longer(&self, limit: Duration) -> u64 {
        self.waiting.iter().map(|waiting| waiting.longer_than(limit)).sum()
    }

    /// Lags of the two halves of a schedule that say that it was lost rather than disturbed.
    pub(super) fn grew(lag_max_ns_by_half: [u64; 2]) -> bool {
        /// Below this a lag is the noise of a machine that does other things too.
        const LAG_NS_MIN: u64 = 10_000_000;
        let [first, second] = lag_max_ns_by_half;
        second >= LAG_NS_MIN && second >= first + first / 2
    }
}
