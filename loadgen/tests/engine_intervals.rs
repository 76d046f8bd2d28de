//! What the engine tells while it runs adds up to what it returns.

mod support;

use std::thread;
use std::time::Duration;

use loadgen::engine::{self, Amount, Interval, Mode, Outcome, Plan, Progress};
use support::{HELLO, PIPELINE_1, Server, always, once, plan};

/// Runs `plan` and returns all that was told meanwhile, with the outcome.
fn watched(plan: &Plan) -> (Vec<Interval>, Outcome) {
    let (progress, mut told) = (Progress::default(), Vec::new());
    progress.intervals.watch();
    let outcome = thread::scope(|scope| {
        let run = scope.spawn(|| engine::run(plan, &progress).expect("the plan is possible"));
        while !run.is_finished() {
            told.extend(progress.intervals.take());
            thread::sleep(Duration::from_millis(20));
        }
        run.join().expect("the engine does not panic")
    });
    told.extend(progress.intervals.take());
    (told, outcome)
}

#[track_caller]
fn adds_up(told: &[Interval], outcome: &Outcome) {
    let mut sum = Interval::new();
    for interval in told {
        assert!(interval.until >= sum.until, "time goes forward");
        sum.add(interval);
    }
    assert_eq!((sum.ok, sum.failed), (outcome.ok, outcome.failed()));
    assert_eq!(sum.latency_ns, outcome.latency_ns);
}

#[test]
fn intervals_add_up_to_the_outcome() {
    let server = Server::start(always(HELLO));
    for (mode, warmup_ms) in [(PIPELINE_1, 0), (PIPELINE_1, 200), (Mode::KeepAlive { pipeline: 8 }, 0)] {
        let mut plan = plan(server.address, mode, 4, 1);
        plan.amount = Amount::Time(Duration::from_millis(900));
        plan.warmup = Duration::from_millis(warmup_ms);
        let (told, outcome) = watched(&plan);
        assert!(told.len() >= 3, "it tells a few times a second: {}", told.len());
        assert!(told.last().unwrap().until <= Duration::from_millis(900));
        adds_up(&told, &outcome);
    }
}

#[test]
fn failures_and_a_run_of_an_instant_are_told_too() {
    let server = Server::start(once(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    let (told, outcome) = watched(&plan(server.address, Mode::Close, 2, 10));
    assert_eq!(outcome.failed(), 10);
    adds_up(&told, &outcome);
}
