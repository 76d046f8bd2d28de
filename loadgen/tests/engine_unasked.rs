//! The engine against servers that say more than they were asked: what is too much is found, shown, and
//! counted beside the requests, whose number stays exact.

mod support;

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use loadgen::engine::{Amount, ErrorKind, Mode, Outcome, Pace, Plan, Rate, Unasked};
use support::{HANG, HELLO, PIPELINE_1, Peer, Server, always, fire, in_some_try, plan};

/// Answers each request twice, the second time in a segment of its own.
fn twice(mut peer: Peer) -> io::Result<()> {
    while peer.request()? {
        for _ in 0..2 {
            thread::sleep(Duration::from_millis(5));
            peer.send(HELLO)?;
        }
    }
    Ok(())
}

/// Answers each request once, and says something more when it has seen the client's end.
fn talkative(mut peer: Peer) -> io::Result<()> {
    while peer.request()? {
        peer.send(HELLO)?;
    }
    peer.send(HELLO)
}

/// Whether a server that answers twice was found out.
///
/// Most of it, and on a busy machine all, is found as what stands behind a response in the same read, for which
/// that response's request is to blame. Whichever it is, each request is counted once.
#[track_caller]
fn is_found_out(outcome: &Outcome, connections_max: u64) -> bool {
    let malformed = outcome.errors.count(ErrorKind::Malformed);
    assert_eq!(outcome.failed(), malformed, "{:#?}", outcome.samples);
    let Unasked { connections, first } = &outcome.unasked;
    assert!(
        *connections <= connections_max && first.is_some() == (*connections > 0),
        "{:?}",
        outcome.unasked
    );
    if let Some(first) = first {
        assert!(first.received.starts_with(HELLO) && first.what.contains("no request"), "{first:?}");
        assert_eq!(first.received.len() as u64, first.received_bytes);
    }
    connections + malformed > 0
}

/// Fires the plan at a server that answers twice, which has to be found out in the end. On a busy machine a
/// short time may be over before anything has happened, and what else is to come is awaited for a moment only.
#[track_caller]
fn assert_found_out(change: impl Fn(Plan) -> Plan) {
    let found = in_some_try(|| {
        let server = Server::start(twice);
        let plan = change(plan(server.address, PIPELINE_1, 2, 1));
        let outcome = fire(&plan);
        if let Amount::Requests(requests) = plan.amount {
            assert_eq!(outcome.ok + outcome.failed(), requests);
        }
        is_found_out(&outcome, server.connections())
    });
    assert!(found, "nothing came that was too much");
}

#[test]
fn what_comes_after_the_last_answer_is_found_and_shown_whole() {
    for mode in [PIPELINE_1, Mode::KeepAlive { pipeline: 4 }] {
        // It is awaited for a moment only, and of two threads one may do the other's part.
        assert!(in_some_try(|| {
            let server = Server::start(talkative);
            let outcome = fire(&plan(server.address, mode, 2, 9));
            assert_eq!(
                (outcome.ok, outcome.failed(), server.requests()),
                (9, 0, 9),
                "{:#?}",
                outcome.samples
            );
            let Some(first) = outcome.unasked.first else { return false };
            assert_eq!((first.received.as_slice(), first.received_bytes), (HELLO, HELLO.len() as u64));
            assert_eq!(first.what, format!("{} bytes that no request asked for", HELLO.len()));
            assert!((1..=2).contains(&first.connection) && (1..=9).contains(&first.request), "{first:?}");
            assert!(first.local.is_some_and(|local| local.ip().is_loopback()));
            outcome.unasked.connections == 2 && (4..=5).contains(&first.request)
        }));
    }
}

#[test]
fn it_is_found_at_the_end_of_a_time_and_of_a_schedule_too() {
    let on_all = |pace, amount| {
        let server = Server::start(talkative);
        let outcome = fire(&Plan { pace, amount, ..plan(server.address, PIPELINE_1, 2, 1) });
        assert_eq!(outcome.failed(), 0, "{:#?}", outcome.samples);
        outcome.unasked.connections == server.connections()
    };
    let schedule = Pace::Open(Rate::constant(1_000.0));
    let time = Amount::Time(Duration::from_millis(100));
    for (pace, amount) in [(schedule, Amount::Requests(20)), (Pace::Closed, time), (schedule, time)] {
        // What comes at the end is awaited for a moment only, which on a busy machine may be too short.
        assert!(in_some_try(|| on_all(pace, amount)), "{pace:?} {amount:?}");
    }
}

