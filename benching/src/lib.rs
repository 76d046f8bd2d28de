//! What the phases' benchmarks have in common, on criterion.
//!
//! `cargo bench -p PHASE` sends whole requests through a phase, over a real socket of the loopback interface: connected
//! where the phase closes, kept where it does not. Most of what that takes is the kernel's, and the client's half is in
//! it, so it shows what a change does to a request and not what a server can do; that is `loadgen`'s business. Phases 3
//! and 4 also measure their pools by themselves.
//!
//! A phase's `benches/` say which of its options to measure beside each other, and [`run`] does what criterion's own
//! main does, `--save-baseline` and `--baseline` included.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use criterion::{Criterion, Throughput};
use handler::Stats;
use server::{ANSWER_TIMEOUT, Background, Stop};

#[doc(hidden)]
pub use handler::Routes;

/// A phase that serves until it is told to stop.
pub type Serve = fn(TcpListener, &Arc<Stats>, &Stop) -> io::Result<()>;

/// What is sent over and over.
pub const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n";
/// How many of them at once, where they are pipelined.
const PIPELINED: usize = 16;
/// How each answer ends.
const BODY: &[u8] = b"Hello, World!";
/// About what an answer takes.
const ANSWER_BYTES: usize = 128;

/// A phase's crate with these options, which are flags, and the lab's routes: `phase!(phase3_pooled, fresh_buffers)`.
#[macro_export]
macro_rules! phase {
    ($name:ident $(, $option:ident)*) => {
        |listener, stats, stop| {
            let options = $name::Options { $($option: true,)* ..$name::Options::default() };
            $name::serve(listener, $crate::Routes::new(std::sync::Arc::clone(stats)), &options, stats, stop)
        }
    };
}

/// Runs benchmarks as the command line asks for them.
pub fn run(benches: impl FnOnce(&mut Criterion)) {
    let mut criterion = Criterion::default().configure_from_args();
    benches(&mut criterion);
    criterion.final_summary();
}

/// A connection for each request, which the server closes.
///
/// # Panics
/// A server can't be started, or does not answer.
pub fn closing(criterion: &mut Criterion, servers: &[(&str, Serve)]) {
    let mut group = criterion.benchmark_group("a connection and a request");
    group.throughput(Throughput::Elements(1));
    for &(name, serve) in servers {
        group.bench_function(name, |bencher| {
            let server = Background::start(serve).expect("a port");
            let mut answer = Vec::new();
            bencher.iter(|| {
                let mut stream = connect(server.addr());
                stream.write_all(REQUEST).expect("sent");
                answer.clear();
                stream.read_to_end(&mut answer).expect("an answer and a close");
                assert!(answer.ends_with(BODY));
            });
        });
    }
    group.finish();
}

/// Requests on a connection that stays, one at a time and pipelined.
///
/// # Panics
/// A server can't be started, or does not answer.
pub fn keeping(criterion: &mut Criterion, servers: &[(&str, Serve)]) {
    for (how, requests) in [("a request on a kept connection", 1), ("16 pipelined requests", PIPELINED)] {
        let mut group = criterion.benchmark_group(how);
        group.throughput(Throughput::Elements(requests as u64));
        for &(name, serve) in servers {
            group.bench_function(name, |bencher| {
                let server = Background::start(serve).expect("a port");
                let mut stream = connect(server.addr());
                let bytes = REQUEST.repeat(requests);
                // All answers are as long as the first one.
                let mut answer = vec![0; answer_bytes(&mut stream) * requests];
                bencher.iter(|| {
                    stream.write_all(&bytes).expect("sent");
                    stream.read_exact(&mut answer).expect("answered");
                    assert!(answer.ends_with(BODY));
                });
            });
        }
        group.finish();
    }
}

/// What a request needs, taken and given back: `exchange` is handed a request to put into its input and room that an
/// answer takes in its output.
pub fn exchanges(criterion: &mut Criterion, name: &str, mut exchange: impl FnMut(&[u8], &[u8])) {
    let answer = [b'x'; ANSWER_BYTES];
    let mut group = criterion.benchmark_group("an exchange, taken and given back");
    group.throughput(Throughput::Elements(1));
    group.bench_function(name, |bencher| {
        bencher.iter(|| exchange(black_box(REQUEST), black_box(&answer)));
    });
    group.finish();
}

fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).expect("connected");
    stream.set_read_timeout(Some(ANSWER_TIMEOUT)).expect("set");
    stream.set_nodelay(true).expect("set");
    stream
}

fn answer_bytes(stream: &mut TcpStream) -> usize {
    stream.write_all(REQUEST).expect("sent");
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(BODY) {
        stream.read_exact(&mut byte).expect("answered");
        answer.push(byte[0]);
    }
    answer.len()
}
