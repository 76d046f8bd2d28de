//! 4.2: while more than nine of ten places are taken, nobody keeps theirs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use exercises::{HELLO, options, wait_until};
use handler::Routes;
use phase4_keepalive::Options;
use server::Background;

/// Whether an answer to one more request on this connection leaves it open.
#[track_caller]
fn is_kept(mut stream: &TcpStream) -> bool {
    stream.write_all(HELLO.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"Hello, World!") {
        stream.read_exact(&mut byte).expect("more of the answer");
        answer.push(byte[0]);
    }
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    !answer.contains("\r\nConnection: close\r\n")
}

#[test]
fn above_nine_tenths_of_the_limit_each_answer_is_the_last() {
    let options: Options = options(&["--max-connections", "10", "--drain-timeout", "1h"]);
    let server = Background::start(move |listener, stats, stop| {
        phase4_keepalive::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port");
    let mut streams = Vec::new();
    for n in 1..=9 {
        let stream = server.connect().expect("connected");
        assert!(
            is_kept(&stream),
            "With {n} of 10 places taken there is room, and yet a connection was closed."
        );
        streams.push(stream);
    }
    let tenth = server.connect().expect("connected");
    assert!(!is_kept(&tenth), "With all of 10 places taken, a connection was kept after its answer.");
    // Neither has left yet, so the house is as full as before.
    let first = streams.swap_remove(0);
    assert!(
        !is_kept(&first),
        "With all of 10 places taken, a connection that had been kept so far was kept on after its answer."
    );
    drop((tenth, first));
    wait_until(&server, "Connections were not closed after their last answer.", |stats| {
        stats.connections().active == 8
    });
    assert!(is_kept(&streams[0]), "Two of 10 places are free again, and yet a connection was closed.");
}
