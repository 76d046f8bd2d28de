//! The engine against servers that misbehave: each failure is counted once, under its own name.

mod support;

use std::net::TcpListener;
use std::time::Duration;

use loadgen::engine::{self, Amount, EngineError, ErrorKind, Mode, Outcome, Progress};
use server::DeadPort;
use support::{HELLO, HELLO_CLOSE, PIPELINE_1, Server, always, fire, in_some_try, once, plan};

/// The outcome's failures were all of `kind`, and there were `count`.
#[track_caller]
fn assert_failed(outcome: &Outcome, kind: ErrorKind, count: u64) {
    assert_eq!(outcome.errors.count(kind), count, "{:?}\n{:#?}", outcome.errors, outcome.samples);
    assert_eq!(outcome.failed(), count, "{:?}\n{:#?}", outcome.errors, outcome.samples);
    assert!(outcome.samples.len() <= 5);
    assert!(outcome.samples.iter().all(|sample| sample.starts_with(kind.name())), "{:?}", outcome.samples);
}

#[test]
fn a_server_that_closes_early_gives_a_short_body() {
    for response in [&b""[..], b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"] {
        for mode in [Mode::Close, PIPELINE_1, Mode::KeepAlive { pipeline: 4 }] {
            let server = Server::start(once(response));
            let outcome = fire(&plan(server.address, mode, 2, 10));
            assert_failed(&outcome, ErrorKind::ShortBody, 10);
        }
    }
}

#[test]
fn a_reset_is_told_from_a_close() {
    for start in [&b""[..], b"HTTP/1.1 200 OK\r\n"] {
        let server = Server::start(|mut peer| {
            peer.request()?;
            peer.send(start)?;
            peer.reset();
            Ok(())
        });
        let outcome = fire(&plan(server.address, PIPELINE_1, 2, 10));
        assert_failed(&outcome, ErrorKind::Reset, 10);
    }
}

#[test]
fn a_reset_after_a_whole_answer_is_noted_but_no_failure() {
    // A server without a CPU may come to its reset later than its close is waited for, but not each time.
    assert!(in_some_try(|| {
        let server = Server::start(|mut peer| {
            peer.request()?;
            peer.send(HELLO_CLOSE)?;
            // What has arrived stays readable at the other end, on loopback and on Linux.
            peer.reset();
            Ok(())
        });
        let outcome = fire(&plan(server.address, Mode::Close, 4, 4));
        assert_eq!((outcome.ok, outcome.failed()), (4, 0), "{:?}", outcome.samples);
        outcome.reset_after_answer == 4
    }));
}

#[test]
fn garbage_is_malformed_and_shown() {
    let server = Server::start(once(b"SSH-2.0-OpenSSH_9.2\r\n"));
    let outcome = fire(&plan(server.address, PIPELINE_1, 2, 10));
    assert_failed(&outcome, ErrorKind::Malformed, 10);
    assert!(outcome.samples[0].contains("SSH-2.0"), "{:?}", outcome.samples);
}

#[test]
fn bytes_that_nobody_asked_for_are_malformed() {
    const TWICE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n";
    for mode in [Mode::Close, PIPELINE_1] {
        let server = Server::start(once(TWICE));
        let outcome = fire(&plan(server.address, mode, 1, 5));
        assert_failed(&outcome, ErrorKind::Malformed, 5);
    }
}

