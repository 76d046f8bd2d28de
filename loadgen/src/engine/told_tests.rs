use proptest::prelude::*;

use super::*;
use crate::engine::ErrorKind;
use crate::engine::in_flight::Start;
use crate::engine::tally::Done;

const MS: u64 = 1_000_000;
/// When counting began, which is at no mark of the clock.
const FROM_NS: u64 = 1_234_567;

/// A thread as far as the watcher is concerned.
struct Thread {
    tally: Tally,
    told: Told,
}

impl Thread {
    /// So many of them, watched.
    fn several(threads: usize) -> (Intervals, Vec<Self>) {
        let intervals = Intervals::default();
        intervals.watch();
        let thread = |thread| {
            let mut told = Told::new(thread, threads);
            told.begin(FROM_NS);
            Self { tally: Tally::new(false), told }
        };
        (intervals, (0..threads).map(thread).collect())
    }

    fn answered(&mut self, times: u64, latency_ns: u64) {
        let done = Done {
            start: Start::now(0),
            first_byte_ns: 1,
            last_byte_ns: latency_ns,
            status: 200,
            failure: None,
        };
        (0..times).for_each(|_| self.tally.finish(&done));
    }

    fn pass(&mut self, intervals: &Intervals, ms: u64) {
        self.told.pass(intervals, &self.tally, FROM_NS + ms * MS);
    }

    fn end(&mut self, intervals: &Intervals, ms: u64) {
        self.told.end(intervals, &self.tally, FROM_NS + ms * MS);
    }
}

/// What there is to take, as milliseconds, answers and failures.
fn take_all(intervals: &Intervals) -> Vec<(u128, u64, u64)> {
    let next = || intervals.take().map(|next| (next.until.as_millis(), next.ok, next.failed));
    std::iter::from_fn(next).collect()
}

#[test]
fn each_answer_is_told_once_with_its_latency() {
    let (intervals, mut threads) = Thread::several(1);
    let thread = &mut threads[0];
    thread.answered(2, 1_000);
    thread.answered(1, 123_456_789);
    thread.pass(&intervals, 249);
    assert!(intervals.take().is_none(), "the mark is not reached");
    thread.pass(&intervals, 251);
    let first = intervals.take().unwrap();
    assert_eq!((first.until, first.ok, &first.latency_ns), (MARK, 3, &thread.tally.latency_ns));
    thread.answered(1, 5);
    thread.pass(&intervals, 500);
    let second = intervals.take().unwrap();
    assert_eq!((second.ok, second.latency_ns.len(), second.latency_ns.max()), (1, 1, 5));
}

#[test]
fn nobody_who_watches_is_told_nothing() {
    let (_, mut threads) = Thread::several(1);
    let intervals = Intervals::default();
    threads[0].answered(1, 1);
    threads[0].pass(&intervals, 250);
    threads[0].end(&intervals, 300);
    assert!(!intervals.is_watched() && intervals.take().is_none());
}

#[test]
fn an_interval_is_whole_when_the_last_thread_has_told_its_part() {
    let (intervals, mut threads) = Thread::several(3);
    for (index, ms) in [(0, 250), (2, 260)] {
        threads[index].answered(100, 1_000);
        threads[index].pass(&intervals, ms);
        assert_eq!(take_all(&intervals), []);
    }
    // The first one is at the next mark before the last one has been at this one.
    threads[0].answered(10, 1_000);
    threads[0].pass(&intervals, 501);
    threads[1].answered(100, 1_000);
    threads[1].pass(&intervals, 499);
    assert_eq!(take_all(&intervals), [(250, 300, 0)]);
    threads[1].pass(&intervals, 502);
    threads[2].pass(&intervals, 503);
    assert_eq!(take_all(&intervals), [(500, 10, 0)]);
}

#[test]
fn a_thread_that_slept_through_marks_makes_no_interval_longer() {
    let (intervals, mut threads) = Thread::several(2);
    for mark in 1..=4 {
        threads[0].answered(7, 1_000);
        threads[0].pass(&intervals, mark * 250);
    }
    threads[1].answered(5, 1_000);
    threads[1].pass(&intervals, 1_020);
    assert_eq!(take_all(&intervals), [(250, 12, 0), (500, 7, 0), (750, 7, 0), (1_000, 7, 0)]);
}

