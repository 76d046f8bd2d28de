//! The engine against servers that misbehave on purpose: each failure has its right name in every mode,
//! each request is counted once, and nothing hangs.

mod support;

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use loadgen::engine::{ErrorKind, Expect, Mode, Outcome};
use support::{HELLO, PIPELINE_1, Peer, Server, always, fire, in_some_try, once, plan};

const MODES: [Mode; 3] = [Mode::Close, PIPELINE_1, Mode::KeepAlive { pipeline: 4 }];
const REQUESTS: u64 = 4;
/// For servers that would take forever, and only for them: the others may take a while on a busy machine.
const SHORT: Duration = Duration::from_millis(250);

/// Whatever the mode, all requests fail on a server that follows `script`, as one of `kinds`.
#[track_caller]
fn all_fail<S>(kinds: &[ErrorKind], script: impl Fn() -> S) -> Outcome
where
    S: Fn(Peer) -> io::Result<()> + Send + Sync + 'static,
{
    let mut last = None;
    for mode in MODES {
        let server = Server::start(script());
        let mut plan = plan(server.address, mode, 2, REQUESTS);
        if kinds.contains(&ErrorKind::Timeout) {
            plan.timeout = SHORT;
        }
        let outcome = fire(&plan);
        let named: u64 = kinds.iter().map(|&kind| outcome.errors.count(kind)).sum();
        assert_eq!(
            (outcome.ok, named),
            (0, REQUESTS),
            "{mode:?}: {:?} {:#?}",
            outcome.errors,
            outcome.samples
        );
        assert_eq!(outcome.failed(), REQUESTS);
        last = Some(outcome);
    }
    last.expect("there are modes")
}

/// Sends `start`, then `again` without end, until the client has had enough.
fn endless(start: &'static [u8], again: &'static [u8]) -> impl Fn(Peer) -> io::Result<()> + Send + Sync {
    move |mut peer| {
        if peer.request()? {
            peer.send(start)?;
            // In pieces of some size, so that a flood is one.
            let flood = again.repeat(8_192 / again.len() + 1);
            while peer.stream.write_all(&flood).is_ok() {}
        }
        Ok(())
    }
}

#[test]
fn a_server_that_accepts_and_closes_at_once_is_a_short_answer_or_a_reset() {
    // Which of the two depends on whether the request had come by then.
    all_fail(&[ErrorKind::ShortBody, ErrorKind::Reset], || {
        |peer: Peer| {
            drop(peer);
            Ok(())
        }
    });
}

#[test]
fn a_close_before_the_end_is_a_short_body_wherever_it_comes() {
    for start in [
        &b""[..],
        b"H",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ] {
        let outcome = all_fail(&[ErrorKind::ShortBody], || once(start));
        let failure = &outcome.failures[0];
        assert!(failure.what.starts_with("the server closed "), "{failure:?}");
        assert_eq!((failure.received.as_slice(), failure.received_bytes), (start, start.len() as u64));
    }
}

#[test]
fn a_reset_is_a_reset_wherever_it_comes() {
    for start in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
    ] {
        all_fail(&[ErrorKind::Reset], || {
            move |mut peer: Peer| {
                peer.request()?;
                peer.send(start)?;
                peer.reset();
                Ok(())
            }
        });
    }
}

#[test]
fn a_reset_after_a_whole_answer_costs_no_request() {
    for mode in MODES {
        let server = Server::start(|mut peer| {
            peer.request()?;
            peer.send(HELLO)?;
            peer.reset();
            Ok(())
        });
        let outcome = fire(&plan(server.address, mode, 2, REQUESTS));
        assert_eq!((outcome.ok, outcome.failed()), (REQUESTS, 0), "{mode:?}: {:#?}", outcome.samples);
    }
}

#[test]
fn what_never_ends_is_a_timeout() {
    for (start, again) in [
        (&b"HTTP/1.1 200 OK\r\n\r\n"[..], &b"hello"[..]),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\n", b"hello"),
    ] {
        all_fail(&[ErrorKind::Timeout], || endless(start, again));
    }
}

