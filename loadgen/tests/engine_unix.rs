//! The engine over unix sockets: the same modes, the same counts, the same names.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

use loadgen::engine::{self, Cohort, CohortKind, ErrorKind, Mode, Pace, Plan, Progress, Rate, Target};
use support::{HELLO, HELLO_CLOSE, PIPELINE_1, REQUEST, fire, in_some_try, plan};

/// Serves `connections` and returns how many requests they sent.
fn serve(path: &Path, connections: usize, closes: bool) -> thread::JoinHandle<usize> {
    serve_on(UnixListener::bind(path).unwrap(), connections, closes)
}

fn serve_on(listener: UnixListener, connections: usize, closes: bool) -> thread::JoinHandle<usize> {
    thread::spawn(move || {
        let serving: Vec<_> = (0..connections)
            .map(|_| {
                let (mut stream, _) = listener.accept().unwrap();
                thread::spawn(move || {
                    let (mut buffer, mut pending, mut requests) = ([0; 4_096], 0, 0);
                    while let Ok(received @ 1..) = stream.read(&mut buffer) {
                        pending += received;
                        for _ in 0..pending / REQUEST.len() {
                            requests += 1;
                            stream.write_all(if closes { HELLO_CLOSE } else { HELLO }).unwrap();
                        }
                        pending %= REQUEST.len();
                        if closes {
                            break;
                        }
                    }
                    requests
                })
            })
            .collect();
        serving.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

fn plan_to(path: &Path, mode: Mode, connections: usize, requests: u64) -> Plan {
    let nowhere = ([127, 0, 0, 1], 9).into();
    Plan { target: Target::Unix(path.to_owned()), ..plan(nowhere, mode, connections, requests) }
}

#[test]
fn every_mode_counts_what_the_server_counts() {
    let folder = tempfile::tempdir().unwrap();
    for (name, mode, connections) in [
        ("close", Mode::Close, 60),
        ("kept", PIPELINE_1, 3),
        ("pipeline", Mode::KeepAlive { pipeline: 8 }, 3),
    ] {
        let path = folder.path().join(name);
        let server = serve(&path, connections, mode == Mode::Close);
        let outcome = fire(&plan_to(&path, mode, 3, 60));
        assert_eq!((outcome.ok, outcome.failed()), (60, 0), "{name}: {:#?}", outcome.samples);
        assert_eq!(outcome.connections_opened, connections as u64, "{name}");
        assert_eq!(server.join().unwrap(), 60, "{name}");
    }
}

#[test]
fn a_socket_that_is_not_there_or_has_no_server_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gone");
    let failed_because = |why: &str| {
        let outcome = fire(&plan_to(&path, PIPELINE_1, 1, 1));
        assert_eq!(outcome.errors.count(ErrorKind::Connect), 1);
        let what = &outcome.failures[0].what;
        assert!(what.contains("gone") && what.contains(why), "{what}");
    };
    failed_because("no such file");
    // From now on there is a file, with nobody behind it.
    drop(UnixListener::bind(&path).unwrap());
    failed_because("connection refused");
}

#[test]
fn a_path_that_can_lead_to_no_socket_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    // One that is just not too long is only not there.
    let path_of = |bytes: usize| {
        let name = "x".repeat(bytes - folder.path().as_os_str().len() - 1);
        folder.path().join(name)
    };
    for (path, why) in [
        (file, "a file and no socket"),
        (folder.path().to_owned(), "a folder and no socket"),
        (path_of(108), "has 108 bytes, and that of a unix socket at most 107"),
    ] {
        let error =
            engine::run(&plan_to(&path, PIPELINE_1, 1, 1), &Progress::default()).expect_err("no socket");
        assert!(error.is_bad_argument(), "{error}");
        let text = error.to_string();
        assert!(text.starts_with(path.to_str().unwrap()) && text.contains(why), "{text}");
    }
    let outcome = fire(&plan_to(&path_of(107), PIPELINE_1, 1, 1));
    assert!(outcome.failures[0].what.contains("no such file"), "{:?}", outcome.samples);
}

/// A socket with room for hardly anyone.
fn narrow(path: &Path) -> socket2::Socket {
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    socket.bind(&socket2::SockAddr::unix(path).unwrap()).unwrap();
    socket.listen(1).unwrap();
    socket
}

/// A server at such a socket, who is not in a hurry and answers `requests` of them, a connection each.
fn take_time(path: &Path, requests: usize) -> thread::JoinHandle<()> {
    let socket = narrow(path);
    thread::spawn(move || {
        for number in 0..requests {
            let (mut stream, _) = socket.accept().unwrap();
            // The others come during the first pause; the later ones let them have their turns.
            thread::sleep(Duration::from_millis(if number == 0 { 2_000 } else { 10 }));
            let mut buffer = [0; 4_096];
            let received = stream.read(&mut buffer).unwrap();
            assert_eq!(received, REQUEST.len());
            stream.write_all(HELLO_CLOSE).unwrap();
        }
    })
}

/// Fires 20 requests at such a server, and returns how many took long.
fn slow_ones_at_a_full_backlog() -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow");
    let server = take_time(&path, 20);
    let outcome = fire(&plan_to(&path, Mode::Close, 10, 20));
    server.join().unwrap();
    assert_eq!((outcome.ok, outcome.failed()), (20, 0), "{:#?}", outcome.samples);
    outcome.latency_ns.count_between(1_000_000_000, u64::MAX)
}

#[test]
fn a_full_backlog_makes_requests_wait_and_not_fail() {
    // The one that is being served and the two that had room are slow anyway. A connection that gets its room
    // late may find its request done by another, but not each time.
    assert!(in_some_try(|| slow_ones_at_a_full_backlog() > 3), "the wait for room is part of the latency");
}

#[test]
fn a_full_backlog_loses_no_request_of_a_schedule() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow");
    let server = take_time(&path, 20);
    let plan = Plan { pace: Pace::Open(Rate::constant(1_000.0)), ..plan_to(&path, Mode::Close, 10, 20) };
    let outcome = fire(&plan);
    server.join().unwrap();
    assert_eq!((outcome.ok, outcome.failed()), (20, 0), "{:#?}", outcome.samples);
    let open = outcome.open_loop.as_ref().expect("an open loop");
    assert_eq!((open.due, open.never_sent, outcome.in_flight_at_end), (20, 0, 0));
    assert_eq!((open.service_ns.len(), outcome.connections_opened), (20, 20));
}

#[test]
fn a_full_backlog_makes_a_cohort_wait_and_not_fail() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("narrow");
    let listener = UnixListener::from(OwnedFd::from(narrow(&path)));
    let cohorts = vec![Cohort::new(CohortKind::Idle, 20, "test", "/")];
    let plan = Plan { cohorts, ..plan_to(&path, PIPELINE_1, 1, 10) };
    let server = serve_on(listener, 21, false);
    let outcome = fire(&plan);
    assert_eq!(server.join().unwrap(), 10);
    let idle = &outcome.cohorts[0];
    assert_eq!((idle.established_max, idle.opened, idle.failed_connects), (20, 20, 0), "{:?}", idle.why);
    assert_eq!((outcome.ok, outcome.failed()), (10, 0), "{:#?}", outcome.samples);
}
