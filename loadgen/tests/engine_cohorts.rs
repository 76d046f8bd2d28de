//! Connections beside the active ones: held for the whole run, and counted apart.

mod support;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use loadgen::engine::{Amount, Cohort, CohortKind, Outcome, Plan};
use server::DeadPort;
use support::{HELLO, PIPELINE_1, Peer, Server, always, fire, plan};

fn beside(server: &Server, kind: CohortKind, connections: usize, path: &str) -> Plan {
    Plan {
        // Of two, one may have done its part before the other gets a CPU.
        threads: 1,
        cohorts: vec![Cohort::new(kind, connections, "test", path)],
        ..plan(server.address, PIPELINE_1, 2, 100)
    }
}

#[track_caller]
fn assert_active_ones_are_untouched(outcome: &Outcome) {
    assert_eq!((outcome.ok, outcome.failed()), (100, 0), "{:?}", outcome.samples);
    assert_eq!((outcome.connections_established, outcome.connections_opened), (2, 2));
}

#[test]
fn idle_connections_are_open_before_the_first_request_and_counted_apart() {
    // No connection is answered until all of them are there.
    let server = Server::start(|mut peer| {
        while peer.request()? {
            let began = Instant::now();
            while peer.counts.connections.load(Ordering::SeqCst) < 51 {
                assert!(began.elapsed() < support::HANG, "the idle ones never came");
                std::thread::yield_now();
            }
            peer.send(HELLO)?;
        }
        Ok(())
    });
    let outcome = fire(&beside(&server, CohortKind::Idle, 50, "/"));
    assert_active_ones_are_untouched(&outcome);
    let [idle] = outcome.cohorts.as_slice() else { panic!("one cohort") };
    assert_eq!((idle.kind.name(), idle.asked, idle.established_max), ("idle", 50, 50));
    assert_eq!((idle.established_at_end, idle.opened, idle.closed_by_server), (50, 50, 0));
    assert_eq!((server.connections(), server.requests(), server.resets()), (52, 100, 0));
}

#[test]
fn a_connection_that_the_server_closes_is_opened_again_and_a_408_is_told_from_other_answers() {
    // Cohorts are opened before all else, so the first connection is theirs.
    let server = Server::start(|mut peer| {
        if peer.number == 0 {
            peer.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")?;
            return peer.close();
        }
        always(HELLO)(peer)
    });
    let mut plan = beside(&server, CohortKind::SlowHead, 1, "/");
    // Long enough for the one visit a second that opens it again, on a busy machine too.
    plan.amount = Amount::Time(Duration::from_secs(5));
    let outcome = fire(&plan);
    let [slow] = outcome.cohorts.as_slice() else { panic!("one cohort") };
    assert_eq!((slow.closed_by_server, slow.timeouts_408, slow.answers), (1, 1, 0));
    assert_eq!((slow.opened, slow.established_max, slow.established_at_end), (2, 1, 1));
    assert!(outcome.ok > 0 && outcome.failed() == 0, "{:?}", outcome.samples);
}

/// What a slow one has sent after `bytes` of it have come.
fn first_bytes(kind: CohortKind, path: &str, bytes: usize) -> Vec<u8> {
    let (tell, told) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let server = Server::start(move |mut peer: Peer| {
        if peer.number > 0 {
            return always(HELLO)(peer);
        }
        let mut received = vec![0; bytes];
        io::Read::read_exact(&mut peer.stream, &mut received)?;
        let tell = tell.lock().unwrap().take().expect("the first connection is the first only once");
        let _ = tell.send(received);
        peer.drain()
    });
    let mut plan = beside(&server, kind, 1, path);
    plan.amount = Amount::Time(Duration::from_secs(4));
    assert_eq!(fire(&plan).cohorts[0].opened, 1);
    told.recv_timeout(support::HANG).expect("bytes of the slow one")
}

#[test]
fn a_slow_head_drips_from_the_first_byte_and_a_slow_body_after_its_head() {
    assert_eq!(first_bytes(CohortKind::SlowHead, "/", 2), b"GE");
    let body = first_bytes(CohortKind::SlowBody, "/echo", 61);
    let text = String::from_utf8(body).unwrap();
    assert!(
        text.starts_with("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1048576\r\n\r\nx"),
        "{text}"
    );
}

#[test]
fn a_slow_reader_keeps_a_large_answer_from_being_sent() {
    const ANSWER_BYTES: usize = 64 << 20;
    let (tell, told) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let server = Server::start(move |mut peer: Peer| {
        if peer.number > 0 {
            return always(HELLO)(peer);
        }
        peer.request()?;
        let tell = tell.lock().unwrap().take().expect("the first connection is the first only once");
        let _ = tell.send(peer.send(&vec![b'x'; ANSWER_BYTES]).is_err());
        Ok(())
    });
    let outcome = fire(&beside(&server, CohortKind::SlowReader, 1, "/large"));
    assert_active_ones_are_untouched(&outcome);
    assert_eq!(outcome.cohorts[0].established_at_end, 1);
    // Only the end of the run, which reset it, ended the writing.
    assert!(told.recv_timeout(support::HANG).expect("the end of the writing"));
}

#[test]
fn cohorts_at_a_server_that_is_not_there_say_why() {
    let nobody = DeadPort::new().unwrap();
    let address = nobody.addr();
    let cohorts = vec![Cohort::new(CohortKind::Idle, 3, "test", "/")];
    let outcome = fire(&Plan { cohorts, ..plan(address, PIPELINE_1, 1, 1) });
    let [idle] = outcome.cohorts.as_slice() else { panic!("one cohort") };
    assert_eq!((idle.established_max, idle.opened, idle.failed_connects), (0, 0, 3));
    assert!(idle.why.as_deref().is_some_and(|why| why.contains("refused")), "{idle:?}");
}

#[test]
fn an_answer_of_many_kilobytes_does_not_hide_the_close_behind_it() {
    let seen = Arc::new(AtomicBool::new(false));
    let server = Server::start(move |mut peer| {
        // Cohorts are opened before all else, so the first connection is theirs.
        if peer.number == 0 {
            peer.send(&vec![b'x'; 200 * 1_024])?;
            peer.close()?;
            seen.store(true, Ordering::SeqCst);
            return Ok(());
        }
        // No active one is answered until the client has seen that close.
        while peer.request()? {
            let began = Instant::now();
            while !seen.load(Ordering::SeqCst) {
                assert!(began.elapsed() < support::HANG, "the client never saw it");
                std::thread::yield_now();
            }
            peer.send(HELLO)?;
        }
        Ok(())
    });
    let outcome = fire(&beside(&server, CohortKind::SlowHead, 1, "/"));
    assert_active_ones_are_untouched(&outcome);
    assert_eq!((outcome.cohorts[0].answers, outcome.cohorts[0].closed_by_server), (1, 1));
}