#[test]
fn silence_is_a_timeout_wherever_it_sets_in() {
    for start in [
        &b""[..],
        b"HTTP/1.1 20",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
    ] {
        // A server without a CPU may not have got to it in time, but not each time.
        assert!(in_some_try(|| {
            let outcome = all_fail(&[ErrorKind::Timeout], || {
                move |mut peer: Peer| {
                    if peer.request()? {
                        peer.send(start)?;
                    }
                    peer.drain()
                }
            });
            outcome.failures.iter().any(|failure| failure.received == start)
        }));
    }
}

#[test]
fn bytes_now_and_then_do_not_put_the_timeout_off() {
    all_fail(&[ErrorKind::Timeout], || {
        |mut peer: Peer| {
            peer.request()?;
            for byte in HELLO {
                peer.send(&[*byte])?;
                // All together it takes seconds, so that a client without a CPU misses its end too.
                thread::sleep(Duration::from_millis(100));
            }
            Ok(())
        }
    });
}

#[test]
fn what_is_no_response_is_malformed() {
    for garbage in
        [&b"\0\xff\x16\x03garbage"[..], b"220 mail ESMTP\r\n", b"HTTP/1.1 OK\r\n\r\n", b"HTTP/3 200\r\n"]
    {
        let outcome = all_fail(&[ErrorKind::Malformed], || once(garbage));
        assert_eq!(outcome.failures[0].received, garbage);
    }
}

#[test]
fn floods_of_what_should_be_short_are_cut_off() {
    for (start, again, why) in [
        (&b""[..], &b"HTTP/1.1 100 Continue\r\n\r\n"[..], "interim responses"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", "128 header fields"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y", "64 KiB"),
        (b"HTTP/1.1 200 ", b"very ", "64 KiB"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"x", "4 KiB"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0", "4 KiB"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", "16 KiB"),
    ] {
        // Well before its time is over.
        let outcome = all_fail(&[ErrorKind::Malformed], || endless(start, again));
        assert!(outcome.failures.iter().all(|failure| failure.what.contains(why)), "{:#?}", outcome.samples);
    }
}