#[test]
fn a_connection_that_is_closed_after_so_many_answers_is_listened_to_beside_the_next() {
    // It is awaited for a moment only.
    assert!(in_some_try(|| {
        let server =
            Server::start(|peer: Peer| if peer.number == 0 { talkative(peer) } else { always(HELLO)(peer) });
        let plan = Plan { requests_per_connection: Some(2), ..plan(server.address, PIPELINE_1, 1, 10) };
        let outcome = fire(&plan);
        assert_eq!((outcome.ok, server.connections()), (10, 5), "{outcome:?}");
        let Some(first) = outcome.unasked.first else { return false };
        assert_eq!((outcome.unasked.connections, first.request), (1, 2));
        true
    }));
}

#[test]
fn a_server_that_answers_twice_is_found_out_however_much_is_asked_of_it() {
    for amount in [Amount::Requests(1), Amount::Requests(9), Amount::Time(Duration::from_millis(100))] {
        for mode in [PIPELINE_1, Mode::KeepAlive { pipeline: 4 }] {
            assert_found_out(|plan| Plan { amount, mode, ..plan });
        }
    }
}

#[test]
fn a_server_that_answers_twice_is_found_out_by_a_schedule() {
    for (per_sec, amount) in [
        // So slow that it says all that it has to say while nothing is asked.
        (20.0, Amount::Requests(4)),
        (2_000.0, Amount::Requests(6)),
        (2_000.0, Amount::Time(Duration::from_millis(100))),
    ] {
        assert_found_out(|plan| Plan { pace: Pace::Open(Rate::constant(per_sec)), amount, ..plan });
    }
}

#[test]
fn a_server_that_answers_twice_is_found_out_though_no_connection_lasts() {
    for amount in [Amount::Requests(10), Amount::Time(Duration::from_millis(100))] {
        assert_found_out(|plan| Plan { requests_per_connection: Some(2), amount, ..plan });
    }
}

#[test]
fn whoever_says_no_more_than_it_was_asked_is_not_accused_and_not_reset() {
    for mode in [PIPELINE_1, Mode::KeepAlive { pipeline: 4 }] {
        for requests_per_connection in [None, Some(3)] {
            for pace in [Pace::Closed, Pace::Open(Rate::constant(5_000.0))] {
                if mode != PIPELINE_1 && pace != Pace::Closed {
                    continue;
                }
                let server = Server::start(always(HELLO));
                let plan = Plan { requests_per_connection, pace, ..plan(server.address, mode, 4, 100) };
                let outcome = fire(&plan);
                assert_eq!((outcome.ok, outcome.failed()), (100, 0), "{:#?}", outcome.samples);
                assert_eq!((outcome.unasked.connections, outcome.unasked.first), (0, None));
                assert_eq!(outcome.connections_opened, server.connections());
                assert_eq!(server.resets(), 0);
            }
        }
    }
}

#[test]
fn a_server_may_say_that_it_has_waited_for_long_enough() {
    let server = Server::start(|mut peer| {
        if peer.request()? {
            peer.send(HELLO)?;
        }
        peer.send(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")?;
        peer.close()
    });
    let plan = plan(server.address, PIPELINE_1, 1, 1);
    for pace in [Pace::Closed, Pace::Open(Rate::constant(100.0))] {
        let outcome = fire(&Plan { pace, ..plan.clone() });
        // On a busy machine it may have come in one read with the answer.
        assert_eq!(outcome.ok + outcome.errors.count(ErrorKind::Malformed), 1, "{:#?}", outcome.samples);
        assert_eq!(outcome.unasked, Unasked::default());
    }
}

#[test]
fn a_server_that_does_not_close_holds_nobody_up_for_long() {
    let server = Server::start(|mut peer| {
        while peer.request()? {
            peer.send(HELLO)?;
        }
        // It has seen the client's end, and keeps its own open.
        thread::sleep(Duration::from_secs(2));
        Ok(())
    });
    let began = Instant::now();
    let outcome = fire(&plan(server.address, PIPELINE_1, 2, 10));
    assert_eq!((outcome.ok, outcome.unasked.connections), (10, 0));
    assert!(began.elapsed() < HANG / 2, "{:?}", began.elapsed());
}
