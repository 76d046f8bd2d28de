//! In a steady state a kept connection allocates nothing. In a binary of its own, because it counts
//! the allocations of the whole process.

use std::alloc::System;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use loadgen::engine::{self, Amount, Expect, Mode, Pace, Plan, Progress, Rate};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Answers on each connection without allocating; requests are recognised by their length.
fn serve(listener: &TcpListener) {
    thread::scope(|scope| {
        while let Ok((mut stream, _)) = listener.accept() {
            stream.set_nodelay(true).expect("nodelay is accepted");
            scope.spawn(move || {
                let mut buffer = [0; 4_096];
                let mut pending_bytes = 0;
                while let Ok(received @ 1..) = stream.read(&mut buffer) {
                    pending_bytes += received;
                    for _ in 0..pending_bytes / REQUEST.len() {
                        let _ = stream.write_all(RESPONSE);
                    }
                    pending_bytes %= REQUEST.len();
                }
            });
        }
    });
}

/// Allocations of the process while `requests` are answered.
fn allocations(target: SocketAddr, pipeline: usize, pace: Pace, requests: u64) -> usize {
    let plan = Plan {
        target: target.into(),
        request: REQUEST.to_vec(),
        head: false,
        mode: Mode::KeepAlive { pipeline },
        connections: 4,
        threads: 1,
        warmup: Duration::ZERO,
        amount: Amount::Requests(requests),
        timeout: Duration::from_secs(20),
        requests_per_connection: None,
        reset: false,
        pace,
        expect: Expect { status: Some(200), body: Some(b"hello".to_vec()) },
        cohorts: Vec::new(),
        cpus: Vec::new(),
    };
    let region = Region::new(ALLOCATOR);
    let outcome = engine::run(&plan, &Progress::default()).expect("the plan is possible");
    let stats = region.change();
    assert_eq!((outcome.ok, outcome.failed()), (requests, 0), "{:?}", outcome.samples);
    stats.allocations + stats.reallocations
}

#[test]
fn twenty_thousand_requests_allocate_no_more_than_a_thousand() {
    /// What the threads of the server and the harness may add at some time or other.
    const SLACK: usize = 40;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    thread::spawn(move || serve(&listener));
    for (pipeline, pace) in [(1, Pace::Closed), (8, Pace::Closed), (1, Pace::Open(Rate::constant(40_000.0)))]
    {
        let few = allocations(target, pipeline, pace, 1_000);
        let many = allocations(target, pipeline, pace, 20_000);
        assert!(
            many <= few + SLACK,
            "pipeline {pipeline}, {pace:?}: {few} for 1,000 requests, {many} for 20,000"
        );
    }
}
