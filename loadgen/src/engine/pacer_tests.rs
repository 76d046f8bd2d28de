use mio::Poll;

use super::*;
use crate::engine::open_loop::OpenLoop;

const MS: u64 = 1_000_000;
/// When counting began.
const FROM_NS: u64 = 70 * MS;
const SECOND: Duration = Duration::from_secs(1);

/// The only thread's, at 1,000 per second for a second, over so many connections.
fn pacer(connections: usize) -> Pacer {
    let poll = Poll::new().unwrap();
    let rate = Rate::constant(1_000.0);
    let mut pacer =
        Pacer::new(rate, Turn { first: 0, step: 1 }, connections, poll.registry(), Token(0)).unwrap();
    pacer.begin(FROM_NS, Amount::Time(SECOND));
    pacer
}

/// Takes what is due, from `from_ms` on one request each `every_ms`, on a connection that is free at once.
fn send(pacer: &mut Pacer, from_ms: u64, every_ms: u64, requests: u64) {
    for number in 0..requests {
        let now_ns = FROM_NS + (from_ms + number * every_ms) * MS;
        let due = pacer.take(now_ns).expect("one is due");
        pacer.is_free(due.connection, now_ns);
    }
}

#[test]
fn a_schedule_that_is_kept_has_no_lag() {
    let mut pacer = pacer(1);
    send(&mut pacer, 0, 1, 1_000);
    pacer.end(FROM_NS + 1_000 * MS);
    assert_eq!((pacer.lag.max_ns_by_half, pacer.lag.own_max_ns, pacer.sent()), ([0, 0], 0, 1_000));
}

#[test]
fn a_lag_grows_by_the_clock_however_few_requests_were_sent() {
    // Every 4 ms one of the four that are due: the last one sent is number 249.
    let mut pacer = pacer(1);
    send(&mut pacer, 0, 4, 250);
    let [first, second] = pacer.lag.max_ns_by_half;
    assert_eq!((first, second), (372 * MS, 747 * MS));
    assert!(OpenLoop::grew(pacer.lag.max_ns_by_half));
}

#[test]
fn a_lag_that_was_made_up_for_did_not_grow() {
    // Kept off its CPU for 100 ms, and then in time again.
    let mut pacer = pacer(1);
    send(&mut pacer, 100, 0, 101);
    send(&mut pacer, 101, 1, 899);
    pacer.end(FROM_NS + 1_000 * MS);
    assert_eq!(pacer.lag.max_ns_by_half, [100 * MS, 0]);
    assert!(!OpenLoop::grew(pacer.lag.max_ns_by_half));
}

#[test]
fn what_was_due_and_never_sent_is_late_until_the_end() {
    let end_ns = FROM_NS + 1_000 * MS;
    // Nobody was there to send it, though a connection was free.
    let mut idle = pacer(1);
    send(&mut idle, 0, 1, 300);
    idle.end(end_ns);
    assert_eq!((idle.lag.max_ns_by_half, idle.lag.own_max_ns), ([0, 700 * MS], 700 * MS));
    // No connection was free.
    let mut without = pacer(1);
    assert!(without.take(FROM_NS).is_some() && without.take(FROM_NS + MS).is_none());
    without.end(end_ns);
    assert_eq!((without.lag.max_ns_by_half, without.lag.own_max_ns), ([0, 999 * MS], 0));
    // One was free just before the end.
    without.is_free(0, end_ns - 2 * MS);
    without.end(end_ns);
    assert_eq!(without.lag.own_max_ns, 2 * MS);
}

#[test]
fn only_an_answer_that_comes_fast_as_a_rule_is_awaited_with_open_eyes_and_not_for_long() {
    const US: u64 = 1_000;
    let mut pacer = pacer(2);
    assert!(!pacer.is_about_to_be_answered(FROM_NS), "nothing was sent");
    let due = pacer.take(FROM_NS).expect("the first is due");
    assert!(pacer.is_about_to_be_answered(FROM_NS + 99 * US));
    assert!(!pacer.is_about_to_be_answered(FROM_NS + 100 * US), "it takes too long");
    pacer.is_free(due.connection, FROM_NS + 50 * US);
    assert!(!pacer.is_about_to_be_answered(FROM_NS + 50 * US), "it is there");
    let takes = |pacer: &mut Pacer, us: u64| (0..200).for_each(|_| pacer.answered(us * US));
    pacer.take(FROM_NS + MS).expect("the second is due");
    for (us, awaited) in [(2_000, false), (50, true), (300, false)] {
        takes(&mut pacer, us);
        assert_eq!(pacer.is_about_to_be_answered(FROM_NS + MS), awaited, "answers take {us} µs");
    }
}