#[test]
fn another_status_or_body_is_a_failure_with_its_own_name() {
    const GONE: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone";
    let server = Server::start(always(GONE));
    let outcome = fire(&plan(server.address, PIPELINE_1, 2, 10));
    assert_failed(&outcome, ErrorKind::Status, 10);
    assert_eq!((outcome.statuses.get(&404), server.connections()), (Some(&10), 2));
    assert!(outcome.samples[0].contains("404 where 200 was expected"), "{:?}", outcome.samples);

    let server = Server::start(always(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhullo"));
    let outcome = fire(&plan(server.address, PIPELINE_1, 2, 10));
    assert_failed(&outcome, ErrorKind::WrongBody, 10);
    assert!(outcome.samples[0].contains("hullo"), "{:?}", outcome.samples);
}

#[test]
fn no_answer_is_a_timeout() {
    for response in [&b""[..], b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"] {
        let server = Server::start(move |mut peer| {
            peer.request()?;
            peer.send(response)?;
            peer.drain()
        });
        let mut plan = plan(server.address, PIPELINE_1, 3, 6);
        // Long enough for a server without a CPU to say what it has to say.
        plan.timeout = Duration::from_secs(2);
        let outcome = fire(&plan);
        assert_failed(&outcome, ErrorKind::Timeout, 6);
        assert_eq!(server.end(), (6, 0));
    }
}

#[test]
fn requests_in_flight_at_the_end_are_no_failures() {
    let server = Server::start(|mut peer| {
        peer.request()?;
        peer.drain()
    });
    let mut plan = plan(server.address, PIPELINE_1, 3, 1);
    plan.amount = Amount::Time(Duration::from_secs(2));
    let outcome = fire(&plan);
    assert_eq!((outcome.ok, outcome.failed(), outcome.in_flight_at_end), (0, 0, 3));
    assert_eq!(server.resets(), 0);
}

#[test]
fn a_server_that_was_never_there_is_given_up() {
    let nobody = DeadPort::new().unwrap();
    let address = nobody.addr();
    let mut plan = plan(address, PIPELINE_1, 3, 1);
    plan.amount = Amount::Time(support::HANG);
    let outcome = fire(&plan);
    let why = outcome.gave_up.as_deref().expect("it ended early");
    assert!(why.contains(&address.to_string()) && why.contains("connection refused"), "{why}");
    assert!(outcome.elapsed < support::HANG / 2);
    assert_eq!((outcome.ok, outcome.interrupted), (0, false));
    // A few tries for each connection, with pauses: a dead server does not spin the CPU.
    assert_eq!(outcome.failed(), outcome.errors.count(ErrorKind::Connect));
    assert!((1..100).contains(&outcome.failed()), "{}", outcome.failed());
}

#[test]
fn exactly_as_many_failures_as_requests_where_connecting_fails() {
    let nobody = DeadPort::new().unwrap();
    let address = nobody.addr();
    // A thread without a CPU may come to its part when the server has been given up, but not each time.
    assert!(in_some_try(|| {
        let outcome = fire(&plan(address, PIPELINE_1, 4, 4));
        assert_failed(&outcome, ErrorKind::Connect, outcome.failed());
        assert!(outcome.failed() == 4 || outcome.failed() < 4 && outcome.gave_up.is_some(), "{outcome:?}");
        outcome.failed() == 4
    }));
}

#[test]
fn a_server_that_dies_leaves_what_was_measured_until_then() {
    // One connection is served for a while; then the server and its port are gone.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let dying = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        drop(listener);
        let mut buffer = [0; 1_024];
        for _ in 0..100 {
            let _ = stream.read(&mut buffer).unwrap();
            stream.write_all(HELLO).unwrap();
        }
    });
    let mut plan = plan(address, PIPELINE_1, 1, 1);
    plan.amount = Amount::Time(support::HANG);
    let outcome = fire(&plan);
    dying.join().unwrap();
    assert_eq!(outcome.ok, 100);
    let why = outcome.gave_up.expect("it ended early");
    assert!(why.contains("did the server die?"), "{why}");
}

#[test]
fn impossible_plans_are_refused_with_a_reason() {
    let address = "127.0.0.1:9".parse().unwrap();
    let refused = |change: fn(&mut engine::Plan)| {
        let mut plan = plan(address, PIPELINE_1, 2, 2);
        change(&mut plan);
        let error = engine::run(&plan, &Progress::default()).expect_err("an impossible plan");
        assert!(error.is_bad_argument(), "{error}");
        error
    };
    refused(|plan| plan.connections = 0);
    refused(|plan| plan.threads = 0);
    refused(|plan| plan.threads = 3);
    refused(|plan| plan.amount = Amount::Requests(0));
    refused(|plan| plan.amount = Amount::Time(Duration::ZERO));
    refused(|plan| plan.mode = Mode::KeepAlive { pipeline: 0 });
    refused(|plan| plan.request.clear());
    let pin = refused(|plan| plan.cpus = vec![1_000]);
    assert!(matches!(pin, EngineError::Pin { cpu: 1_000 }), "{pin}");
    let many = refused(|plan| plan.connections = 1 << 40);
    assert!(matches!(many, EngineError::Descriptors { .. }), "{many}");
    assert!(many.to_string().contains("ulimit"), "{many}");
}