#[test]
fn the_end_of_the_run_cuts_the_last_interval_short_and_waits_for_nobody() {
    let (intervals, mut threads) = Thread::several(3);
    threads[2] = Thread { tally: Tally::new(false), told: Told::new(2, 3) };
    threads[0].answered(1, 1_000);
    threads[0].end(&intervals, 100);
    threads[1].answered(2, 1_000);
    threads[1].tally.fail(ErrorKind::Reset, 0);
    threads[1].pass(&intervals, 260);
    threads[1].answered(4, 1_000);
    threads[1].end(&intervals, 333);
    assert_eq!(take_all(&intervals), [], "one may still have counted something");
    // The last one answered in the warm-up, and never began to count.
    threads[2].answered(9, 1_000);
    threads[2].end(&intervals, 0);
    assert_eq!(take_all(&intervals), [(250, 3, 1), (333, 4, 0)]);
}

#[test]
fn an_end_at_a_mark_adds_no_interval() {
    let (intervals, mut threads) = Thread::several(1);
    threads[0].answered(1, 1_000);
    threads[0].pass(&intervals, 250);
    threads[0].answered(1, 1_000);
    threads[0].end(&intervals, 500);
    assert_eq!(take_all(&intervals), [(250, 1, 0), (500, 1, 0)]);
}

#[test]
fn what_was_counted_after_a_mark_is_not_lost_when_the_run_ended_before_it() {
    // Its last byte came at 249 ms, and the server's end, with which it counts, after the mark.
    let (intervals, mut threads) = Thread::several(1);
    threads[0].pass(&intervals, 250);
    assert_eq!(take_all(&intervals), [(250, 0, 0)]);
    threads[0].answered(1, 1_000);
    threads[0].end(&intervals, 249);
    let last = intervals.take().unwrap();
    assert!(last.ok == 1 && last.until > MARK, "{last:?}");
}

#[test]
fn a_watcher_who_does_not_come_loses_nothing_but_detail() {
    let (intervals, mut threads) = Thread::several(1);
    for mark in 1..=1_000 {
        threads[0].answered(1, 1_000);
        threads[0].pass(&intervals, mark * 250);
    }
    threads[0].end(&intervals, 250_100);
    let all = take_all(&intervals);
    assert!(all.len() <= 40, "{}", all.len());
    assert_eq!(all.iter().map(|&(_, ok, _)| ok).sum::<u64>(), 1_000);
    assert_eq!(all.last().unwrap().0, 250_100);
}

proptest! {
    /// Whatever the order: each step is a thread, for how long it is busy, and what it counts meanwhile.
    #[test]
    fn intervals_are_from_mark_to_mark_and_add_up(
        steps in prop::collection::vec((0..4_usize, 1..300_u64, 0..9_u64), 1..30),
    ) {
        let (intervals, mut threads) = Thread::several(4);
        let mut now_ms = [0; 4];
        let mut taken = Vec::new();
        for &(index, ms, answers) in &steps {
            now_ms[index] += ms;
            threads[index].pass(&intervals, now_ms[index]);
            threads[index].answered(answers, 1 + ms);
            taken.extend(take_all(&intervals));
        }
        for (thread, now_ms) in threads.iter_mut().zip(now_ms) {
            thread.end(&intervals, now_ms + 1);
        }
        taken.extend(take_all(&intervals));
        let (last, before) = taken.split_last().expect("the run took some time");
        for (mark, interval) in (1..).zip(before) {
            prop_assert_eq!(interval.0, mark * MARK.as_millis());
        }
        prop_assert_eq!(last.0, u128::from(now_ms.into_iter().max().unwrap_or(0)) + 1);
        let answered: u64 = threads.iter().map(|thread| thread.tally.ok).sum();
        prop_assert_eq!(taken.iter().map(|&(_, ok, _)| ok).sum::<u64>(), answered);
    }
}
