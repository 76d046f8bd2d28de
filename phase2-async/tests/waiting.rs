//! A thousand requests wait at once on two threads. In a test binary of its own, because it counts the
//! threads of the whole process.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use handler::Routes;
use phase2_async::Options;
use server::{Background, raise_limit};

/// Threads of this process with the name of the server's workers.
fn worker_threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.trim_end() == "phase2-worker")
        .count()
}

#[test]
fn a_thousand_waiting_requests_need_few_threads() {
    // Both ends of each connection are in this process.
    let requests = (raise_limit() / 2).min(1_000);
    if requests < 1_000 {
        eprintln!("the limit on open files allows only {requests} connections; raise it with ulimit -n");
    }
    let options = Options { workers: 2, ..Options::default() };
    let server = Background::start(move |listener, stats, stop| {
        phase2_async::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port");
    let streams: Vec<TcpStream> = (0..requests)
        .map(|_| {
            let mut stream = server.connect().expect("connected");
            stream.write_all(b"GET /wait?ms=5000 HTTP/1.1\r\nHost: a\r\n\r\n").expect("sent");
            stream
        })
        .collect();
    server.wait_for_requests(requests as u64);
    assert_eq!(server.stats().connections().active, requests as u64, "they wait at the same time");
    assert_eq!(worker_threads(), 2);
    for mut stream in streams {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.ends_with("waited 5000 ms\n"), "{answer}");
    }
}
