//! What the engine counts is what each phase of the lab counted and says in `/stats`, in every mode, with
//! errors and without.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use handler::{Routes, Stats};
use loadgen::engine::{self, Amount, ErrorKind, Expect, Mode, Outcome, Pace, Plan, Progress, Rate};
use serde_json::Value;
use server::{Background, Stop};

type Serve = fn(TcpListener, &Arc<Stats>, &Stop) -> io::Result<()>;

macro_rules! with_routes {
    ($($phase:ident = $name:literal $said:tt)+) => {
        /// Each phase with the lab's routes.
        const PHASES: &[(&str, Serve)] = &[$(($name, |listener, stats, stop| {
            let routes = Routes::new(Arc::clone(stats));
            $phase::serve(listener, routes, &$phase::Options::default(), stats, stop)
        })),+];
    };
}
loadgen::phases!(with_routes);

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

/// What a server says it has counted.
#[derive(Debug, PartialEq)]
struct Counted {
    requests: u64,
    connections: u64,
    /// Requests that it could not read.
    bad: u64,
    /// Whatever else it found wrong, by name.
    others: Vec<(String, u64)>,
}

/// Asks for `/stats`, as anybody would, and takes that question off.
fn counted(server: &Background) -> Counted {
    let question = "GET /stats HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    let answer = server.ask(question).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    let stats: Value = serde_json::from_str(body).expect("JSON");
    let number = |path: &str| stats.pointer(path).and_then(Value::as_u64).expect("a number");
    let errors = stats["errors"].as_object().expect("errors by name").iter();
    Counted {
        requests: number("/requests") - 1,
        connections: number("/connections/total") - 1,
        bad: number("/errors/bad_request"),
        others: errors
            .map(|(name, count)| (name.clone(), count.as_u64().expect("a number")))
            .filter(|(name, count)| name != "bad_request" && *count > 0)
            .collect(),
    }
}

/// Fires `plan` (made for an address) at a fresh server of each phase and hands over what both counted,
/// once the server has got everything that was `sent`.
fn on_each_phase(
    make: impl Fn(SocketAddr) -> Plan + Sync,
    sent: impl Fn(&Outcome) -> u64 + Sync,
    check: impl Fn(&str, &Outcome, &Counted) + Sync,
) {
    let on = |name: &str, serve| {
        let server = Background::start(serve).expect("a port");
        let outcome = engine::run(&make(server.addr()), &Progress::default()).expect("a possible plan");
        // It notices the last close a moment later, and may still have a queue to work off.
        server.wait_until("all that was sent is there, and the connections end", |stats| {
            stats.requests() >= sent(&outcome) && stats.connections().active == 0
        });
        check(name, &outcome, &counted(&server));
        server.stop().expect("an orderly end");
    };
    // All at once: where requests time out, it is the waiting that takes long.
    thread::scope(|scope| {
        for &(name, serve) in PHASES {
            let on = &on;
            scope.spawn(move || on(name, serve));
        }
    });
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

/// Runs `check` in every mode, on every phase, and says which it was in what it is given.
fn in_each_mode(
    change: impl Fn(&mut Plan) + Sync,
    sent: impl Fn(&Outcome) -> u64 + Sync,
    check: impl Fn(&str, &Outcome, &Counted) + Sync,
) {
    for (mode, requests_per_connection, pace) in modes() {
        let make = |target| {
            let mut plan = Plan { requests_per_connection, pace, ..plan(target, "/", mode) };
            change(&mut plan);
            plan
        };
        on_each_phase(make, &sent, |name, outcome, counted| {
            let what = format!("{name}, {mode:?}, {pace:?}: {:?} {counted:?}", outcome.samples);
            assert_eq!(outcome.connections_opened, counted.connections, "{what}");
            check(&what, outcome, counted);
        });
    }
}

fn ask_for(plan: &mut Plan, path: &str) {
    let text = String::from_utf8(plan.request.clone()).expect("it was text");
    plan.request = text.replacen("GET / ", &format!("GET {path} "), 1).into_bytes();
}

#[test]
fn requests_and_connections_agree_with_the_servers_own_counts() {
    // What a server without keep-alive does not read of a pipeline is sent again.
    in_each_mode(
        |_| {},
        |_| REQUESTS,
        |what, outcome, counted| {
            assert_eq!((outcome.ok, outcome.failed()), (REQUESTS, 0), "{what}");
            assert_eq!((counted.requests, counted.bad), (REQUESTS, 0), "{what}");
        },
    );
}

#[test]
fn a_timed_run_agrees_to_the_last_request_in_flight() {
    in_each_mode(
        |plan| plan.amount = Amount::Time(Duration::from_millis(100)),
        |outcome| outcome.ok + if outcome.pipeline > 1 { 0 } else { outcome.in_flight_at_end },
        |what, outcome, counted| {
            assert_eq!(outcome.failed(), 0, "{what}");
            let under_way = outcome.ok + outcome.in_flight_at_end;
            if outcome.pipeline > 1 {
                // A server that closes after its first answer has not read the rest of the pipeline.
                assert!((outcome.ok..=under_way).contains(&counted.requests), "{what}");
            } else {
                assert_eq!(counted.requests, under_way, "{what}");
            }
        },
    );
}

#[test]
fn answers_that_are_errors_are_counted_on_both_sides() {
    in_each_mode(
        |plan| ask_for(plan, "/nowhere"),
        |_| REQUESTS,
        |what, outcome, counted| {
            let failed = outcome.errors.count(ErrorKind::Status);
            assert_eq!((outcome.ok, failed, outcome.failed()), (0, REQUESTS, REQUESTS), "{what}");
            assert_eq!(outcome.statuses.get(&404), Some(&REQUESTS), "{what}");
            assert_eq!(counted.requests, REQUESTS, "{what}");
        },
    );
}

#[test]
fn requests_that_time_out_have_been_received_all_the_same() {
    // Few, as the serial phase has them wait for each other.
    const FEW: u64 = 2;
    in_each_mode(
        |plan| {
            // A client may be without a CPU for a second before it sends and before it sees the timeout.
            ask_for(plan, "/wait?ms=2500");
            plan.amount = Amount::Requests(FEW);
            plan.timeout = Duration::from_secs(1);
        },
        |_| FEW,
        |what, outcome, counted| {
            let timeouts = outcome.errors.count(ErrorKind::Timeout);
            assert_eq!((outcome.ok, timeouts, outcome.failed()), (0, FEW, FEW), "{what}");
            // Of two in a pipeline the first times out, and the second is sent anew on another connection:
            // a server that keeps connections has read it twice by then.
            let twice = if outcome.pipeline > 1 { FEW / 2 } else { 0 };
            assert!((FEW..=FEW + twice).contains(&counted.requests), "{what}");
        },
    );
}

#[test]
fn bytes_that_are_no_request_are_errors_of_the_same_number_on_both_sides() {
    let broken = |target| Plan { request: b"GET /\r\n\r\n".to_vec(), ..plan(target, "/", Mode::Close) };
    on_each_phase(
        broken,
        |_| 0,
        |name, outcome, counted| {
            assert_eq!(outcome.errors.count(ErrorKind::Status), REQUESTS, "{name}: {:?}", outcome.samples);
            assert_eq!((counted.requests, counted.bad), (0, REQUESTS), "{name}");
            assert!(counted.others.is_empty(), "{name}: {counted:?}");
        },
    );
}
