//! How connections end: after so many answers, in order or with a reset, and from which addresses they come.

mod support;

use std::collections::HashSet;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loadgen::engine::{Amount, EngineError, Mode, Pace, Plan, Progress, Rate, run};
use support::{HELLO, HELLO_CLOSE, PIPELINE_1, Server, always, fire, once, plan};

fn after(answers: u64, plan: Plan) -> Plan {
    Plan { requests_per_connection: Some(answers), ..plan }
}

#[test]
fn a_kept_connection_is_closed_in_order_after_so_many_answers() {
    for (pipeline, answers) in [(1, 1), (1, 7), (4, 7), (16, 7)] {
        let server = Server::start(always(HELLO));
        let mode = Mode::KeepAlive { pipeline };
        let outcome = fire(&after(answers, plan(server.address, mode, 3, 210)));
        assert_eq!((outcome.ok, outcome.failed()), (210, 0), "{:?}", outcome.samples);
        assert_eq!((outcome.retried, outcome.resets_sent, outcome.closed_by_client), (0, 0, 0));
        assert_eq!(outcome.connections_opened, server.connections());
        assert!(server.connections() >= 210 / answers, "{}", server.connections());
        assert_eq!((server.requests(), server.resets()), (210, 0));
    }
}

#[test]
fn a_schedule_goes_on_over_connections_that_are_closed_after_so_many_answers() {
    let server = Server::start(always(HELLO));
    let mut plan = after(10, plan(server.address, PIPELINE_1, 1, 100));
    plan.pace = Pace::Open(Rate::constant(2_000.0));
    let outcome = fire(&plan);
    assert_eq!((outcome.ok, outcome.connections_opened, server.connections()), (100, 10, 10));
    assert_eq!((server.requests(), server.resets()), (100, 0));
}

#[test]
fn a_reset_is_sent_only_where_it_was_asked_for_and_is_counted() {
    // The server awaits the end of each connection, and tells a reset from a close.
    let script = |mut peer: support::Peer| {
        while peer.request()? {
            peer.send(HELLO)?;
        }
        io::Result::Ok(())
    };
    for reset in [false, true] {
        let server = Server::start(script);
        let plan = Plan { reset, ..after(5, plan(server.address, PIPELINE_1, 2, 50)) };
        let outcome = fire(&plan);
        assert_eq!((outcome.ok, outcome.failed()), (50, 0), "{:?}", outcome.samples);
        let expected = if reset { 10 } else { 0 };
        assert_eq!((outcome.resets_sent, server.resets()), (expected, expected));
    }
    let server = Server::start(script);
    let plan = Plan { reset: true, ..plan(server.address, Mode::Close, 3, 30) };
    let outcome = fire(&plan);
    assert_eq!(
        (outcome.ok, outcome.resets_sent, outcome.closed_by_client),
        (30, 30, 0),
        "{:?}",
        outcome.samples
    );
    assert_eq!(server.resets(), 30);
}

#[test]
fn a_connection_per_request_comes_from_many_addresses_and_a_kept_one_does_not() {
    for (mode, response, addresses_min) in [(Mode::Close, HELLO_CLOSE, 50), (PIPELINE_1, HELLO, 1)] {
        let seen = Arc::new(Mutex::new(HashSet::new()));
        let there = Arc::clone(&seen);
        let answer = move |mut peer: support::Peer| {
            there.lock().unwrap().insert(peer.stream.peer_addr()?.ip());
            if mode == Mode::Close {
                once(response)(peer)
            } else {
                while peer.request()? {
                    peer.send(response)?;
                }
                Ok(())
            }
        };
        let server = Server::start(answer);
        let outcome = fire(&plan(server.address, mode, 8, 200));
        assert_eq!((outcome.ok, outcome.failed()), (200, 0), "{:?}", outcome.samples);
        assert_eq!(server.resets(), 0);
        let seen = seen.lock().unwrap();
        assert!(seen.iter().all(IpAddr::is_loopback));
        assert!(seen.len() >= addresses_min && (addresses_min > 1 || seen.len() == 1), "{seen:?}");
    }
}

#[test]
fn a_server_that_does_not_close_costs_no_request_whatever_the_timeout() {
    // The shorter one is shorter than a server that is to close is waited for.
    for timeout in [Duration::from_millis(450), support::HANG] {
        let server = Server::start(always(HELLO));
        let outcome = fire(&Plan { timeout, ..plan(server.address, Mode::Close, 3, 6) });
        // On a busy machine a response may be late, but none that was whole is called so.
        assert!(
            outcome.failures.iter().all(|failure| failure.received.is_empty()),
            "{:#?}",
            outcome.failures
        );
        assert_eq!(outcome.ok + outcome.failed(), 6);
        assert!(outcome.ok > 0 && outcome.ok == outcome.closed_by_client, "{timeout:?}: {outcome:?}");
    }
}

#[test]
fn endings_that_make_no_sense_are_refused() {
    let refused = |change: fn(&mut Plan)| {
        let mut plan = plan("127.0.0.1:9".parse().unwrap(), PIPELINE_1, 1, 1);
        plan.amount = Amount::Time(Duration::from_secs(1));
        change(&mut plan);
        let error = run(&plan, &Progress::default()).expect_err("an impossible plan");
        assert!(matches!(error, EngineError::Plan(_)), "{error}");
    };
    refused(|plan| plan.requests_per_connection = Some(0));
    refused(|plan| plan.reset = true);
}
