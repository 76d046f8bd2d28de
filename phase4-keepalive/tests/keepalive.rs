//! What phase 4 does, with each of its mechanisms on and off.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use handler::Routes;
use phase4_keepalive::{Options, ParserKind};
use server::{Background, raise_limit};

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
fn answers_to_requests_that_came_together_go_out_together() {
    let server = start(Options::default());
    let mut stream = server.connect().expect("connected");
    stream.write_all(HELLO.repeat(16).as_bytes()).expect("sent");
    let mut answers = [0; 16 * 1024];
    // One write of the server's is one segment on the loopback interface, and comes in one read.
    let read = stream.read(&mut answers).expect("answers");
    let answers = String::from_utf8_lossy(&answers[..read]);
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 16, "{answers}");
}

#[test]
fn a_client_that_never_reads_is_not_parsed_for() {
    let mut options = Options::default();
    options.common.write_timeout = Duration::from_millis(500);
    let server = start(options);
    let mut stream = server.connect().expect("connected");
    stream.set_nonblocking(true).expect("set");
    // Its answers would take 200 MB. Bounded: the sockets' buffers are full long before the end.
    let requests = "GET /bytes?n=10000 HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
    let mut sent = 0;
    while sent < 20_000 && stream.write(requests.as_bytes()).is_ok_and(|n| n == requests.len()) {
        sent += 100;
    }
    server.wait_until("the write deadline comes", |stats| stats.snapshot().errors.timeout == 1);
    let parsed = server.stats().requests();
    assert!(parsed < 5_000, "{parsed} of {sent} requests were parsed although nobody read the answers");
}

#[test]
fn a_pipelining_client_leaves_a_turn_to_the_others() {
    let server = start(Options { workers: 1, ..Options::default() });
    let mut greedy = server.connect().expect("connected");
    let work = "GET /cpu?us=5000 HTTP/1.1\r\nHost: a\r\n\r\n";
    greedy.write_all(work.repeat(500).as_bytes()).expect("sent");
    server.wait_for_requests(1);
    assert!(server.ask(BYE).expect("an answer").starts_with("HTTP/1.1 200 "));
    let served = server.stats().requests();
    assert!(served < 500, "the other one had to wait for {served} requests");
}

#[test]
fn clients_whose_delays_are_always_over_leave_a_turn_to_the_others() {
    /// So many that their next delays are over by the time that all of them were answered.
    const CLIENTS: usize = 1_000;
    const WAITS: usize = 500;

    raise_limit();
    let server = start(Options { workers: 1, ..Options::default() });
    let waits = "GET /wait?ms=1 HTTP/1.1\r\nHost: a\r\n\r\n".repeat(WAITS);
    // The sockets' buffers hold all requests and all answers, so nobody has to read.
    let _greedy: Vec<TcpStream> = (0..CLIENTS)
        .map(|_| {
            let mut stream = server.connect().expect("connected");
            stream.write_all(waits.as_bytes()).expect("sent");
            stream
        })
        .collect();
    assert!(server.ask(BYE).expect("an answer").starts_with("HTTP/1.1 200 "));
    let served = server.stats().requests();
    assert!(served < (CLIENTS * WAITS / 4) as u64, "the other one had to wait for {served} requests");
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
    // Long enough for a client without a CPU to send its request.
    options.common.idle_timeout = Duration::from_secs(2);
    let server = start(options);
    let mut stream = server.connect().expect("connected");
    stream.write_all(HELLO.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("closed");
    assert!(answer.ends_with("Hello, World!"), "{answer}");
}

#[test]
fn who_takes_long_to_read_is_not_idle_meanwhile() {
    let mut options = Options::default();
    options.common.idle_timeout = Duration::from_secs(4);
    let server = start(options);
    let mut stream = server.connect().expect("connected");
    stream.write_all(b"GET /bytes?n=16000000 HTTP/1.1\r\nHost: a\r\n\r\n").expect("sent");
    let mut piece = vec![0; 1_000_000];
    // For longer than the idle deadline; then the rest at once, and a pause in which deadlines are looked
    // at, far shorter than the idle one.
    for _ in 0..8 {
        stream.read_exact(&mut piece).expect("more of the answer");
        thread::sleep(Duration::from_millis(600));
    }
    read_bytes(&mut stream, 8_000_000);
    thread::sleep(Duration::from_millis(500));
    stream.write_all(BYE.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer to the next request");
    assert!(answer.ends_with(r#"{"message":"Hello, World!"}"#), "{} bytes and no answer", answer.len());
}

/// Reads that many bytes and throws them away. The head of the answer is left for whoever reads next.
fn read_bytes(stream: &mut TcpStream, bytes: u64) {
    let read = io::copy(&mut stream.take(bytes), &mut io::sink()).expect("more of the answer");
    assert_eq!(read, bytes);
}

#[test]
fn stopping_finishes_the_answers_under_way_and_closes_the_idle_in_order() {
    let mut options = Options::default();
    options.common.drain_timeout = Duration::from_secs(20);
    let server = start(options);
    let mut idle = server.connect().expect("connected");
    idle.write_all(HELLO.as_bytes()).expect("sent");
    read_answer(&mut idle, "Hello, World!");
    let mut waiting = server.connect().expect("connected");
    waiting.write_all(b"GET /wait?ms=1500 HTTP/1.1\r\nHost: a\r\n\r\n").expect("sent");
    let mut reading = server.connect().expect("connected");
    reading.write_all(b"GET /bytes?n=16000000 HTTP/1.1\r\nHost: a\r\n\r\n").expect("sent");
    server.wait_for_requests(3);
    let stop = server.stopper().clone();
    stop.trigger();
    let readers = [idle, waiting, reading].map(|mut stream| {
        thread::spawn(move || {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).map(|_| answer)
        })
    });
    let [nothing, waited, large] = readers.map(|reader| reader.join().expect("no panic").expect("no reset"));
    server.stop().expect("stopped cleanly");
    assert_eq!(nothing, "");
    assert!(waited.ends_with("waited 1500 ms\n"), "{waited}");
    assert!(waited.contains("\r\nConnection: close\r\n"), "{waited}");
    assert!(large.len() > 16_000_000, "{} bytes of 16 MB", large.len());
}

#[test]
fn whoever_breaks_off_does_not_keep_its_place_until_the_answer_is_due() {
    let server = start(Options::default());
    let mut stream = server.connect().expect("connected");
    stream.write_all(b"GET /wait?ms=10000 HTTP/1.1\r\nHost: a\r\n\r\n").expect("sent");
    server.wait_for_requests(1);
    // Closed without lingering, the server sees a reset instead of an orderly end.
    socket2::Socket::from(stream).set_linger(Some(Duration::ZERO)).expect("set");
    server.wait_until("the connection is closed", |stats| stats.connections().active == 0);
    assert_eq!(server.stats().snapshot().errors.disconnected, 1, "it was closed before its delay was over");
}

#[test]
fn an_idle_server_stops_without_waiting_for_anything() {
    let mut options = Options::default();
    options.common.drain_timeout = Duration::from_secs(3_600);
    let server = start(options);
    server.stop().expect("stopped before the limit");
}
