//! What phase {number} does that `{from}` does not, and what it still can't do.
//!
//! Tests are sentences. Write down what the idea changes first, and see it fail. For examples: the tests of
//! `phase3-pooled` count allocations, those of `phase4-keepalive` connections, and the order of answers tells there
//! what overlaps.

use std::sync::Arc;

use handler::Routes;
use {crate}::Options;
use server::Background;

const LAST: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

fn start(options: Options) -> Background {
    Background::start(move |listener, stats, stop| {
        {crate}::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port")
}

#[test]
fn a_request_is_answered_and_counted() {
    let server = start(Options::default());
    let answer = server.ask(LAST).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("Hello, World!"), "{answer}");
    let stats = server.stats().snapshot();
    assert_eq!((stats.connections.total, stats.requests), (1, 1));
    server.stop().expect("an orderly end");
}
