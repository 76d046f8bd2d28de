//! Allocations per request, counted by the lab from outside and by `stats_alloc` in this process. In a
//! binary of its own, because the latter counts for the whole process; one test, and without the usual harness,
//! for the same reason: that has a thread of its own, and captures output, which costs every thread two allocations.

use std::alloc::System;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, SystemTime};

use handler::Routes;
use loadgen::lab::cpus::Split;
use loadgen::lab::rows::Row;
use loadgen::lab::scenario::{self, Scenario};
use loadgen::lab::{self, Agenda, Inspection, Launched, Measured, MeasuredRow, MeasuredScenario};
use server::Background;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// As many as the lab fires between its looks.
const REQUESTS: usize = 2_000;
/// As many as it fires before.
const WARMUP_REQUESTS: usize = 200;
/// Connections that it fires them on.
const CONNECTIONS: usize = 4;
/// What a server says that does not keep the connection.
const CLOSE: &[u8] = b"Connection: close";
/// Where others keep the machine busy, more connections than ever before may wait to be closed, for which pools
/// grow. So each row may try again.
const ATTEMPTS_MAX: usize = 3;
/// The name of the only test.
const NAME: &str = "both_ways_to_count_agree_and_phases_3_and_4_allocate_nothing";

/// How far the two may be apart, by row: a few allocations in all, as one more block of the pool's queue, which
/// depends on where in a block the count begins. Where the kernel decides who runs first, it decides too how many
/// threads are there at a time, and whether a task has to wait for its request, and register for that.
fn slack(row: &str) -> f64 {
    match row {
        _ if row.contains("--spawn") => 0.25,
        _ if row.starts_with("phase2") => 0.5,
        _ => 4.0 / REQUESTS as f64,
    }
}

/// Does what the harness does with a filter.
fn main() {
    let filters: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if filters.is_empty() || filters.iter().any(|filter| NAME.contains(filter.as_str())) {
        both_ways_to_count_agree();
        println!("test {NAME} ... ok");
    }
}

/// What the lab counts of a server in a process of its own.
fn counted_from_outside(row: &Row, mode: &str) -> Inspection {
    let text = format!(
        "[[scenario]]\nname = \"small\"\nshows = \"little\"\npath = \"/\"\nbody = \"Hello, World!\"\nconnections = 4\n\
         mode = \"{mode}\"\nwarmup = \"0s\"\nduration = \"1s\"\ntrials = 1\n\
         quick = {{ warmup = \"0s\", duration = \"1s\", trials = 1 }}\nrows = [\"{row}\"]\n"
    );
    let agenda = Agenda {
        scenarios: scenario::parse(&text).expect("a scenario"),
        split: Split::default(),
        instructions: false,
    };
    let rows = vec![MeasuredRow { row: row.clone(), trials: Vec::new(), inspection: Inspection::default() }];
    let scenarios = vec![MeasuredScenario { scenario: agenda.scenarios[0].clone(), rows }];
    let (started_at, split) = (SystemTime::UNIX_EPOCH, Split::default());
    let mut measured = Measured { started_at, split, scenarios, interrupted: false };
    let launch = |row: &Row, _: &Scenario, _: &[usize]| {
        let row = row.to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
        command.arg("serve").args(row.split(' ')).args(["--addr", "127.0.0.1:0", "--with-parent"]);
        Ok(Launched { command, addr: None })
    };
    // System calls are not what this is about.
    lab::inspect(&agenda, &mut measured, &launch, &|_, _| Err("nothing is fired".into()));
    measured.scenarios.remove(0).rows.remove(0).inspection
}

/// What one request allocates, by a client that allocates nothing itself.
fn counted_inside(server: &Background, close: bool) -> f64 {
    // More at a time than later, so that pools have grown to what they will ever need.
    let mut many: [Option<TcpStream>; 4 * CONNECTIONS] = Default::default();
    (0..WARMUP_REQUESTS / many.len()).for_each(|_| round(server.addr(), &mut many, close));
    let few = &mut many[..CONNECTIONS];
    (0..WARMUP_REQUESTS / CONNECTIONS).for_each(|_| round(server.addr(), few, close));
    let region = Region::new(ALLOCATOR);
    (0..REQUESTS / CONNECTIONS).for_each(|_| round(server.addr(), few, close));
    let stats = region.change();
    (stats.allocations + stats.reallocations) as f64 / REQUESTS as f64
}

/// Each connection sends a request, and then all answers are read.
fn round(addr: SocketAddr, streams: &mut [Option<TcpStream>], close: bool) {
    for stream in &mut *streams {
        let stream = stream.get_or_insert_with(|| connect(addr));
        let request: &[u8] = if close {
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1:12345\r\nConnection: close\r\n\r\n"
        } else {
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1:12345\r\n\r\n"
        };
        stream.write_all(request).expect("sent");
    }
    for slot in streams {
        let mut answer = [0; 1024];
        let mut length = 0;
        let stream = slot.as_mut().expect("connected");
        let ended = loop {
            let read = stream.read(&mut answer[length..]).expect("an answer");
            length += read;
            // A server that closes says so; only then is it waited for.
            let closes = answer[..length].windows(CLOSE.len()).any(|part| part == CLOSE);
            if read == 0 || (!closes && answer[..length].ends_with(b"Hello, World!")) {
                break read == 0;
            }
        };
        assert!(answer[..length].ends_with(b"Hello, World!"), "{}", answer[..length].escape_ascii());
        if ended {
            *slot = None;
        }
    }
}

fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    stream
}

macro_rules! background {
    ($phase:ident, $options:expr) => {{
        let options = $options;
        Background::start(move |listener, stats, stop| {
            $phase::serve(listener, Routes::new(stats.clone()), &options, stats, stop)
        })
        .expect("a port")
    }};
}

fn both_ways_to_count_agree() {
    type Start = fn() -> Background;
    let rows: [(&str, Start); 7] = [
        ("phase0-serial", || background!(phase0_serial, phase0_serial::Options::default())),
        ("phase1-threads", || background!(phase1_threads, phase1_threads::Options::default())),
        ("phase1-threads --spawn", || {
            background!(phase1_threads, phase1_threads::Options { spawn: true, ..Default::default() })
        }),
        ("phase2-async --workers 1", || {
            background!(phase2_async, phase2_async::Options { workers: 1, ..Default::default() })
        }),
        ("phase3-pooled --workers 1", || {
            background!(phase3_pooled, phase3_pooled::Options { workers: 1, ..Default::default() })
        }),
        ("phase3-pooled --workers 1 --fresh-buffers", || {
            let options = phase3_pooled::Options { workers: 1, fresh_buffers: true, ..Default::default() };
            background!(phase3_pooled, options)
        }),
        ("phase4-keepalive --workers 1", || {
            background!(phase4_keepalive, phase4_keepalive::Options { workers: 1, ..Default::default() })
        }),
    ];
    for (name, start) in rows {
        let row = Row::parse(name).expect("a row");
        for mode in ["close", "keepalive"] {
            let is_pooled = name == "phase3-pooled --workers 1" || name.starts_with("phase4");
            let agree = || {
                let outside = counted_from_outside(&row, mode);
                let counted =
                    outside.allocs_per_request.unwrap_or_else(|| panic!("{name}: {:?}", outside.missing));
                let inside = counted_inside(&start(), mode == "close");
                eprintln!("{name}, {mode}: {counted} from outside, {inside} inside");
                (counted - inside).abs() <= slack(name) && (!is_pooled || counted == 0.0)
            };
            assert!((0..ATTEMPTS_MAX).any(|_| agree()), "{name}, {mode}");
        }
    }
}
