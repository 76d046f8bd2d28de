//! What phase 4 does, with each of its mechanisms on and off.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use handler::Routes;
use phase4_keepalive::{Options, ParserKind};
use server::{ANSWER_TIMEOUT, Background};

const HELLO: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const BYE: &str = "GET /json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

fn start(options: Options) -> Background {
    Background::start(move |listener, stats, stop| {
        phase4_keepalive::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port")
}

/// Reads one answer whose body is known.
fn read_answer(stream: &mut TcpStream, body: &str) -> String {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(body.as_bytes()) {
        stream.read_exact(&mut byte).expect("more of the answer");
        answer.push(byte[0]);
    }
    String::from_utf8(answer).expect("text")
}

#[test]
fn two_requests_share_a_connection() {
    let server = start(Options::default());
    let mut stream = server.connect().expect("connected");
    for _ in 0..2 {
        stream.write_all(HELLO.as_bytes()).expect("sent");
        let answer = read_answer(&mut stream, "Hello, World!");
        assert!(!answer.contains("Connection:"), "{answer}");
    }
    let stats = server.stats().snapshot();
    assert_eq!((stats.connections.total, stats.requests), (1, 2));
}

#[test]
fn pipelined_answers_keep_their_order_though_the_first_is_the_slowest() {
    for parser in [ParserKind::ZeroCopy, ParserKind::Textbook] {
        let server = start(Options { parser, ..Options::default() });
        let slow = "GET /wait?ms=200 HTTP/1.1\r\nHost: a\r\n\r\n";
        let echo = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
        let answers = server.ask(format!("{HELLO}{slow}{echo}{HELLO}{BYE}")).expect("answers");
        let bodies: Vec<_> = answers
            .split("HTTP/1.1 200 OK\r\n")
            .skip(1)
            .map(|answer| answer.split_once("\r\n\r\n").expect("a head").1)
            .collect();
        assert_eq!(
            bodies,
            ["Hello, World!", "waited 200 ms\n", "hi", "Hello, World!", r#"{"message":"Hello, World!"}"#]
        );
    }
}

#[test]
fn a_thousand_pipelined_requests_have_a_thousand_answers() {
    let server = start(Options::default());
    let answers = server.ask(HELLO.repeat(999) + BYE).expect("answers");
    assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), 1_000);
    assert!(answers.ends_with(r#"{"message":"Hello, World!"}"#));
}

#[test]
fn a_client_that_never_reads_is_not_parsed_for() {
    let mut options = Options::default();
    options.common.write_timeout = Duration::from_millis(500);
    // What the sockets' buffers swallow must not count as read.
    options.common.min_rate = usize::MAX;
    let server = start(options);
    let mut stream = server.connect().expect("connected");
    stream.set_nonblocking(true).expect("set");
    // Bounded: the sockets' buffers are full long before.
    let requests = HELLO.repeat(1_000);
    for _ in 0..10_000 {
        if stream.write(requests.as_bytes()).is_err() && server.stats().snapshot().errors.timeout > 0 {
            break;
        }
        thread::sleep(Duration::from_micros(100));
    }
    assert_eq!(server.stats().snapshot().errors.timeout, 1);
}

#[test]
fn after_an_error_nothing_more_is_parsed_and_answers_before_it_go_out() {
    let answers = start(Options::default()).ask(format!("{HELLO}BAD\r\n\r\n{HELLO}")).expect("answers");
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 1, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 400").count(), 1, "{answers}");
}

#[test]
fn a_client_that_has_sent_its_last_byte_gets_every_answer() {
    let server = start(Options::default());
    let mut stream = server.connect().expect("connected");
    stream
        .write_all(format!("{HELLO}GET /wait?ms=100 HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
        .expect("sent");
    stream.shutdown(Shutdown::Write).expect("half-closed");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).expect("answers and a close");
    assert!(answers.ends_with("waited 100 ms\n"), "{answers}");
}

#[test]
fn with_close_a_connection_carries_one_request() {
    let server = start(Options { close: true, ..Options::default() });
    let answers = server.ask(HELLO.repeat(2)).expect("an answer");
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 1, "{answers}");
    assert!(answers.contains("\r\nConnection: close\r\n"), "{answers}");
}

#[test]
fn http_1_0_closes_unless_it_asks_to_keep_alive() {
    let server = start(Options::default());
    let closed = server.ask("GET / HTTP/1.0\r\n\r\n").expect("an answer");
    assert!(closed.contains("\r\nConnection: close\r\n"), "{closed}");
    let mut stream = server.connect().expect("connected");
    stream.write_all(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").expect("sent");
    let kept = read_answer(&mut stream, "Hello, World!");
    assert!(kept.contains("\r\nConnection: keep-alive\r\n"), "{kept}");
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("sent on the same connection");
    read_answer(&mut stream, "Hello, World!");
}

#[test]
fn an_idle_connection_is_closed_at_its_deadline_without_a_word() {
    let mut options = Options::default();
    options.common.idle_timeout = Duration::from_millis(300);
    let server = start(options);
    let mut stream = server.connect().expect("connected");
    stream.write_all(HELLO.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("closed");
    assert!(answer.ends_with("Hello, World!"), "{answer}");
}

#[test]
fn stopping_closes_the_idle_at_once_and_finishes_the_others() {
    let mut options = Options::default();
    options.common.drain_timeout = Duration::from_secs(20);
    let server = start(options);
    let mut idle = server.connect().expect("connected");
    idle.write_all(HELLO.as_bytes()).expect("sent");
    read_answer(&mut idle, "Hello, World!");
    let mut busy = server.connect().expect("connected");
    busy.write_all(b"GET /wait?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n").expect("sent");
    let start = Instant::now();
    while server.stats().snapshot().requests < 2 {
        assert!(start.elapsed() < ANSWER_TIMEOUT, "the second request did not start");
        thread::yield_now();
    }
    let reader = thread::spawn(move || {
        let mut answer = String::new();
        busy.read_to_string(&mut answer).map(|_| answer)
    });
    server.stop().expect("stopped cleanly");
    let answer = reader.join().expect("no panic").expect("an answer");
    assert!(answer.ends_with("waited 300 ms\n"), "{answer}");
    assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
}

#[test]
fn an_idle_server_stops_without_waiting_for_anything() {
    let mut options = Options::default();
    options.common.drain_timeout = Duration::from_secs(3_600);
    let server = start(options);
    let (stopped, has_stopped) = mpsc::channel();
    thread::spawn(move || stopped.send(server.stop()));
    has_stopped.recv_timeout(ANSWER_TIMEOUT).expect("stopped before the limit").expect("stopped cleanly");
}