#[test]
fn a_length_that_is_too_long_is_short_and_one_that_is_too_short_leaves_bytes_over() {
    const SHORT_BY_ONE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhello";
    all_fail(&[ErrorKind::ShortBody], || once(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello"));
    // What was expected names it first; nobody who knows the body asks where the rest came from.
    for mode in [Mode::Close, PIPELINE_1] {
        let server = Server::start(once(SHORT_BY_ONE));
        let mut plan = plan(server.address, mode, 2, REQUESTS);
        assert_eq!(fire(&plan).errors.count(ErrorKind::WrongBody), REQUESTS, "{mode:?}");
        plan.expect = Expect::default();
        let outcome = fire(&plan);
        assert_eq!(outcome.errors.count(ErrorKind::Malformed), REQUESTS, "{mode:?}");
        assert_eq!(outcome.failures[0].received, SHORT_BY_ONE, "the surplus is shown behind the response");
    }
}

#[test]
fn what_comes_after_a_long_response_is_shown_alone() {
    let mut response = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".to_vec();
    response.resize(response.len() + 100_000, b'x');
    for pause in [Duration::ZERO, Duration::from_millis(20)] {
        // A server without a CPU may say more later than its close is waited for, but not each time.
        assert!(in_some_try(|| {
            let response = response.clone();
            let server = Server::start(move |mut peer| {
                peer.request()?;
                peer.send(&response)?;
                thread::sleep(pause);
                peer.send(b"surplus")?;
                peer.close()
            });
            let mut plan = plan(server.address, Mode::Close, 1, 1);
            plan.expect = Expect::default();
            let outcome = fire(&plan);
            assert_eq!(outcome.ok + outcome.errors.count(ErrorKind::Malformed), 1, "{:#?}", outcome.samples);
            for failure in &outcome.failures {
                assert_eq!(failure.what, "7 bytes after the end of the last response");
                assert_eq!((failure.received.as_slice(), failure.received_bytes), (&b"surplus"[..], 7));
            }
            outcome.ok == 0
        }));
    }
}

#[test]
fn more_answers_than_requests_are_malformed_in_a_pipeline_too() {
    let server = Server::start(|mut peer| {
        while peer.request()? {
            for _ in 1..4 {
                peer.request()?;
            }
            peer.send(&HELLO.repeat(5))?;
        }
        Ok(())
    });
    let outcome = fire(&plan(server.address, Mode::KeepAlive { pipeline: 4 }, 1, 4));
    assert_eq!((outcome.ok, outcome.errors.count(ErrorKind::Malformed)), (3, 1), "{:#?}", outcome.samples);
}

#[test]
fn a_server_that_closes_under_a_long_request_is_a_reset_and_one_that_answers_it_early_is_heard() {
    const BODY_BYTES: usize = 4 << 20;
    const TOO_LARGE: &[u8] = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    for (answer, kind) in [(&b""[..], ErrorKind::Reset), (TOO_LARGE, ErrorKind::Status)] {
        for mode in MODES {
            // The head is read, the body is not: closing then resets the connection.
            let server = Server::start(move |mut peer: Peer| {
                peer.request()?;
                peer.send(answer)
            });
            let mut plan = plan(server.address, mode, 2, REQUESTS);
            plan.request =
                format!("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: {BODY_BYTES}\r\n\r\n").into_bytes();
            plan.request.resize(plan.request.len() + BODY_BYTES, b'x');
            let outcome = fire(&plan);
            assert_eq!(outcome.errors.count(kind), REQUESTS, "{mode:?}: {:#?}", outcome.samples);
            assert_eq!(outcome.failed(), REQUESTS);
        }
    }
}

#[test]
fn a_backlog_without_room_is_a_timeout() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    for mode in MODES {
        let mut plan = plan(address, mode, 4, REQUESTS);
        plan.timeout = SHORT;
        let outcome = fire(&plan);
        assert_eq!(outcome.errors.count(ErrorKind::Timeout), outcome.failed(), "{:#?}", outcome.samples);
        // After a while without a connection the server is given up.
        assert!(outcome.failed() > 0, "{mode:?}");
    }
}

#[test]
fn the_first_failures_are_shown_whole_with_where_they_were() {
    // Longer than any excerpt, and sent in two pieces.
    let body = "not here. ".repeat(60);
    let wrong = format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let to_send = wrong.clone();
    let server = Server::start(move |mut peer| {
        peer.request()?;
        peer.send(HELLO)?;
        while peer.request()? {
            let (first, second) = to_send.as_bytes().split_at(100);
            peer.send(first)?;
            thread::sleep(Duration::from_millis(20));
            peer.send(second)?;
        }
        Ok(())
    });
    let outcome = fire(&plan(server.address, PIPELINE_1, 1, 3));
    assert_eq!((outcome.ok, outcome.errors.count(ErrorKind::Status)), (1, 2));
    let [failure] = outcome.failures.as_slice() else { panic!("once is enough: {:#?}", outcome.failures) };
    assert_eq!(failure.received, wrong.as_bytes());
    assert_eq!((failure.connection, failure.request), (1, 2));
    assert_eq!((failure.kind, failure.what.as_str()), (ErrorKind::Status, "404 where 200 was expected"));
    assert!(failure.local.is_some_and(|local| local.ip().is_loopback()));
    assert!(failure.after >= Duration::from_millis(20));
    assert!(outcome.samples[0].starts_with("status: 404 where 200 was expected: \"HTTP/1.1 404"), "a line");

    let server = Server::start(always(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhullo"));
    let outcome = fire(&plan(server.address, PIPELINE_1, 1, 1));
    let failure = &outcome.failures[0];
    assert_eq!(failure.what, "5 bytes that differ from the 5 expected, from byte 1 on");
    assert!(failure.received.ends_with(b"\r\n\r\nhullo"));
}
