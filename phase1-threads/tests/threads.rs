//! What phase 1 does, and what it can't do.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use handler::Routes;
use phase1_threads::Options;
use server::{Background, receive};

const HELLO: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const SLOW: &str = "GET /wait?ms=3000 HTTP/1.1\r\nHost: a\r\n\r\n";

fn start(options: Options) -> Background {
    Background::start(move |listener, stats, stop| {
        phase1_threads::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port")
}

/// The order in which ten slow requests and then a quick one are answered; true is the quick one.
fn order_of_answers(server: &Background) -> Vec<bool> {
    let order = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let slow: Vec<_> = (0..10).map(|_| server.send(SLOW)).collect();
        // They overlap: all ten are being handled before the first is answered.
        server.wait_for_requests(10);
        assert_eq!(server.stats().snapshot().connections.active, 10);
        let streams = slow.into_iter().map(|stream| (stream, false));
        for (stream, is_quick) in streams.chain([(server.send(HELLO), true)]) {
            let order = &order;
            scope.spawn(move || {
                // Held until the order is noted: as soon as it is closed, its worker serves the next.
                let _held = stream.try_clone().expect("a handle");
                receive(stream);
                order.lock().expect("no panic").push(is_quick);
            });
        }
    });
    order.into_inner().expect("no panic")
}

#[test]
fn ten_requests_overlap_and_the_eleventh_waits() {
    let order = order_of_answers(&start(Options::default()));
    assert!(!order[0], "the quick one was answered first, by an eleventh worker");
}

#[test]
fn with_a_thread_per_connection_the_eleventh_does_not_wait() {
    let order = order_of_answers(&start(Options { spawn: true, ..Options::default() }));
    assert!(order[0], "the quick one had to wait for a slow one");
}

#[test]
fn silent_clients_cost_a_deadline_for_each_that_a_worker_has_to_sit_out() {
    let mut options = Options { workers: 2, ..Options::default() };
    options.common.idle_timeout = Duration::from_millis(100);
    let server = start(options);
    let before = Instant::now();
    let silent: Vec<_> = (0..6).map(|_| server.connect().expect("connected")).collect();
    assert!(server.ask(HELLO).expect("an answer").ends_with("Hello, World!"));
    assert!(before.elapsed() >= Duration::from_millis(300), "more than two at a time were sat out");
    drop(silent);
}

#[test]
fn above_the_limit_a_client_is_turned_away_and_those_inside_are_served() {
    let mut options = Options::default();
    options.common.max_connections = 2;
    let server = start(options);
    let inside: Vec<_> = (0..2).map(|_| server.send(SLOW)).collect();
    server.wait_for_requests(2);
    let turned_away = server.ask(HELLO).expect("an answer");
    assert!(turned_away.starts_with("HTTP/1.1 503 "), "{turned_away}");
    assert!(turned_away.contains("\r\nRetry-After: 1\r\n"), "{turned_away}");
    for stream in inside {
        assert!(receive(stream).starts_with("HTTP/1.1 200 "));
    }
    assert_eq!(server.stats().snapshot().connections.rejected, 1);
}

#[test]
fn stopping_finishes_the_answers_under_way() {
    let mut options = Options::default();
    options.common.drain_timeout = Duration::from_secs(20);
    let server = start(options);
    let streams: Vec<_> = (0..3).map(|_| server.send(SLOW)).collect();
    server.wait_for_requests(3);
    // The clients read while the server stops, as a draining connection waits for them to close.
    let readers: Vec<_> = streams.into_iter().map(|stream| thread::spawn(|| receive(stream))).collect();
    server.stop().expect("stopped cleanly");
    for reader in readers {
        assert!(reader.join().expect("no panic").ends_with("waited 3000 ms\n"));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_stopped_server_refuses_new_clients_while_it_finishes_the_answers() {
    let server = start(Options::default());
    let _stream = server.send(SLOW);
    server.wait_for_requests(1);
    server.stopper().trigger();
    let refused = server.connect().map_err(|error| error.kind()).map(drop);
    assert_eq!(refused, Err(std::io::ErrorKind::ConnectionRefused));
    assert_eq!(server.stats().connections().active, 1, "the answer is still under way");
}

#[test]
fn an_idle_server_stops_without_waiting_for_anything() {
    let mut options = Options::default();
    options.common.drain_timeout = Duration::from_secs(3_600);
    let server = start(options);
    server.stop().expect("stopped before the limit");
}

#[test]
fn a_client_that_stops_in_its_body_does_not_keep_its_worker() {
    let mut options = Options { workers: 1, ..Options::default() };
    options.common.body_timeout = Duration::from_millis(300);
    let server = start(options);
    let _stuck = server.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    assert!(server.ask(HELLO).expect("an answer").ends_with("Hello, World!"));
}

#[test]
fn a_connection_is_served_by_the_code_of_phase_0() {
    let (here, there) =
        (include_str!("../src/connection.rs"), include_str!("../../phase0-serial/src/connection.rs"));
    assert!(here == there, "phase 1 changes who serves a connection, not how");
}
