//! 3.2: what a burst has left in the pool goes back to the allocator, and what is in use stays. One test,
//! because the allocator that counts counts for the whole process.

use std::alloc::System;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, LazyLock};

use exercises::{HELLO, PATIENCE, options, wait_until};
use handler::Routes;
use phase3_pooled::Options;
use server::Background;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Clients that are there at the same time.
const BURST: usize = 8;

/// The largest body that a pooled exchange is made for.
const UPLOAD_BYTES: usize = 64 * 1024;

/// What is held after that at most: less than one exchange has that such a body went through, and more than
/// a server needs besides.
const NOTHING_BYTES: isize = 64 * 1024;

/// The same with the one exchange that is in use. It may be the most that the pool keeps; a whole burst's
/// hold three times as much at least, as a body is in four of an exchange's buffers on its way.
const ONE_EXCHANGE_BYTES: isize = 640 * 1024 + NOTHING_BYTES;

static UPLOAD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let head = format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {UPLOAD_BYTES}\r\n\r\n");
    [head.as_bytes(), &vec![b'u'; UPLOAD_BYTES]].concat()
});

#[track_caller]
fn start(pool_idle: &str) -> Background {
    let options: Options = options(&["--workers", "1", "--pool-idle", pool_idle]);
    Background::start(move |listener, stats, stop| {
        phase3_pooled::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port")
}

/// The same request of so many clients at the same time, without allocating on this side.
#[track_caller]
fn ask<const CLIENTS: usize>(server: &Background, request: &[u8]) {
    let mut streams = [(); CLIENTS].map(|()| TcpStream::connect(server.addr()).expect("connected"));
    for stream in &mut streams {
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        stream.write_all(request).expect("sent");
    }
    for stream in &mut streams {
        let (mut piece, mut read) = ([0; 8 * 1024], 0);
        while let Ok(n @ 1..) = stream.read(&mut piece) {
            read += n;
        }
        assert!(read > request.len() - HELLO.len(), "A request was not answered.");
    }
    drop(streams);
    wait_until(server, "Connections were not closed.", |stats| stats.connections().active == 0);
}

/// Memory that was taken since the region began and not yet given back.
fn held_bytes(region: &Region<'_, System>) -> isize {
    let change = region.change();
    change.bytes_allocated.cast_signed() - change.bytes_deallocated.cast_signed()
}

#[test]
fn what_nobody_needs_goes_and_what_is_in_use_stays() {
    let upload = UPLOAD.as_slice();
    let server = start("500ms");
    ask::<1>(&server, HELLO.as_bytes());
    let region = Region::new(ALLOCATOR);
    ask::<BURST>(&server, upload);
    wait_until(
        &server,
        "With --pool-idle 500ms, the server still holds on to what a burst needed ten seconds ago. Nobody has come since: does its poll wake up at all?",
        |_| held_bytes(&region) < NOTHING_BYTES,
    );
    drop(server);

    let server = start("200ms");
    ask::<1>(&server, HELLO.as_bytes());
    let region = Region::new(ALLOCATOR);
    ask::<BURST>(&server, upload);
    wait_until(
        &server,
        "With --pool-idle 200ms and a client now and then, the server still holds on to what a burst needed ten seconds ago.",
        |_| {
            ask::<1>(&server, HELLO.as_bytes());
            held_bytes(&region) < ONE_EXCHANGE_BYTES
        },
    );
    let region = Region::new(ALLOCATOR);
    for _ in 0..200 {
        ask::<1>(&server, HELLO.as_bytes());
    }
    let change = region.change();
    assert_eq!(
        change.allocations + change.reallocations,
        0,
        "An exchange that is in use all the time was given back, and had to be allocated again."
    );
}
