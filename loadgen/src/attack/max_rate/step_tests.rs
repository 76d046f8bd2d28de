use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use clap::Parser;

use super::*;
use crate::attack::Args;
use crate::attack::max_rate::slo::slo;
use crate::engine::{self, ErrorKind, OpenLoop, Progress, Rate};

const MS: u64 = 1_000_000;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: Args,
}

/// A second at 1,000 per second: so many answers, each after so long.
fn outcome(answers: &[(u64, u64)]) -> Outcome {
    let mut outcome = Outcome { elapsed: Duration::from_secs(1), ..Outcome::empty() };
    let mut open = OpenLoop::empty(Rate::constant(1_000.0));
    for &(count, latency_ns) in answers {
        outcome.ok += count;
        outcome.latency_ns.record_n(latency_ns, count).unwrap();
        open.service_ns.record_n(latency_ns, count).unwrap();
    }
    (open.scheduled, open.due) = (outcome.elapsed, 1_000);
    outcome.client.threads = 1;
    outcome.open_loop = Some(open);
    outcome
}

fn open(outcome: &mut Outcome) -> &mut OpenLoop {
    outcome.open_loop.as_mut().unwrap()
}

fn judged(outcome: &Outcome) -> Step {
    Step::of(1_000.0, &slo("p99=5ms").unwrap(), outcome)
}

#[test]
fn a_promise_is_kept_up_to_its_limit() {
    let kept = judged(&outcome(&[(990, MS), (10, 80 * MS)]));
    assert_eq!((kept.broken, kept.verdict()), (None, "holds"));
    assert_eq!(kept.promised_ns, Some(outcome(&[(1, MS)]).latency_ns.max()));
    let broken = judged(&outcome(&[(989, MS), (11, 80 * MS)]));
    assert_eq!((broken.broken, broken.verdict()), (Some(Broken::TooSlow), "too slow"));
}

#[test]
fn each_way_to_break_a_promise_has_its_name() {
    let mut failing = outcome(&[(999, MS)]);
    failing.errors.add(ErrorKind::Reset);
    assert_eq!(judged(&failing).verdict(), "requests failed");
    let mut overrun = outcome(&[(980, MS)]);
    open(&mut overrun).never_sent = 20;
    assert_eq!(judged(&overrun).verdict(), "rate not reached");
    // All are in flight, and none for longer than the promise.
    assert_eq!(judged(&outcome(&[])).verdict(), "nothing answered");
}

#[test]
fn overdue_requests_are_longer_than_any_answer() {
    let hundred = outcome(&[(98, MS), (2, 3 * MS)]).latency_ns;
    let at = |overdue, quantile| quantile_ns(&hundred, overdue, quantile);
    for quantile in [0.5, 0.98, 0.99, 0.999, 1.0] {
        assert_eq!(at(0, quantile), Some(hundred.value_at_quantile(quantile)), "{quantile}");
    }
    // With one more the 100th of 101 is the 99th percentile, with two more the 101st of 102.
    assert_eq!((at(1, 0.99), at(2, 0.99)), (Some(hundred.max()), None));
    assert_eq!((at(1, 1.0), at(100, 0.5), at(101, 0.5)), (None, Some(hundred.max()), None));
    assert_eq!(quantile_ns(&outcome(&[]).latency_ns, 0, 0.5), None, "nothing is known");
    assert_eq!(quantile_ns(&outcome(&[]).latency_ns, 1, 0.5), None);
}

fn serve(mut stream: TcpStream, answers: bool) {
    let mut buffer = [0; 4_096];
    while stream.read(&mut buffer).is_ok_and(|received| received > 0) {
        if answers {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
        }
    }
}

