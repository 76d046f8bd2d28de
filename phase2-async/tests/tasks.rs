//! What phase 2 does, and what it can't do.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use handler::{Routes, Step};
use http1::{Request, Response};
use phase2_async::Options;
use server::{Background, receive};
use socket2::SockRef;

const WAITING: &str = "GET /wait?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n";

fn start(options: Options) -> Background {
    Background::start(move |listener, stats, stop| {
        phase2_async::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port")
}

#[test]
fn a_dripping_client_meets_its_deadline_while_others_are_served() {
    let mut options = Options::default();
    options.common.head_timeout = Duration::from_secs(2);
    let server = start(options);
    let mut dripping = server.connect().expect("connected");
    let answer = thread::scope(|scope| {
        let mut drip = dripping.try_clone().expect("a handle");
        scope.spawn(move || {
            // Bounded: the server ends it long before.
            for byte in b"GET / HTTP/1.1\r\nX: ".iter().chain(std::iter::repeat_n(&b'x', 1_000)) {
                if drip.write_all(&[*byte]).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(20));
            }
        });
        let hello = server.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("an answer");
        assert!(hello.ends_with("Hello, World!"), "{hello}");
        let mut answer = [0; 12];
        dripping.read_exact(&mut answer).expect("an answer");
        answer
    });
    assert_eq!(&answer, b"HTTP/1.1 408");
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
fn a_request_that_takes_too_long_altogether_is_given_up() {
    let server = start(Options { request_timeout: Duration::from_millis(300), ..Options::default() });
    assert_eq!(server.ask("GET /wait?ms=10000 HTTP/1.1\r\nHost: a\r\n\r\n").expect("closed"), "");
    server.wait_until("the timeout is counted", |stats| stats.snapshot().errors.timeout == 1);
}

#[test]
fn clients_that_are_gone_are_not_waited_for() {
    // Longer than the test would wait.
    let handler = |_: &Request<'_>, _: &mut Response| Step::ReplyAfter(Duration::from_secs(3_600));
    let server = Background::start(move |listener, stats, stop| {
        phase2_async::serve(listener, handler, &Options::default(), stats, stop)
    })
    .expect("a port");
    let streams: Vec<_> = (0..50).map(|_| server.send(WAITING)).collect();
    server.wait_for_requests(50);
    for stream in streams {
        // Closed without lingering, the connection is reset.
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("set");
    }
    server.wait_until("their tasks end", |stats| stats.connections().active == 0);
    assert_eq!(server.stats().snapshot().errors.disconnected, 50);
}

#[test]
fn a_client_that_has_only_sent_its_last_byte_is_still_answered() {
    let server = start(Options::default());
    let stream = server.send(WAITING);
    stream.shutdown(Shutdown::Write).expect("half-closed");
    assert!(receive(stream).ends_with("waited 300 ms\n"));
}

#[test]
fn stopping_finishes_the_answers_under_way() {
    let mut options = Options::default();
    options.common.drain_timeout = Duration::from_secs(20);
    let server = start(options);
    let stream = server.send(WAITING);
    server.wait_for_requests(1);
    let reader = thread::spawn(|| receive(stream));
    server.stop().expect("stopped cleanly");
    assert!(reader.join().expect("no panic").ends_with("waited 300 ms\n"));
}

#[test]
fn an_idle_server_stops_without_waiting_for_anything() {
    let mut options = Options::default();
    options.common.drain_timeout = Duration::from_secs(3_600);
    let server = start(options);
    server.stop().expect("stopped before the limit");
}
