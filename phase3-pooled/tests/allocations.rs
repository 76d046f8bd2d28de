//! A warmed-up server asks the allocator for nothing. In a test binary of its own, because the
//! counting allocator counts for the whole process.

use std::alloc::System;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, LazyLock};

use handler::Routes;
use phase3_pooled::Options;
use server::{ANSWER_TIMEOUT, Background};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// One request of each kind that a warmed-up server has to take without allocating.
const REQUESTS: [&[u8]; 9] = [
    b"GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
    b"GET /wait?ms=1 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /json HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello again",
    b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"GET /bytes?n=3000 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
];

/// A body of the largest size that a pooled exchange is made for, there and back.
const UPLOAD_BYTES: usize = 64 * 1024;
static UPLOAD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let head = format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {UPLOAD_BYTES}\r\n\r\n");
    [head.as_bytes(), &vec![b'u'; UPLOAD_BYTES]].concat()
});

/// Sends each request on a connection of its own, without allocating on this side either. Each waits
/// until the one before it is closed, so that the server never has two at once.
fn ask_all(server: &Background, answer: &mut [u8]) {
    for request in REQUESTS.into_iter().chain([UPLOAD.as_slice()]) {
        server.wait_until("the last connection is closed", |stats| stats.connections().active == 0);
        let mut stream = TcpStream::connect(server.addr()).expect("connected");
        stream.set_read_timeout(Some(ANSWER_TIMEOUT)).expect("set");
        stream.write_all(request).expect("sent");
        let mut filled = 0;
        while let Ok(read @ 1..) = stream.read(&mut answer[filled..]) {
            filled += read;
        }
        assert!(answer[..filled].starts_with(b"HTTP/1.1 "), "{}", answer[..filled].escape_ascii());
        assert!(request.len() < UPLOAD_BYTES || filled > UPLOAD_BYTES, "{filled} bytes");
    }
}

fn allocations_of(options: Options, rounds: usize) -> usize {
    let server = Background::start(move |listener, stats, stop| {
        phase3_pooled::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port");
    let mut answer = vec![0; UPLOAD_BYTES + 4096];
    for _ in 0..20 {
        ask_all(&server, &mut answer);
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..rounds {
        ask_all(&server, &mut answer);
    }
    let change = region.change();
    change.allocations + change.reallocations
}

#[test]
fn a_warmed_up_request_allocates_nothing() {
    let one_worker = Options { workers: 1, ..Options::default() };
    assert_eq!(allocations_of(one_worker.clone(), 100), 0);
    // The same measurement finds what there is to find once the pools are off.
    let without_pools = Options { fresh_buffers: true, ..one_worker };
    assert!(allocations_of(without_pools, 100) >= 100 * (REQUESTS.len() + 1));
}
