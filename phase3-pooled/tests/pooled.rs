//! What phase 3 does, and what it can't do.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use handler::Routes;
use phase3_pooled::Options;
use server::{Background, receive};

const HELLO: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn start(options: Options) -> Background {
    Background::start(move |listener, stats, stop| {
        phase3_pooled::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port")
}

#[test]
fn a_waiting_request_delays_nobody_even_on_one_worker() {
    let server = start(Options { workers: 1, ..Options::default() });
    let slow = server.send("GET /wait?ms=2000 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(server.ask(HELLO).expect("an answer").ends_with("Hello, World!"));
    slow.set_nonblocking(true).expect("set");
    assert!((&slow).read(&mut [0]).is_err(), "the slow one was answered first");
    slow.set_nonblocking(false).expect("set");
    assert!(receive(slow).ends_with("waited 2000 ms\n"));
}

#[test]
fn a_connection_still_carries_one_request_only() {
    let two = format!("{HELLO}{HELLO}");
    let answers = start(Options::default()).ask(two).expect("an answer");
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 1, "{answers}");
}

#[test]
fn a_large_answer_comes_whole_to_a_client_that_reads_late() {
    let server = start(Options::default());
    let stream = server.send("GET /bytes?n=8000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    server.wait_for_requests(1);
    assert!(receive(stream).len() > 8_000_000);
}

#[test]
fn a_client_that_does_not_read_is_left_at_the_deadline() {
    let mut options = Options::default();
    options.common.write_timeout = Duration::from_millis(300);
    let server = start(options);
    let _deaf = server.send("GET /bytes?n=16000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    server.wait_until("the write deadline comes", |stats| stats.snapshot().errors.timeout == 1);
}

#[test]
fn half_a_request_is_told_that_it_took_too_long() {
    let mut options = Options::default();
    options.common.head_timeout = Duration::from_millis(300);
    let answer = start(options).ask("GET / HTTP/1.1\r\nHost:").expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[test]
fn a_client_that_always_has_more_to_send_leaves_a_turn_to_the_others() {
    let mut options = Options { workers: 1, ..Options::default() };
    options.common.drain_timeout = Duration::from_secs(3_600);
    options.common.drain_bytes = 1_000_000_000;
    let server = start(options);
    // Refused at once, and what it goes on to send is thrown away for as long as it sends.
    let greedy = server.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n");
    let is_served = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let piece = vec![b'x'; 1_000_000];
            // Bounded: the server gives up after so many bytes.
            while !is_served.load(Relaxed) {
                (&greedy).write_all(&piece).expect("taken");
            }
            greedy.shutdown(Shutdown::Both).expect("closed");
        });
        let answer = server.ask(HELLO);
        is_served.store(true, Relaxed);
        assert!(answer.expect("an answer").starts_with("HTTP/1.1 200 "));
    });
}

#[test]
fn above_the_limit_a_client_is_turned_away_and_those_inside_are_served() {
    let mut options = Options::default();
    options.common.max_connections = 1;
    let server = start(options);
    let inside = server.send("GET /wait?ms=2000 HTTP/1.1\r\nHost: a\r\n\r\n");
    server.wait_for_requests(1);
    let turned_away = server.ask(HELLO).expect("an answer");
    assert!(turned_away.starts_with("HTTP/1.1 503 "), "{turned_away}");
    assert!(receive(inside).ends_with("waited 2000 ms\n"));
}

#[test]
fn stopping_finishes_the_answers_under_way_and_closes_the_idle_in_order() {
    let mut options = Options::default();
    options.common.drain_timeout = Duration::from_secs(20);
    let server = start(options);
    let idle = server.connect().expect("connected");
    let stream = server.send("GET /wait?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n");
    server.wait_for_requests(1);
    let readers = [stream, idle].map(|stream| thread::spawn(|| receive(stream)));
    server.stop().expect("stopped cleanly");
    let [answer, nothing] = readers.map(|reader| reader.join().expect("no reset"));
    assert!(answer.ends_with("waited 300 ms\n"), "{answer}");
    assert_eq!(nothing, "");
}

#[test]
fn whoever_breaks_off_does_not_keep_its_place_until_the_answer_is_due() {
    let server = start(Options::default());
    let stream = server.send("GET /wait?ms=10000 HTTP/1.1\r\nHost: a\r\n\r\n");
    server.wait_for_requests(1);
    reset(stream);
    server.wait_until("the connection is closed", |stats| stats.connections().active == 0);
    assert_eq!(server.stats().snapshot().errors.disconnected, 1, "it was closed before its delay was over");
}

/// Closes so that the server sees a reset instead of an orderly end.
fn reset(stream: TcpStream) {
    let socket = socket2::Socket::from(stream);
    socket.set_linger(Some(Duration::ZERO)).expect("set");
}

#[test]
fn an_idle_server_stops_without_waiting_for_anything() {
    let mut options = Options::default();
    options.common.drain_timeout = Duration::from_secs(3_600);
    let server = start(options);
    server.stop().expect("stopped before the limit");
}
