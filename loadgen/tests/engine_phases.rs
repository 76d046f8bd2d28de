//! What the engine counts is what each phase of the lab counted, in every mode, with errors and without.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use handler::{Routes, Stats};
use loadgen::engine::{self, Amount, ErrorKind, Expect, Mode, Outcome, Pace, Plan, Progress, Rate};
use server::{Background, Stop};

type Serve = fn(TcpListener, &Arc<Stats>, &Stop) -> io::Result<()>;

/// A phase with the lab's routes.
macro_rules! phase {
    ($name:ident) => {
        (stringify!($name), |listener, stats, stop| {
            let routes = Routes::new(Arc::clone(stats));
            $name::serve(listener, routes, &$name::Options::default(), stats, stop)
        })
    };
}

const PHASES: [(&str, Serve); 5] = [
    phase!(phase0_serial),
    phase!(phase1_threads),
    phase!(phase2_async),
    phase!(phase3_pooled),
    phase!(phase4_keepalive),
];
const REQUESTS: u64 = 120;

fn plan(target: SocketAddr, path: &str, mode: Mode) -> Plan {
    let close = if mode == Mode::Close { "Connection: close\r\n" } else { "" };
    Plan {
        target: target.into(),
        request: format!("GET {path} HTTP/1.1\r\nHost: {target}\r\n{close}\r\n").into_bytes(),
        head: false,
        mode,
        requests_per_connection: None,
        reset: false,
        pace: Pace::Closed,
        connections: 4,
        threads: 2,
        warmup: Duration::ZERO,
        amount: Amount::Requests(REQUESTS),
        timeout: Duration::from_secs(20),
        expect: Expect { status: Some(200), body: None },
        cohorts: Vec::new(),
        cpus: Vec::new(),
    }
}

/// Fires `plan` (made for an address) at a fresh server of each phase and hands over what both counted.
fn on_each_phase(make: impl Fn(SocketAddr) -> Plan, check: impl Fn(&str, &Outcome, &Background)) {
    for (name, serve) in PHASES {
        let server = Background::start(serve).expect("a port");
        let outcome = engine::run(&make(server.addr()), &Progress::default()).expect("a possible plan");
        // The server notices the last close a moment later.
        server.wait_until("the connections end", |stats| stats.connections().active == 0);
        check(name, &outcome, &server);
        server.stop().expect("an orderly end");
    }
}

fn modes() -> [(Mode, Option<u64>, Pace); 6] {
    let keep = |pipeline| Mode::KeepAlive { pipeline };
    let paced = Pace::Open(Rate::constant(2_000.0));
    [
        (Mode::Close, None, Pace::Closed),
        (keep(1), None, Pace::Closed),
        (keep(1), Some(7), Pace::Closed),
        (keep(8), None, Pace::Closed),
        (Mode::Close, None, paced),
        (keep(1), None, paced),
    ]
}

#[test]
fn requests_and_connections_agree_with_the_servers_own_counts() {
    for (mode, requests_per_connection, pace) in modes() {
        let make = |target| Plan { requests_per_connection, pace, ..plan(target, "/", mode) };
        on_each_phase(make, |name, outcome, server| {
            let stats = server.stats().snapshot();
            let what = format!("{name}, {mode:?}, {pace:?}: {:?} {stats:?}", outcome.samples);
            assert_eq!((outcome.ok, outcome.failed()), (REQUESTS, 0), "{what}");
            // What a server without keep-alive does not read of a pipeline is sent again.
            assert_eq!(stats.requests, REQUESTS, "{what}");
            assert_eq!(stats.connections.total, outcome.connections_opened, "{what}");
            assert_eq!(stats.errors.io + stats.errors.bad_request + stats.errors.timeout, 0, "{what}");
        });
    }
}

#[test]
fn answers_that_are_errors_are_counted_on_both_sides() {
    for mode in [Mode::Close, Mode::KeepAlive { pipeline: 1 }] {
        on_each_phase(
            |target| plan(target, "/nowhere", mode),
            |name, outcome, server| {
                let failed = outcome.errors.count(ErrorKind::Status);
                assert_eq!(
                    (outcome.ok, failed, outcome.failed()),
                    (0, REQUESTS, REQUESTS),
                    "{name}, {mode:?}"
                );
                assert_eq!(outcome.statuses.get(&404), Some(&REQUESTS), "{name}, {mode:?}");
                assert_eq!(server.stats().requests(), REQUESTS, "{name}, {mode:?}");
            },
        );
    }
}

#[test]
fn bytes_that_are_no_request_are_errors_of_the_same_number_on_both_sides() {
    let broken = |target| Plan { request: b"GET /\r\n\r\n".to_vec(), ..plan(target, "/", Mode::Close) };
    on_each_phase(broken, |name, outcome, server| {
        let stats = server.stats().snapshot();
        assert_eq!(outcome.errors.count(ErrorKind::Status), REQUESTS, "{name}: {:?}", outcome.samples);
        assert_eq!((stats.requests, stats.errors.bad_request), (0, REQUESTS), "{name}");
    });
}
