//! The requests of a schedule that a run's end left without an answer, and for how long they had waited.

use std::time::Duration;

use super::schedule::Schedule;

/// What one thread sends of a schedule: every `step`-th number of it, from `first` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    pub(super) schedule: Schedule,
    /// Numbers of the whole schedule, over all threads and processes.
    pub(super) total: u64,
    pub(super) first: u64,
    pub(super) step: u64,
}

impl Own {
    /// How many of these requests are due before `elapsed` is over.
    pub(super) fn due(&self, elapsed: Duration) -> u64 {
        let due = self.schedule.count(elapsed).min(self.total);
        due.saturating_sub(self.first).div_ceil(self.step)
    }
}

/// What one thread had not got answered at the end.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) part: Own,
    /// From the schedule's beginning to the end of the run.
    pub(super) elapsed: Duration,
    /// How many of the part had been sent, which are the first ones.
    pub(super) sent: u64,
    /// How long ago those in flight had been due.
    pub(super) in_flight_ns: Vec<u64>,
}

impl Waiting {
    /// How many had been due for longer than `limit`.
    pub(super) fn longer_than(&self, limit: Duration) -> u64 {
        let in_flight = self.in_flight_ns.iter().filter(|&&ns| u128::from(ns) > limit.as_nanos()).count();
        let due = self.elapsed.checked_sub(limit).map_or(0, |long_ago| self.part.due(long_ago));
        in_flight as u64 + due.saturating_sub(self.sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// The second of two threads at 1,000 per second for a second: 500 requests, at 1, 3, 5 … 999 ms.
    fn waiting(sent: u64, in_flight_ns: &[u64]) -> Waiting {
        Waiting {
            part: Own { schedule: Schedule::constant(1_000.0), total: 1_000, first: 1, step: 2 },
            elapsed: Duration::from_secs(1),
            sent,
            in_flight_ns: in_flight_ns.to_vec(),
        }
    }

    #[test]
    fn what_was_never_sent_has_waited_since_it_was_due() {
        let waiting = waiting(490, &[]);
        let longer_than = |ms| waiting.longer_than(Duration::from_millis(ms));
        // The ten that are left have waited for 1, 3, 5 … 19 ms.
        assert_eq!([0, 1, 2, 3, 18, 19, 2_000].map(longer_than), [10, 9, 9, 8, 1, 0, 0]);
    }

    #[test]
    fn what_was_in_flight_has_waited_since_it_was_due_as_well() {
        let waiting = waiting(500, &[5 * MS, 5 * MS + 1, 300 * MS]);
        let longer_than = |ms| waiting.longer_than(Duration::from_millis(ms));
        assert_eq!([0, 5, 6, 300].map(longer_than), [3, 2, 1, 0]);
    }
}
