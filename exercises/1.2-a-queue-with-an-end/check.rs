//! 1.2: so many may wait for a worker, and one more is told so at once.

use std::sync::Arc;

use exercises::{HELLO, is_waiting, options, receive_all, wait_until};
use handler::Routes;
use phase1_threads::Options;
use server::Background;

const SLOW: &str = "GET /wait?ms=3000 HTTP/1.1\r\nHost: a\r\n\r\n";

fn start(flags: &[&str]) -> Background {
    let options: Options = options(flags);
    Background::start(move |listener, stats, stop| {
        phase1_threads::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port")
}

#[test]
fn so_many_wait_for_a_worker_and_one_more_is_turned_away() {
    let server = start(&["--workers", "2", "--queue", "1"]);
    let slow = [(); 2].map(|()| server.send(SLOW));
    wait_until(&server, "Two workers did not serve two requests.", |stats| stats.requests() == 2);
    let waiting = server.send(HELLO);
    wait_until(
        &server,
        "With --workers 2 --queue 1, and two requests under way, the third was not let in to wait.",
        |stats| stats.connections().active == 3,
    );
    let turned_away = receive_all(&server.send(HELLO), "The fourth was neither turned away nor answered.");
    assert!(
        turned_away.starts_with("HTTP/1.1 503 "),
        "With --workers 2 --queue 1, and two requests under way, the fourth had to wait instead of being answered 503."
    );
    assert!(is_waiting(&waiting), "The third was not left in the queue.");
    assert!(slow.iter().all(is_waiting), "A 503 came only after a slow answer, and not at once.");
    // Each closes when it has its answer, and so makes room for the third.
    for stream in slow {
        let answer = receive_all(&stream, "One that was being served was not answered.");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let answer = receive_all(&waiting, "Who waited in the queue was never served.");
    assert!(
        answer.starts_with("HTTP/1.1 200 "),
        "Who waited in the queue was turned away after all: {answer}"
    );
    assert_eq!(server.stats().connections().rejected, 1, "/stats does not count who was turned away.");
}

#[test]
fn the_connection_limit_holds_as_well() {
    let server = start(&["--workers", "1", "--queue", "5", "--max-connections", "1"]);
    let _slow = server.send(SLOW);
    wait_until(&server, "A worker did not serve a request.", |stats| stats.requests() == 1);
    let turned_away = receive_all(&server.send(HELLO), "The second was neither turned away nor answered.");
    assert!(
        turned_away.starts_with("HTTP/1.1 503 "),
        "The queue let in more than --max-connections: {turned_away}"
    );
}