/// A second at 200 per second over 20 connections, six of which answer nothing.
fn some_are_never_answered() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let words = format!("attack http://{}/ -c 20 -R 200 -d 1s --warmup 0s", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let threads: Vec<_> = (0..20)
            .map(|number| {
                let (stream, _) = listener.accept().unwrap();
                // The first six connections answer nothing.
                thread::spawn(move || serve(stream, number >= 6))
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
    let args = Command::try_parse_from(words.split_whitespace()).unwrap().args;
    let outcome = engine::run(&args.plan().unwrap().0, &Progress::default()).unwrap();
    server.join().unwrap();
    outcome
}

#[test]
fn a_rate_at_which_some_are_never_answered_keeps_no_promise() {
    // On a busy machine others may be late too, but not each time.
    let as_expected = |outcome: &Outcome| {
        let half_ns = outcome.latency_ns.value_at_quantile(0.5);
        (outcome.ok, outcome.in_flight_at_end) == (194, 6) && half_ns < 100 * MS
    };
    let outcome =
        (0..10).map(|_| some_are_never_answered()).find(as_expected).expect("six without an answer");
    let open = outcome.open_loop.as_ref().unwrap();
    assert!(open.reached(&outcome) > 0.99 && outcome.failed() == 0, "{open:?}");
    let step = Step::of(200.0, &slo("p99=200ms").unwrap(), &outcome);
    assert_eq!((step.broken, step.promised_ns, step.overdue), (Some(Broken::TooSlow), None, 6));
    assert_eq!(step.latency(step.p99_ns, &slo("p99=200ms").unwrap()), ">200 ms");
    let half = Step::of(200.0, &slo("p50=200ms").unwrap(), &outcome);
    assert_eq!(half.verdict(), "holds", "more than half of them were fast");
}

/// One in a second that was too slow, by a client that was busy for so long.
fn too_slow_and_busy(ms: u64) -> Outcome {
    let mut outcome = outcome(&[(900, MS), (100, 80 * MS)]);
    outcome.client.total = Duration::from_millis(ms);
    outcome
}

#[test]
fn a_client_without_time_takes_the_blame_for_a_promise_that_was_broken() {
    assert_eq!(judged(&too_slow_and_busy(500)).verdict(), "too slow");
    let step = judged(&too_slow_and_busy(950));
    assert_eq!((step.broken, step.verdict()), (Some(Broken::TooSlow), "beyond the client"));
    assert!(step.client.unwrap().contains("the client was busy"));
    let mut starved = too_slow_and_busy(500);
    starved.client.kept_waiting = Some(Duration::from_millis(450));
    assert!(judged(&starved).client.unwrap().contains("45 % of the time"));
    let mut overrun = too_slow_and_busy(950);
    open(&mut overrun).never_sent = 500;
    assert_eq!(judged(&overrun).verdict(), "beyond the client");
    // Who was busy and kept the promise all the same has nothing to answer for.
    let mut kept = outcome(&[(1_000, MS)]);
    kept.client.total = Duration::from_secs(1);
    assert_eq!((judged(&kept).verdict(), judged(&kept).client), ("holds", None));
}

#[test]
fn a_failure_is_the_clients_only_if_it_ran_out_of_something() {
    let mut failing = too_slow_and_busy(950);
    failing.errors.add(ErrorKind::Client);
    assert_eq!(judged(&failing).verdict(), "beyond the client");
    assert!(judged(&failing).client.unwrap().contains("source ports"));
    failing.errors.add(ErrorKind::Reset);
    assert_eq!(judged(&failing).verdict(), "requests failed", "busy clients reset nothing");
}

#[test]
fn a_client_that_sent_too_late_takes_the_blame_if_the_server_did_not() {
    let late = |own_ms, lag_ms| {
        let mut outcome = too_slow_and_busy(100);
        open(&mut outcome).service_ns = outcome_of(MS).open_loop.unwrap().service_ns;
        open(&mut outcome).own_lag_max = Duration::from_millis(own_ms);
        open(&mut outcome).lag_max = Duration::from_millis(lag_ms);
        outcome
    };
    let why = judged(&late(79, 79)).client.unwrap();
    assert!(why.contains("up to 79.0 ms late") && why.contains("p99 from then on was 1.00 ms"), "{why}");
    assert_eq!(judged(&late(4, 4)).client, None, "not by more than the promise allows");
    assert_eq!(judged(&late(20, 79)).client, None, "the wait for a connection was longer");
    let with_overdue = blame::client(&late(79, 79), &slo("p99=5ms").unwrap(), 20, Broken::TooSlow);
    assert_eq!(with_overdue, None, "the server may have been too slow with those");
    let mut slow = late(79, 79);
    open(&mut slow).service_ns = outcome_of(30 * MS).open_loop.unwrap().service_ns;
    assert_eq!(judged(&slow).client, None, "the server was too slow, too");
}

#[test]
fn a_client_that_did_not_send_takes_the_blame_for_a_rate_that_was_not_reached() {
    let unsent = |own_ms| {
        let mut outcome = outcome(&[(500, MS)]);
        open(&mut outcome).never_sent = 500;
        open(&mut outcome).lag_max = Duration::from_millis(500);
        open(&mut outcome).own_lag_max = Duration::from_millis(own_ms);
        outcome
    };
    let blamed = |own_ms, overdue| {
        blame::client(&unsent(own_ms), &slo("p99=5ms").unwrap(), overdue, Broken::NotReached)
    };
    assert_eq!(judged(&unsent(500)).verdict(), "beyond the client");
    assert!(blamed(500, 500).unwrap().contains("up to 500 ms late"));
    assert_eq!(blamed(20, 500), None, "no connection was free for them");
    assert_eq!(blamed(500, 520), None, "others waited for the server");
}

fn outcome_of(latency_ns: u64) -> Outcome {
    outcome(&[(1_000, latency_ns)])
}

#[test]
fn a_line_fits_sixty_columns() {
    let slo = slo("p99.9=5ms").unwrap();
    let mut step = Step { rate_per_sec: 1e8, overdue: 3, ..judged(&too_slow_and_busy(950)) };
    step.promised_ns = None;
    let line = step.line(&slo);
    assert_eq!(line, " 100,000,000/s  p99.9 >5.00 ms: beyond the client");
    assert!(line.chars().count() <= 60, "{line}");
}
