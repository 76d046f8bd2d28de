//! What phase 0 does, and what it can't do.

use std::io::{Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use handler::Routes;
use phase0_serial::Options;
use server::Background;

const HELLO: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn start(options: Options) -> Background {
    Background::start(move |listener, stats, stop| {
        phase0_serial::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port")
}

#[test]
fn a_request_is_answered_and_the_connection_closed() {
    let answer = start(Options::default()).ask(HELLO).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nHello, World!"), "{answer}");
}

#[test]
fn a_slow_request_delays_the_next() {
    let server = start(Options::default());
    let mut slow = server.send("GET /wait?ms=1000 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(server.ask(HELLO).expect("an answer").ends_with("Hello, World!"));
    // On loopback what was sent before is there before.
    slow.set_nonblocking(true).expect("set");
    assert!(slow.read(&mut [0]).is_ok_and(|read| read == 1), "the quick one was answered first");
}

#[test]
fn a_silent_client_is_left_for_the_next_one() {
    let server = start(Options::default());
    let _silent = server.connect().expect("connected");
    assert!(server.ask(HELLO).expect("an answer").ends_with("Hello, World!"));
}

#[test]
fn each_silent_client_costs_its_deadline() {
    let mut options = Options::default();
    options.common.idle_timeout = Duration::from_millis(100);
    let server = start(options);
    let before = Instant::now();
    let silent: Vec<_> = (0..5).map(|_| server.connect().expect("connected")).collect();
    assert!(server.ask(HELLO).expect("an answer").ends_with("Hello, World!"));
    assert!(before.elapsed() >= Duration::from_millis(500), "some of them were served at the same time");
    drop(silent);
}

#[test]
fn half_a_request_is_told_that_it_took_too_long() {
    let answer = start(Options::default()).ask("GET / HTTP/1.1\r\nHost:").expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[test]
fn stopping_finishes_the_answer_under_way() {
    let server = start(Options::default());
    let mut stream = server.send("GET /wait?ms=200 HTTP/1.1\r\nHost: a\r\n\r\n");
    server.wait_for_requests(1);
    server.stop().expect("stopped cleanly");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.ends_with("waited 200 ms\n"), "{answer}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_stopped_server_refuses_new_clients_while_it_finishes_the_answer() {
    let server = start(Options::default());
    let stream = server.send("GET /wait?ms=4000 HTTP/1.1\r\nHost: a\r\n\r\n");
    server.wait_for_requests(1);
    server.stopper().trigger();
    let refused = server.connect().map_err(|error| error.kind()).map(drop);
    assert_eq!(refused, Err(std::io::ErrorKind::ConnectionRefused));
    assert_eq!(server.stats().connections().active, 1, "the answer is still under way");
    server.stop().expect("stopped cleanly");
    drop(stream);
}

#[test]
fn an_idle_server_stops_without_waiting_for_anything() {
    let mut options = Options::default();
    options.common.drain_timeout = Duration::from_secs(3_600);
    let server = start(options);
    server.stop().expect("stopped before the limit");
}

#[test]
fn a_client_that_goes_on_sending_does_not_outlast_a_stop() {
    let mut options = Options::default();
    options.common.body_timeout = Duration::from_secs(3_600);
    let server = start(options);
    let mut dripping = server.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n");
    server.wait_until("it is accepted", |stats| stats.connections().active == 1);
    thread::scope(|scope| {
        scope.spawn(move || {
            // Often enough that a byte is ready whenever the server looks. Bounded: the server leaves long
            // before the body is whole.
            for _ in 0..8_000 {
                if dripping.write_all(b"x").is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(10));
            }
        });
        server.stop().expect("stopped at the drain deadline");
    });
}

#[test]
fn a_client_that_stops_in_its_body_is_left_for_the_next_one() {
    let mut options = Options::default();
    options.common.body_timeout = Duration::from_millis(300);
    let server = start(options);
    let mut stuck = server.connect().expect("connected");
    stuck.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc").expect("sent");
    assert!(server.ask(HELLO).expect("an answer").ends_with("Hello, World!"));
}

#[test]
fn a_client_that_does_not_read_is_left_for_the_next_one() {
    let mut options = Options::default();
    options.common.write_timeout = Duration::from_millis(300);
    let server = start(options);
    let mut deaf = server.connect().expect("connected");
    deaf.write_all(b"GET /bytes?n=16000000 HTTP/1.1\r\nHost: a\r\n\r\n").expect("sent");
    assert!(server.ask(HELLO).expect("an answer").ends_with("Hello, World!"));
}
