//! What the engine tells while it runs adds up to what it returns.

mod support;

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use loadgen::engine::{self, Amount, Interval, Mode, Outcome, Pace, Plan, Progress, Rate};
use support::{HELLO, HELLO_CLOSE, PIPELINE_1, Server, always, once, plan};

/// Whatever is told begins and ends at multiples of this, but for the end.
const QUARTER: Duration = Duration::from_millis(250);

/// Runs `plan` and returns all that was told meanwhile, with the outcome. It is stopped after so many intervals.
fn watched(plan: &Plan, intervals_max: usize) -> (Vec<Interval>, Outcome) {
    let (progress, mut told) = (Progress::default(), Vec::new());
    progress.intervals.watch();
    let outcome = thread::scope(|scope| {
        let run = scope.spawn(|| engine::run(plan, &progress).expect("the plan is possible"));
        while !run.is_finished() {
            told.extend(progress.intervals.take());
            progress.stop.fetch_or(told.len() >= intervals_max, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(20));
        }
        run.join().expect("the engine does not panic")
    });
    told.extend(std::iter::from_fn(|| progress.intervals.take()));
    (told, outcome)
}

/// However late anything was told, it is from quarter to quarter of the counted time.
#[track_caller]
fn adds_up(told: &[Interval], outcome: &Outcome) {
    let mut sum = Interval::new();
    for (interval, quarter) in told.iter().zip(1..) {
        assert!(interval.until == QUARTER * quarter || interval.until == outcome.elapsed, "{told:?}");
        sum.add(interval);
    }
    assert_eq!((sum.ok, sum.failed), (outcome.ok, outcome.failed()));
    assert_eq!(sum.latency_ns, outcome.latency_ns);
    // A mark may have come between the last answer and the end of its connection.
    assert!(sum.until >= outcome.elapsed, "{:?} {:?}", sum.until, outcome.elapsed);
}

#[test]
fn intervals_add_up_to_the_outcome() {
    for (mode, response, warmup_ms) in [
        (PIPELINE_1, HELLO, 0),
        (PIPELINE_1, HELLO, 200),
        (Mode::KeepAlive { pipeline: 8 }, HELLO, 0),
        (Mode::Close, HELLO_CLOSE, 0),
    ] {
        let server =
            if mode == Mode::Close { Server::start(once(response)) } else { Server::start(always(response)) };
        let mut plan = plan(server.address, mode, 4, 1);
        plan.amount = Amount::Time(Duration::from_millis(900));
        plan.warmup = Duration::from_millis(warmup_ms);
        let (told, outcome) = watched(&plan, usize::MAX);
        assert_eq!((told.len(), outcome.elapsed), (4, Duration::from_millis(900)));
        adds_up(&told, &outcome);
    }
}

#[test]
fn an_open_loop_and_a_number_of_requests_are_told_to_their_ends() {
    let server = Server::start(always(HELLO));
    let mut plan = plan(server.address, PIPELINE_1, 4, 300);
    plan.pace = Pace::Open(Rate::constant(500.0));
    let (told, outcome) = watched(&plan, usize::MAX);
    assert_eq!(outcome.ok, 300);
    adds_up(&told, &outcome);
}

#[test]
fn a_run_that_is_stopped_has_told_all_that_it_returns() {
    let server = Server::start(always(HELLO));
    let mut plan = plan(server.address, PIPELINE_1, 4, 1);
    plan.amount = Amount::Time(support::HANG);
    let (told, outcome) = watched(&plan, 2);
    assert!(outcome.interrupted && told.len() >= 2);
    adds_up(&told, &outcome);
}

#[test]
fn failures_and_a_run_of_an_instant_are_told_too() {
    let server = Server::start(once(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    let (told, outcome) = watched(&plan(server.address, Mode::Close, 2, 10), usize::MAX);
    assert_eq!(outcome.failed(), 10);
    adds_up(&told, &outcome);
}
