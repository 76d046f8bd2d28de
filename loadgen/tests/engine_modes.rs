//! The engine against servers that behave: the counts agree exactly with theirs.

mod support;

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use loadgen::engine::{self, Amount, Expect, Mode, Plan, Progress};
use support::{HELLO, HELLO_CLOSE, PIPELINE_1, Server, always, fire, in_some_try, once, plan};

#[test]
fn every_kept_request_is_counted_on_both_sides() {
    let server = Server::start(always(HELLO));
    // One thread opens them all before it reads an answer; of two, the first may have done its part and
    // closed before the second gets a CPU.
    let outcome = fire(&Plan { threads: 1, ..plan(server.address, PIPELINE_1, 7, 1_000) });
    assert_eq!((outcome.ok, outcome.failed()), (1_000, 0), "{:?}", outcome.samples);
    assert_eq!(outcome.statuses.get(&200), Some(&1_000));
    assert_eq!(outcome.bytes_read, 1_000 * HELLO.len() as u64);
    assert_eq!(outcome.latency_ns.len(), 1_000);
    assert_eq!(outcome.first_byte_ns.len(), 1_000);
    assert_eq!((outcome.connections_established, outcome.connections_opened), (7, 7));
    assert_eq!((outcome.in_flight_at_end, outcome.retried), (0, 0));
    assert_eq!((server.requests(), server.connections()), (1_000, 7));
    assert_eq!(server.resets(), 0);
}

#[test]
fn a_connection_per_request_reads_the_servers_end_and_resets_nothing() {
    // A server without a CPU may come to its close later than it is waited for, but not each time.
    assert!(in_some_try(|| {
        let server = Server::start(once(HELLO_CLOSE));
        let outcome = fire(&plan(server.address, Mode::Close, 5, 200));
        assert_eq!((outcome.ok, outcome.failed()), (200, 0), "{:?}", outcome.samples);
        assert_eq!((outcome.connections_opened, outcome.connect_ns.len()), (200, 200));
        assert_eq!((server.requests(), server.connections()), (200, 200));
        assert_eq!((server.resets(), outcome.reset_after_answer), (0, 0));
        outcome.closed_by_client == 0
    }));
}

#[test]
fn a_server_that_ignores_close_is_closed_by_the_client_and_counted() {
    let server = Server::start(always(HELLO));
    let outcome = fire(&plan(server.address, Mode::Close, 3, 3));
    assert_eq!((outcome.ok, outcome.closed_by_client), (3, 3));
    assert_eq!((server.connections(), server.resets()), (3, 0));
}

#[test]
fn pipelined_requests_are_answered_in_order_and_exactly() {
    let server = Server::start(always(HELLO));
    let outcome = fire(&plan(server.address, Mode::KeepAlive { pipeline: 16 }, 3, 1_001));
    assert_eq!((outcome.ok, outcome.failed()), (1_001, 0), "{:?}", outcome.samples);
    assert_eq!((server.requests(), server.connections()), (1_001, 3));
    assert_eq!(server.resets(), 0);
}

#[test]
fn several_responses_in_one_segment_are_told_apart() {
    let server = Server::start(|mut peer| {
        while peer.request()? {
            for _ in 1..4 {
                peer.request()?;
            }
            peer.send(&HELLO.repeat(4))?;
        }
        Ok(())
    });
    let outcome = fire(&plan(server.address, Mode::KeepAlive { pipeline: 4 }, 1, 40));
    assert_eq!((outcome.ok, outcome.failed()), (40, 0), "{:?}", outcome.samples);
    assert_eq!(server.requests(), 40);
}

#[test]
fn a_server_without_keep_alive_is_measured_by_the_same_plan() {
    for response in
        [HELLO_CLOSE, b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"HTTP/1.0 200 OK\r\n\r\nhello"]
    {
        for pipeline in [1, 8] {
            let server = Server::start(once(response));
            let outcome = fire(&plan(server.address, Mode::KeepAlive { pipeline }, 4, 50));
            assert_eq!((outcome.ok, outcome.failed()), (50, 0), "{pipeline}: {:?}", outcome.samples);
            assert_eq!(outcome.connections_opened, 50);
            // It read only one request of each connection, whatever else was sent.
            assert_eq!((server.requests(), server.resets()), (50, 0));
        }
    }
}

