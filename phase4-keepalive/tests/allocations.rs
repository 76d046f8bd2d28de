//! Kept connections share the pool's buffers. In a test binary of its own, because the counting
//! allocator counts for the whole process.

use std::alloc::System;
use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use handler::Routes;
use phase4_keepalive::{Options, ParserKind};
use server::Background;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const IDLE_CONNECTIONS: usize = 200;

/// Sends one request and reads its answer, without allocating on this side.
fn ask(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).expect("sent");
    let mut answer = [0; 4096];
    let read = stream.read(&mut answer).expect("an answer");
    assert!(answer[..read].starts_with(b"HTTP/1.1 200 "), "{}", answer[..read].escape_ascii());
}

/// A body of the largest size that a pooled exchange is made for.
const UPLOAD_BYTES: usize = 64 * 1024;

/// Sends a request with such a body and reads it back, without allocating on this side.
fn upload(stream: &mut TcpStream, request: &[u8], answer: &mut [u8]) {
    stream.write_all(request).expect("sent");
    let mut filled = 0;
    let whole = |answer: &[u8]| {
        let head = answer.windows(4).position(|end| end == b"\r\n\r\n");
        head.is_some_and(|head| answer.len() == head + 4 + UPLOAD_BYTES)
    };
    while !whole(&answer[..filled]) {
        filled += stream.read(&mut answer[filled..]).expect("more of the answer");
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
}

/// What `with` allocates, on a warmed-up server with one worker.
fn allocated(parser: ParserKind, with: impl Fn(&Background, &mut TcpStream)) -> Stats {
    let options = Options { workers: 1, parser, ..Options::default() };
    let server = Background::start(move |listener, stats, stop| {
        phase4_keepalive::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port");
    let mut stream = server.connect().expect("connected");
    with(&server, &mut stream);
    let region = Region::new(ALLOCATOR);
    with(&server, &mut stream);
    region.change()
}

// One test, because the counts are those of the whole process.
#[test]
fn kept_connections_share_the_buffers_of_the_pool() {
    let head = format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {UPLOAD_BYTES}\r\n\r\n");
    let large = [head.as_bytes(), &vec![b'u'; UPLOAD_BYTES]].concat();
    let answer = RefCell::new(vec![0; large.len() + 4096]);
    for parser in [ParserKind::ZeroCopy, ParserKind::Textbook] {
        let requests = allocated(parser, |_, stream| {
            for _ in 0..100 {
                ask(stream, b"GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n");
                ask(stream, b"GET /wait?ms=1 HTTP/1.1\r\nHost: a\r\n\r\n");
                ask(stream, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello again");
                ask(stream, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
                upload(stream, &large, &mut answer.borrow_mut());
            }
        });
        assert_eq!(requests.allocations + requests.reallocations, 0, "{parser:?}");
    }

    // Each connection has had a request and lives on. With buffers of its own it would keep at least
    // what a buffer starts with; the list of them, on this side, is all that may stay.
    let idle = allocated(ParserKind::ZeroCopy, |server, _| {
        let mut streams: Vec<TcpStream> = Vec::with_capacity(IDLE_CONNECTIONS);
        for _ in 0..IDLE_CONNECTIONS {
            let mut stream = server.connect().expect("connected");
            ask(&mut stream, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            streams.push(stream);
        }
        assert!(server.stats().connections().active >= IDLE_CONNECTIONS as u64);
        drop(streams);
        server.wait_until("the idle ones are closed", |stats| stats.connections().active == 1);
    });
    let bytes = idle.bytes_allocated;
    assert!(bytes < IDLE_CONNECTIONS * http1::Buffer::CAPACITY_BYTES / 2, "{bytes} bytes");
}
