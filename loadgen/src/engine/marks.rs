//! When a thread tells the watcher what it has counted: at the first completion after a mark, before that is
//! counted, and at the latest with the next sweep.

use super::context::Context;
use super::told::Told;

impl Context<'_> {
    /// Counting begins, and ends at `end_ns`.
    pub(super) fn count_from(&mut self, from_ns: u64, end_ns: u64) {
        self.end_ns = end_ns;
        if let Some(told) = &mut self.told {
            told.begin(from_ns);
        }
        self.next_mark();
    }

    /// Counts no more.
    pub(super) fn count_no_more(&mut self) {
        (self.end_ns, self.mark_ns) = (0, 0);
    }

    /// Whether what completes at or after a mark still counts; what came before is told first.
    #[cold]
    pub(super) fn is_in_time(&mut self, now_ns: u64) -> bool {
        self.pass_marks(now_ns);
        now_ns < self.end_ns
    }

    /// Tells what was counted before the last mark.
    pub(super) fn pass_marks(&mut self, now_ns: u64) {
        // The end is told as one, not as a mark.
        if now_ns < self.mark_ns || self.end_ns == 0 || self.budget.is_spent() {
            return;
        }
        if let Some(told) = &mut self.told {
            told.pass(&self.shared.progress.intervals, &self.tally, now_ns.min(self.end_ns - 1));
        }
        self.next_mark();
    }

    /// Tells the rest.
    pub(super) fn tell_end(&mut self, now_ns: u64) {
        let spent = self.budget.is_spent();
        let ended_ns = if spent { self.tally.last_counted_ns } else { now_ns.min(self.end_ns) };
        if let Some(told) = &mut self.told {
            told.end(&self.shared.progress.intervals, &self.tally, ended_ns);
        }
    }

    fn next_mark(&mut self) {
        let mark_ns = self.told.as_ref().map_or(u64::MAX, Told::mark_ns);
        self.mark_ns = mark_ns.min(self.end_ns);
    }
}

#[cfg(test)]
mod tests {
    use mio::Poll;

    use super::*;
    use crate::engine::budget::Budget;
    use crate::engine::in_flight::Start;
    use crate::engine::shared::Shared;
    use crate::engine::tally::Done;
    use crate::engine::worker::Share;
    use crate::engine::{Interval, Plan, Progress};

    const MS: u64 = 1_000_000;

    /// What is told of completions at these milliseconds, with an end at 600 ms and a look at the clock at
    /// `swept_ms`.
    fn told(completions_ms: &[u64], swept_ms: u64, budget: Budget) -> Vec<(u128, u64)> {
        let (plan, progress) = (Plan::of_a_test(), Progress::default());
        progress.intervals.watch();
        let shared = Shared::new(&plan, &progress);
        let share = Share { index: 0, connections: 1, first_connection: 0, requests: 1, cpu: None };
        let registry = Poll::new().unwrap().registry().try_clone().unwrap();
        let mut cx = Context::new(&shared, registry, &share);
        cx.budget = budget;
        cx.count_from(0, 600 * MS);
        for ms in completions_ms {
            let at = ms * MS;
            let done = Done {
                start: Start::now(0),
                first_byte_ns: at,
                last_byte_ns: at,
                status: 200,
                failure: None,
            };
            cx.finish(&done);
        }
        cx.pass_marks(swept_ms * MS);
        cx.tell_end(swept_ms * MS);
        let next = || progress.intervals.take().map(|Interval { until, ok, .. }| (until.as_millis(), ok));
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn what_completes_at_a_mark_belongs_to_the_interval_that_begins_there() {
        let completions = [1, 249, 250, 251, 499, 500, 599, 600, 601];
        assert_eq!(told(&completions, 700, Budget::unlimited()), [(250, 2), (500, 3), (600, 2)]);
    }

    #[test]
    fn a_thread_that_counts_nothing_is_at_its_marks_all_the_same() {
        assert_eq!(told(&[], 510, Budget::unlimited()), [(250, 0), (500, 0), (510, 0)]);
    }

    #[test]
    fn the_last_request_of_a_number_is_the_end() {
        assert_eq!(told(&[10, 240], 260, Budget::of(2, 0)), [(240, 2)]);
    }
}