#[test]
fn a_kept_connection_that_the_server_closes_between_requests_costs_no_error() {
    let server = Server::start(|mut peer| {
        for _ in 0..3 {
            if peer.request()? {
                peer.send(HELLO)?;
            }
        }
        peer.close()
    });
    let outcome = fire(&plan(server.address, PIPELINE_1, 2, 30));
    assert_eq!((outcome.ok, outcome.failed()), (30, 0), "{:?}", outcome.samples);
    assert!(outcome.retried > 0);
    assert_eq!(server.requests(), 30);
}

#[test]
fn a_request_that_is_sent_again_has_waited_since_the_first_time() {
    const PAUSE: Duration = Duration::from_millis(100);
    let server = Server::start(|mut peer| {
        if peer.request()? {
            peer.send(HELLO)?;
        }
        // The next request is taken, kept for a while, and never answered.
        if peer.request()? {
            thread::sleep(PAUSE);
        }
        peer.close()
    });
    let outcome = fire(&plan(server.address, PIPELINE_1, 1, 4));
    assert_eq!((outcome.ok, outcome.failed(), outcome.retried), (4, 0, 3), "{:?}", outcome.samples);
    let waited = outcome
        .latency_ns
        .iter_recorded()
        .filter(|entry| entry.value_iterated_to() >= u64::try_from(PAUSE.as_nanos()).expect("a short pause"));
    // On a busy machine the one that was answered at once may have taken as long.
    assert!(waited.map(|entry| entry.count_at_value()).sum::<u64>() >= 3);
}

#[test]
fn a_post_is_never_sent_again() {
    let server = Server::start(|mut peer| {
        if peer.request()? {
            peer.send(HELLO)?;
        }
        peer.request()?;
        peer.close()
    });
    let mut plan = plan(server.address, PIPELINE_1, 1, 4);
    plan.request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".to_vec();
    let outcome = fire(&plan);
    assert_eq!((outcome.ok, outcome.failed(), outcome.retried), (2, 2, 0), "{:?}", outcome.samples);
    assert_eq!(server.requests(), 4);
}

#[test]
fn the_watcher_is_told_when_it_counts() {
    let server = Server::start(always(HELLO));
    let mut plan = plan(server.address, PIPELINE_1, 2, 1);
    (plan.warmup, plan.amount) = (Duration::from_secs(1), Amount::Time(Duration::from_secs(2)));
    let progress = Progress::default();
    let mut answers_before = None;
    thread::scope(|scope| {
        let run = scope.spawn(|| engine::run(&plan, &progress));
        while !run.is_finished() {
            if progress.counting.load(Ordering::Relaxed) {
                answers_before.get_or_insert_with(|| server.requests());
            }
            thread::sleep(Duration::from_millis(1));
        }
    });
    assert!(answers_before > Some(0), "it counts only after the warm-up, and says so: {answers_before:?}");
    assert!(!progress.counting.load(Ordering::Relaxed), "it is over");
}

#[test]
fn counting_begins_when_all_connections_are_open() {
    let server = Server::start(always(HELLO));
    // No more than fit into the server's backlog, as the others would have to knock again.
    let mut plan = plan(server.address, PIPELINE_1, 100, 1);
    (plan.warmup, plan.amount) = (Duration::from_millis(1), Amount::Time(Duration::from_millis(300)));
    let outcome = fire(&plan);
    assert_eq!((outcome.connections_established, outcome.connections_opened), (100, 0));
}

#[test]
fn all_framings_and_interim_responses_are_understood() {
    const CHUNKED: &[u8] =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nT: 1\r\n\r\n";
    const INTERIM: &[u8] =
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for response in [CHUNKED, INTERIM] {
        let server = Server::start(always(response));
        let outcome = fire(&plan(server.address, PIPELINE_1, 2, 20));
        assert_eq!((outcome.ok, server.connections()), (20, 2), "{:?}", outcome.samples);
    }
    let server = Server::start(once(b"HTTP/1.1 200 OK\r\n\r\nhello"));
    let outcome = fire(&plan(server.address, Mode::Close, 2, 20));
    assert_eq!((outcome.ok, server.connections()), (20, 20), "{:?}", outcome.samples);
}

