//! The engine against each phase: its counts are exactly the server's own, in every mode, with and
//! without errors provoked.

mod support;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use handler::{Routes, Stats};
use loadgen::engine::{ErrorKind, Expect, Mode};
use server::{Background, Stop};
use support::{PIPELINE_1, fire, plan};

const REQUESTS: u64 = 301;
const CONNECTIONS: usize = 5;

type Serve = fn(TcpListener, &Arc<Stats>, &Stop) -> io::Result<()>;

macro_rules! phases {
    ($($phase:ident)*) => {
        [$((stringify!($phase), (|listener, stats, stop| {
            let handler = Routes::new(Arc::clone(stats));
            $phase::serve(listener, handler, &$phase::Options::default(), stats, stop)
        }) as Serve)),*]
    };
}

#[test]
fn every_phase_counts_what_the_engine_counts() {
    for (name, serve) in phases!(phase0_serial phase1_threads phase2_async phase3_pooled phase4_keepalive) {
        for path in ["/", "/nope"] {
            for (mode, close) in [
                (Mode::Close, true),
                (PIPELINE_1, true),
                (PIPELINE_1, false),
                (Mode::KeepAlive { pipeline: 16 }, false),
            ] {
                let phase = Background::start(serve).unwrap();
                let mut plan = plan(phase.addr(), mode, CONNECTIONS, REQUESTS);
                plan.expect = Expect::default();
                let connection = if close { "Connection: close\r\n" } else { "" };
                plan.request = format!("GET {path} HTTP/1.1\r\nHost: t\r\n{connection}\r\n").into_bytes();
                let outcome = fire(&plan);

                let told = format!(
                    "{name} {path} close={close} {mode:?}: {:?} {:#?}",
                    outcome.errors, outcome.samples
                );
                let provoked = if path == "/" { 0 } else { REQUESTS };
                assert_eq!((outcome.ok, outcome.failed()), (REQUESTS - provoked, provoked), "{told}");
                assert_eq!(outcome.errors.count(ErrorKind::Status), provoked, "{told}");
                let status = if path == "/" { 200 } else { 404 };
                assert_eq!(outcome.statuses.get(&status), Some(&REQUESTS), "{told}");

                let seen = phase.stats().snapshot();
                assert_eq!(seen.requests, REQUESTS, "{told}");
                assert_eq!(seen.connections.total, outcome.connections_opened, "{told}");
                assert_eq!(seen.connections.rejected, 0, "{told}");
            }
        }
    }
}
