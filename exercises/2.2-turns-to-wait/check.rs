//! 2.2: no more requests than asked for wait at the same time, and nobody else is held up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use exercises::{HELLO, is_waiting, options, receive_all, wait_until};
use handler::{Handler, Routes, Step};
use http1::{Request, Response};
use phase2_async::Options;
use server::Background;
use socket2::SockRef;

const WAIT: Duration = Duration::from_millis(700);
const WAITING: &str = "GET /wait?ms=700 HTTP/1.1\r\nHost: a\r\n\r\n";

#[track_caller]
fn start(flags: &[&str]) -> Background {
    // A server counts for itself, and nobody here asks for /stats.
    start_with(flags, Routes::new(Arc::default()))
}

#[track_caller]
fn start_with(flags: &[&str], handler: impl Handler) -> Background {
    let options: Options = options(flags);
    Background::start(move |listener, stats, stop| {
        phase2_async::serve(listener, handler, &options, stats, stop)
    })
    .expect("a port")
}

#[test]
fn waits_take_turns_and_who_need_not_wait_takes_none() {
    let server = start(&["--max-waits", "1"]);
    let before = Instant::now();
    let waiting = [(); 3].map(|()| server.send(WAITING));
    wait_until(&server, "Requests have to reach the handler before they wait for a turn.", |stats| {
        stats.requests() == 3
    });
    let answer = receive_all(&server.send(HELLO), "A request that need not wait got no answer.");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        waiting.iter().any(is_waiting),
        "A request that need not wait was answered only when all those that do had had their turn."
    );
    for stream in &waiting {
        let answer = receive_all(stream, "A request that had to wait for its turn got no answer.");
        assert!(answer.ends_with("waited 700 ms\n"), "{answer}");
    }
    let took = before.elapsed();
    assert!(
        took >= 3 * WAIT,
        "With --max-waits 1, three waits of 700 ms were over after {took:.1?}: they waited at the same time."
    );
}

#[test]
fn two_turns_are_two_at_the_same_time() {
    const LONG_WAIT: Duration = Duration::from_secs(3);

    let server = start(&["--max-waits", "2"]);
    let before = Instant::now();
    let streams = [(); 2].map(|()| server.send("GET /wait?ms=3000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    for stream in &streams {
        receive_all(stream, "A request that had to wait got no answer.");
    }
    assert!(before.elapsed() < 2 * LONG_WAIT, "With --max-waits 2, two requests waited one after the other.");
}

#[test]
fn a_client_that_is_gone_does_not_wait_for_its_turn() {
    // Longer than the check would wait.
    let handler = |_: &Request<'_>, _: &mut Response| Step::ReplyAfter(Duration::from_secs(3_600));
    let server = start_with(&["--max-waits", "1", "--drain-timeout", "100ms"], handler);
    let [_first, second] = [(); 2].map(|()| server.send(HELLO));
    wait_until(&server, "Requests have to reach the handler before they wait for a turn.", |stats| {
        stats.requests() == 2
    });
    // Closed without lingering, the connection is reset.
    SockRef::from(&second).set_linger(Some(Duration::ZERO)).expect("set");
    drop(second);
    wait_until(
        &server,
        "A client broke its connection while it waited for its turn, and the server waits on for both.",
        |stats| stats.connections().active == 1,
    );
}
