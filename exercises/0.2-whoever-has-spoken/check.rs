//! 0.2: a request that is there is served before the silence of those who came earlier.

use std::net::TcpStream;
use std::sync::Arc;

use exercises::{HELLO, is_waiting, options, receive_all};
use handler::Routes;
use phase0_serial::Options;
use server::Background;

fn start(flags: &[&str]) -> Background {
    let options: Options = options(flags);
    Background::start(move |listener, stats, stop| {
        phase0_serial::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port")
}

/// An answer and the close behind it. The connection is kept, and with it the server, which waits for
/// this end to close.
#[track_caller]
fn receive(stream: &TcpStream) {
    let answer = receive_all(stream, "A request that was there was not answered.");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn a_request_that_is_there_goes_before_the_silent() {
    let server = start(&["--ready-first", "--idle-timeout", "1s", "--drain-timeout", "1h"]);
    let silent = [(); 3].map(|()| server.connect().expect("connected"));
    let hello = server.send(HELLO);
    receive(&hello);
    // The first of them had the server to itself before the request came.
    for (stream, which) in silent[1..].iter().zip(["second", "third"]) {
        assert!(
            is_waiting(stream),
            "The {which} silent client was waited for, though a request was there and nobody had spoken before."
        );
    }
    drop(hello);
    for stream in &silent {
        let answer = receive_all(stream, "A silent client was forgotten: its idle deadline never came.");
        assert_eq!(answer, "", "A silent client was answered.");
    }
}

#[test]
fn those_who_have_spoken_keep_their_order() {
    let server = start(&["--ready-first", "--idle-timeout", "1s", "--drain-timeout", "1h"]);
    let silent = server.connect().expect("connected");
    let [first, second] = [(); 2].map(|()| server.send(HELLO));
    receive(&first);
    assert!(is_waiting(&second), "Of two requests the later one was answered first.");
    drop(first);
    receive(&second);
    drop((second, silent));
}
