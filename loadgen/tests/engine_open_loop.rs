//! The open loop against servers that keep up and servers that don't: every request that was due is
//! accounted for, and no wait is hidden.

mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use loadgen::engine::{
    Amount, EngineError, ErrorKind, Mode, OpenLoop, Outcome, Pace, Plan, Progress, Rate, run,
};
use support::{HELLO, HELLO_CLOSE, PIPELINE_1, Server, always, fire, once, plan};

/// A plan of an open loop over `connections`.
fn paced(server: &Server, mode: Mode, connections: usize, rate: Rate, amount: Amount) -> Plan {
    Plan { pace: Pace::Open(rate), amount, ..plan(server.address, mode, connections, 1) }
}

fn schedule(outcome: &Outcome) -> &OpenLoop {
    outcome.open_loop.as_ref().expect("an open loop says what became of its schedule")
}

#[track_caller]
fn assert_accounted(outcome: &Outcome) {
    let open = schedule(outcome);
    let accounted = outcome.ok + outcome.failed() + outcome.in_flight_at_end + open.never_sent;
    assert_eq!(accounted, open.due, "{:?} {:?}", outcome.errors, outcome.samples);
    assert_eq!(outcome.latency_ns.len(), outcome.ok);
    assert_eq!(open.service_ns.len(), outcome.ok);
    assert!(open.waited_longer(Duration::ZERO) <= outcome.in_flight_at_end + open.never_sent);
}

#[test]
fn a_number_of_requests_is_sent_exactly_and_counted_on_both_sides() {
    let rate = Rate::constant(4_000.0);
    for (mode, response) in [(PIPELINE_1, HELLO), (Mode::Close, HELLO_CLOSE)] {
        let server =
            if mode == PIPELINE_1 { Server::start(always(response)) } else { Server::start(once(response)) };
        let outcome = fire(&paced(&server, mode, 4, rate, Amount::Requests(401)));
        assert_eq!((outcome.ok, outcome.failed()), (401, 0), "{:?}", outcome.samples);
        assert_eq!((schedule(&outcome).due, schedule(&outcome).never_sent), (401, 0));
        assert_accounted(&outcome);
        // The last one was not due before this.
        assert!(outcome.elapsed >= Duration::from_millis(100), "{:?}", outcome.elapsed);
        assert_eq!((server.requests(), server.resets()), (401, 0));
    }
}

#[test]
fn a_timed_schedule_makes_due_what_its_rate_says_and_the_warm_up_is_no_part_of_it() {
    let server = Server::start(always(HELLO));
    let window = Amount::Time(Duration::from_millis(500));
    for rate in [Rate::constant(1_000.0), Rate { from_per_sec: 200.0, to_per_sec: 1_800.0 }] {
        let mut plan = paced(&server, PIPELINE_1, 8, rate, window);
        plan.warmup = Duration::from_millis(100);
        let outcome = fire(&plan);
        assert_eq!(schedule(&outcome).due, 500);
        assert_eq!(outcome.elapsed, Duration::from_millis(500));
        assert_accounted(&outcome);
        assert!(outcome.ok > 0 && outcome.failed() == 0, "{:?}", outcome.samples);
    }
    assert_eq!(server.resets(), 0);
}

#[test]
fn a_stall_shows_from_the_intended_start_and_not_in_the_service_time() {
    const STALL: Duration = Duration::from_secs(1);
    // Whoever comes while it stalls waits for it, on whichever connection.
    let served = Arc::new(Mutex::new(0));
    let server = Server::start(move |mut peer| {
        while peer.request()? {
            let mut served = served.lock().unwrap();
            *served += 1;
            if *served == 300 {
                thread::sleep(STALL);
            }
            drop(served);
            peer.send(HELLO)?;
        }
        Ok(())
    });
    let outcome = fire(&paced(&server, PIPELINE_1, 4, Rate::constant(500.0), Amount::Requests(1_200)));
    let open = schedule(&outcome);
    assert_eq!((outcome.ok, outcome.failed()), (1_200, 0), "{:?}", outcome.samples);
    let at = |histogram: &hdrhistogram::Histogram<u64>, quantile| {
        Duration::from_nanos(histogram.value_at_quantile(quantile))
    };
    assert!(at(&outcome.latency_ns, 0.999) > STALL * 3 / 4, "{:?}", at(&outcome.latency_ns, 0.999));
    assert!(at(&open.service_ns, 0.5) < STALL / 10, "{:?}", at(&open.service_ns, 0.5));
    // No more requests than there are connections were on their way while it stalled.
    let slow = open.service_ns.count_between(400_000_000, u64::MAX);
    let late = outcome.latency_ns.count_between(400_000_000, u64::MAX);
    assert!(slow >= 1 && slow * 10 < late && late > 100, "{slow} were slow, {late} late");
    assert!(open.lag_max > STALL / 2, "{:?}", open.lag_max);
    assert!(open.own_lag_max < open.lag_max, "the wait for a connection is not the client's doing");
}