#[test]
fn responses_without_a_body_keep_the_connection() {
    for (head, response) in [
        (false, &b"HTTP/1.1 204 No Content\r\n\r\n"[..]),
        (false, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        (true, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    ] {
        let server = Server::start(always(response));
        let mut plan = plan(server.address, PIPELINE_1, 1, 20);
        (plan.head, plan.expect) = (head, Expect::default());
        let outcome = fire(&plan);
        assert_eq!((outcome.ok, server.connections()), (20, 1), "{:?}", outcome.samples);
    }
}

#[test]
fn a_response_that_drips_in_byte_by_byte_is_whole_in_the_end() {
    let server = Server::start(|mut peer| {
        while peer.request()? {
            for byte in HELLO {
                peer.send(std::slice::from_ref(byte))?;
            }
        }
        Ok(())
    });
    let outcome = fire(&plan(server.address, PIPELINE_1, 2, 10));
    assert_eq!((outcome.ok, outcome.failed()), (10, 0), "{:?}", outcome.samples);
}

#[test]
fn a_request_larger_than_any_socket_buffer_gets_through() {
    const BODY_BYTES: usize = 12 << 20;
    let server = Server::start(|mut peer| {
        // The head is counted, the body that follows is drained by its length.
        while peer.request()? {
            peer.skip(BODY_BYTES)?;
            peer.send(HELLO)?;
        }
        Ok(())
    });
    let mut plan = plan(server.address, PIPELINE_1, 1, 3);
    plan.request = format!("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: {BODY_BYTES}\r\n\r\n").into_bytes();
    plan.request.resize(plan.request.len() + BODY_BYTES, b'x');
    let outcome = fire(&plan);
    assert_eq!((outcome.ok, outcome.failed(), server.requests()), (3, 0, 3), "{:?}", outcome.samples);
}

#[test]
fn a_timed_run_counts_only_its_window() {
    let server = Server::start(always(HELLO));
    let mut plan = plan(server.address, PIPELINE_1, 4, 1);
    (plan.warmup, plan.amount) = (Duration::from_millis(500), Amount::Time(Duration::from_secs(1)));
    let progress = Progress::default();
    let outcome = engine::run(&plan, &progress).unwrap();
    assert_eq!(outcome.elapsed, Duration::from_secs(1));
    assert!(outcome.ok > 0 && outcome.ok < server.requests(), "{} of {}", outcome.ok, server.requests());
    assert_eq!((outcome.failed(), outcome.interrupted), (0, false));
    assert_eq!(progress.ok.into_inner(), outcome.ok);
    assert_eq!(server.resets(), 0);
}

#[test]
fn a_warm_up_is_not_part_of_the_requests() {
    let server = Server::start(always(HELLO));
    let mut plan = plan(server.address, Mode::KeepAlive { pipeline: 3 }, 4, 500);
    plan.warmup = Duration::from_secs(1);
    let outcome = fire(&plan);
    assert_eq!((outcome.ok, outcome.failed()), (500, 0));
    assert!(server.requests() > 500);
}

#[test]
fn the_watcher_can_end_a_run_and_keeps_what_was_measured() {
    let server = Server::start(always(HELLO));
    let mut plan = plan(server.address, PIPELINE_1, 2, 1);
    plan.amount = Amount::Time(support::HANG);
    let progress = Progress::default();
    let (outcome, took) = thread::scope(|scope| {
        let run = scope.spawn(|| engine::run(&plan, &progress).unwrap());
        while progress.ok.load(std::sync::atomic::Ordering::Relaxed) == 0 {
            thread::sleep(Duration::from_millis(5));
        }
        let stopped = Instant::now();
        progress.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        (run.join().unwrap(), stopped.elapsed())
    });
    assert!(outcome.interrupted && outcome.ok > 0 && outcome.gave_up.is_none());
    assert!(took < support::HANG / 2, "it went on for {took:?}");
}

#[test]
fn the_client_says_what_it_spent() {
    let server = Server::start(always(HELLO));
    let outcome = fire(&plan(server.address, PIPELINE_1, 2, 500));
    assert_eq!(outcome.client.threads, 2);
    assert!(outcome.client.total() > Duration::ZERO);
}
