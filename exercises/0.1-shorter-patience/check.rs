//! 0.1: the more of them say nothing, the shorter each is waited for.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use exercises::{HELLO, options, receive_all};
use handler::Routes;
use phase0_serial::Options;
use server::Background;

/// What a silent client costs at first.
const IDLE: Duration = Duration::from_secs(1);
/// What seven cost, one after the other: 1,000 + 500 + 250 + 125 + 62.5 + 31.25 + 15.625 ms are 1,984 ms. No deadline
/// ends early, so however fast the machine is, it is never less; there is a little room for whoever rounds.
const SEVEN_HALVED: Duration = Duration::from_millis(1_950);

fn start(options: Options) -> Background {
    Background::start(move |listener, stats, stop| {
        phase0_serial::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port")
}

/// How long somebody waits who comes behind so many silent clients.
#[track_caller]
fn wait_behind(server: &Background, silent: usize) -> Duration {
    let before = Instant::now();
    let _silent: Vec<TcpStream> = (0..silent).map(|_| server.connect().expect("connected")).collect();
    let answer = receive_all(&server.send(HELLO), "Whoever came behind silent clients was not answered.");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    before.elapsed()
}

#[test]
fn each_silent_client_halves_the_patience_with_the_next_and_a_request_restores_it() {
    let server = start(options(&["--idle-timeout", "1s", "--idle-timeout-min", "10ms"]));
    let waited = wait_behind(&server, 7);
    assert!(
        waited < 5 * IDLE,
        "Seven silent clients still cost {waited:.1?}. Halved each time, their deadlines are two seconds together."
    );
    assert!(
        waited >= SEVEN_HALVED,
        "Seven silent clients cost {waited:.1?}, and halved each time, their deadlines are two seconds together. The patience falls too fast: the first has a whole second, the second half of it, and so on."
    );
    let waited = wait_behind(&server, 1);
    assert!(
        waited >= IDLE,
        "A client had just sent its request, and yet the next one was given only {waited:.1?} to do so and not a whole second."
    );
}

#[test]
fn the_patience_never_goes_below_its_minimum() {
    let server = start(options(&["--idle-timeout", "1s", "--idle-timeout-min", "600ms"]));
    let waited = wait_behind(&server, 4);
    assert!(
        waited >= IDLE + 3 * Duration::from_millis(600),
        "Four silent clients cost {waited:.1?}, so some were given less than --idle-timeout-min."
    );
}