#[test]
fn requests_that_find_no_connection_are_counted_as_never_sent() {
    let server = Server::start(|mut peer| {
        peer.request()?;
        peer.drain()
    });
    let window = Amount::Time(Duration::from_secs(2));
    let outcome = fire(&paced(&server, PIPELINE_1, 3, Rate::constant(250.0), window));
    assert_eq!((outcome.ok, outcome.failed(), outcome.in_flight_at_end), (0, 0, 3));
    assert_eq!((schedule(&outcome).due, schedule(&outcome).never_sent), (500, 497));
    assert!(schedule(&outcome).reached(&outcome) < 0.01);
    // One every 4 ms, whether it was sent or not.
    for (limit_ms, longer) in [(0, 500), (1_000, 250), (1_996, 1), (2_000, 0), (5_000, 0)] {
        let waited = schedule(&outcome).waited_longer(Duration::from_millis(limit_ms));
        assert_eq!(waited, longer, "for longer than {limit_ms} ms");
    }
    assert_accounted(&outcome);
    assert_eq!(server.end(), (3, 0));
}

#[test]
fn a_server_that_closes_kept_connections_gets_each_request_once() {
    let server = Server::start(|mut peer| {
        for _ in 0..5 {
            if peer.request()? {
                peer.send(HELLO)?;
            }
        }
        peer.close()
    });
    let outcome = fire(&paced(&server, PIPELINE_1, 3, Rate::constant(2_000.0), Amount::Requests(300)));
    assert_eq!((outcome.ok, outcome.failed()), (300, 0), "{:?}", outcome.samples);
    assert_eq!(server.requests(), 300);
    assert_accounted(&outcome);
}

#[test]
fn an_answer_that_takes_its_time_is_no_rate_that_was_missed() {
    let server = Server::start(|mut peer| {
        while peer.request()? {
            thread::sleep(Duration::from_millis(300));
            peer.send(HELLO)?;
        }
        Ok(())
    });
    let window = Amount::Time(Duration::from_secs(1));
    let outcome = fire(&paced(&server, PIPELINE_1, 64, Rate::constant(50.0), window));
    assert!(outcome.in_flight_at_end > 0, "the last ones can't have been answered");
    // Only what a client without a CPU did not get to send is missed.
    let (open, sent) = (schedule(&outcome), schedule(&outcome).due - schedule(&outcome).never_sent);
    assert!((open.reached(&outcome) - sent as f64 / open.due as f64).abs() < 0.01, "{open:?}");
    let waited = |ms| schedule(&outcome).waited_longer(Duration::from_millis(ms));
    let unanswered = outcome.in_flight_at_end + open.never_sent;
    assert!(waited(10) > 0 && waited(10) <= unanswered, "{}", waited(10));
    assert!(waited(1_000) == 0, "none of them was due before the run began");
    assert_accounted(&outcome);
}

#[test]
fn an_open_loop_counts_after_its_warm_up_though_the_server_keeps_no_connection() {
    let server = Server::start(once(HELLO_CLOSE));
    let mut plan = paced(&server, PIPELINE_1, 64, Rate::constant(100.0), Amount::Requests(10));
    plan.warmup = Duration::from_millis(200);
    let start = Instant::now();
    let outcome = fire(&plan);
    assert_eq!(outcome.ok, 10, "{:?}", outcome.samples);
    // Where it waited for 64 connections at once it gave up waiting only after five seconds.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn failures_are_accounted_for_like_answers() {
    let seen = AtomicU64::new(0);
    let server = Server::start(move |mut peer| {
        while peer.request()? {
            if (seen.fetch_add(1, Ordering::SeqCst) + 1).is_multiple_of(3) {
                return peer.close();
            }
            peer.send(HELLO)?;
        }
        Ok(())
    });
    let mut plan = paced(&server, PIPELINE_1, 4, Rate::constant(2_000.0), Amount::Requests(200));
    // One that must not be sent twice, so that a close before its answer is a failure.
    plan.request = b"POST / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
    let outcome = fire(&plan);
    assert_eq!(outcome.ok + outcome.errors.count(ErrorKind::ShortBody), 200, "{:?}", outcome.samples);
    assert_eq!((outcome.failed(), server.requests()), (66, 200));
    assert_accounted(&outcome);
}

#[test]
fn schedules_that_make_no_sense_are_refused() {
    let server = Server::start(always(HELLO));
    let refused = |change: fn(&mut Plan)| {
        let mut plan = paced(&server, PIPELINE_1, 2, Rate::constant(100.0), Amount::Requests(2));
        change(&mut plan);
        let error = run(&plan, &Progress::default()).expect_err("an impossible plan");
        assert!(matches!(error, EngineError::Plan(_)), "{error}");
    };
    refused(|plan| plan.pace = Pace::Open(Rate::constant(0.0)));
    refused(|plan| plan.pace = Pace::Open(Rate::constant(f64::NAN)));
    refused(|plan| plan.pace = Pace::Open(Rate { from_per_sec: 1.0, to_per_sec: 2.0 }));
    refused(|plan| plan.mode = Mode::KeepAlive { pipeline: 2 });
    // Longer than a day: on the clock, before it, and by the number of requests.
    refused(|plan| plan.amount = Amount::Time(Duration::MAX));
    refused(|plan| plan.warmup = Duration::MAX);
    refused(|plan| plan.amount = Amount::Requests(100 * 86_400 + 1));
}
