//! What phase 2 does, and what it can't do.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use handler::Routes;
use phase2_async::Options;
use server::{ANSWER_TIMEOUT, Background, raise_limit};

fn start(options: Options) -> Background {
    Background::start(move |listener, stats, stop| {
        phase2_async::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port")
}

fn send(server: &Background, request: &str) -> TcpStream {
    let mut stream = server.connect().expect("connected");
    stream.write_all(request.as_bytes()).expect("sent");
    stream
}

fn receive(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// Threads of this process with the name of the server's workers.
fn worker_threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.trim_end() == "phase2-worker")
        .count()
}

#[test]
#[cfg(target_os = "linux")]
fn a_thousand_waiting_requests_need_few_threads() {
    // Both ends of each connection are in this process.
    let requests = (raise_limit() / 2).min(1_000);
    if requests < 1_000 {
        eprintln!("the limit on open files allows only {requests} connections; raise it with ulimit -n");
    }
    let server = start(Options { workers: 2, ..Options::default() });
    let streams: Vec<_> =
        (0..requests).map(|_| send(&server, "GET /wait?ms=5000 HTTP/1.1\r\nHost: a\r\n\r\n")).collect();

    let start = Instant::now();
    while server.stats().snapshot().requests < requests as u64 {
        assert!(start.elapsed() < ANSWER_TIMEOUT, "not all requests have reached the handler");
        thread::sleep(Duration::from_millis(1));
    }
    // Other tests of this file have a server too.
    assert!(worker_threads() <= 6, "{} threads for {requests} requests", worker_threads());
    for stream in streams {
        assert!(receive(stream).ends_with("waited 5000 ms\n"));
    }
}

#[test]
fn a_dripping_client_meets_its_deadline_while_others_are_served() {
    let mut options = Options::default();
    options.common.head_timeout = Duration::from_millis(500);
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
    // What the sockets' buffers swallow must not count as read.
    options.common.min_rate = usize::MAX;
    let server = start(options);
    let _deaf = send(&server, "GET /bytes?n=16000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    let start = Instant::now();
    while server.stats().snapshot().errors.timeout == 0 {
        assert!(start.elapsed() < ANSWER_TIMEOUT, "the write deadline never came");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn stopping_finishes_the_answers_under_way() {
    let mut options = Options::default();
    options.common.drain_timeout = Duration::from_secs(20);
    let server = start(options);
    let stream = send(&server, "GET /wait?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n");
    while server.stats().snapshot().requests == 0 {
        thread::yield_now();
    }
    let reader = thread::spawn(|| receive(stream));
    server.stop().expect("stopped cleanly");
    assert!(reader.join().expect("no panic").ends_with("waited 300 ms\n"));
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
