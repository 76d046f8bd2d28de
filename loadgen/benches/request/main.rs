//! A whole request through each phase, over a real socket of the loopback interface: connected where the phase
//! closes, kept where it does not. Most of it is the kernel's, and the client's half is in it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use handler::{Routes, Stats};
use server::{ANSWER_TIMEOUT, Background, Stop};

type Serve = fn(TcpListener, &Arc<Stats>, &Stop) -> io::Result<()>;

/// A phase with these options, as its user gives them, and the lab's routes.
macro_rules! phase {
    ($name:ident $(, $option:ident)*) => {
        |listener, stats, stop| {
            let options = $name::Options { $($option: true,)* ..$name::Options::default() };
            $name::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
        }
    };
}

/// Phases that close, and phase 3 without its pools, which shows what those are worth.
const CLOSING: [(&str, Serve); 5] = [
    ("phase0-serial", phase!(phase0_serial)),
    ("phase1-threads", phase!(phase1_threads)),
    ("phase2-async", phase!(phase2_async)),
    ("phase3-pooled", phase!(phase3_pooled)),
    ("phase3-pooled --fresh-buffers", phase!(phase3_pooled, fresh_buffers)),
];
const KEEPING: [(&str, Serve); 3] = [
    ("phase4-keepalive", phase!(phase4_keepalive)),
    ("phase4-keepalive --read-every-head", phase!(phase4_keepalive, read_every_head)),
    // What a head said is remembered in the pools, so these are compared to the row above.
    (
        "phase4-keepalive --read-every-head --fresh-buffers",
        phase!(phase4_keepalive, read_every_head, fresh_buffers),
    ),
];

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n";
const PIPELINED: usize = 16;

fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).expect("connected");
    stream.set_read_timeout(Some(ANSWER_TIMEOUT)).expect("set");
    stream.set_nodelay(true).expect("set");
    stream
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a connection and a request");
    group.throughput(Throughput::Elements(1));
    for (name, serve) in CLOSING {
        group.bench_function(name, |bencher| {
            let server = Background::start(serve).expect("a port");
            let mut answer = Vec::new();
            bencher.iter(|| {
                let mut stream = connect(server.addr());
                stream.write_all(REQUEST).expect("sent");
                answer.clear();
                stream.read_to_end(&mut answer).expect("an answer and a close");
                assert!(answer.ends_with(b"Hello, World!"));
            });
        });
    }
    group.finish();

    for (how, requests) in [("a request on a kept connection", 1), ("16 pipelined requests", PIPELINED)] {
        let mut group = criterion.benchmark_group(how);
        group.throughput(Throughput::Elements(requests as u64));
        for (name, serve) in KEEPING {
            group.bench_function(name, |bencher| {
                let server = Background::start(serve).expect("a port");
                let mut stream = connect(server.addr());
                let bytes = REQUEST.repeat(requests);
                // All answers are as long as the first one.
                let mut answer = vec![0; answer_bytes(&mut stream) * requests];
                bencher.iter(|| {
                    stream.write_all(&bytes).expect("sent");
                    stream.read_exact(&mut answer).expect("answered");
                    assert!(answer.ends_with(b"Hello, World!"));
                });
            });
        }
        group.finish();
    }
}

fn answer_bytes(stream: &mut TcpStream) -> usize {
    stream.write_all(REQUEST).expect("sent");
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"Hello, World!") {
        stream.read_exact(&mut byte).expect("answered");
        answer.push(byte[0]);
    }
    answer.len()
}

criterion_group!(benches, bench);
criterion_main!(benches);
