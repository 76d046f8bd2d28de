//! 3.1: as many exchanges are kept as the user says. One test, because the allocator that counts counts
//! for the whole process.

use std::alloc::System;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use exercises::{HELLO, PATIENCE, options, wait_until};
use handler::Routes;
use phase3_pooled::Options;
use server::Background;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROUNDS: usize = 50;

/// Two requests at the same time, each on a connection of its own: both hold an exchange until both are
/// answered. Nothing is allocated on this side.
#[track_caller]
fn ask_two(server: &Background) {
    wait_until(server, "Connections were not closed.", |stats| stats.connections().active == 0);
    let mut streams = [(); 2].map(|()| TcpStream::connect(server.addr()).expect("connected"));
    for stream in &mut streams {
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        stream.write_all(HELLO.as_bytes()).expect("sent");
    }
    for stream in &mut streams {
        let (mut answer, mut filled) = ([0; 1_024], 0);
        while let Ok(read @ 1..) = stream.read(&mut answer[filled..]) {
            filled += read;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "A request was not answered.");
    }
}

/// What a warm server that keeps so many exchanges allocates in all rounds.
#[track_caller]
fn allocations_with(pool: &str) -> usize {
    let options: Options = options(&["--workers", "1", "--pool", pool]);
    let server = Background::start(move |listener, stats, stop| {
        phase3_pooled::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port");
    for _ in 0..20 {
        ask_two(&server);
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..ROUNDS {
        ask_two(&server);
    }
    let change = region.change();
    change.allocations + change.reallocations
}

#[test]
fn a_pool_keeps_as_many_exchanges_as_the_user_says() {
    let allocations = allocations_with("2");
    assert_eq!(
        allocations, 0,
        "With --pool 2, two requests at a time find both exchanges in the pool, and nothing should be allocated."
    );
    let allocations = allocations_with("1");
    assert!(
        allocations >= ROUNDS,
        "With --pool 1, one of two requests at a time needs an exchange that is not in the pool. That is at least {ROUNDS} allocations in {ROUNDS} rounds, and there were {allocations}: the pool keeps more than it may."
    );
}
