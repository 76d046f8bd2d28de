//! 4.1: a connection carries so many requests, and its last answer says that it is the last.

use std::sync::Arc;

use exercises::{HELLO, options, receive_all};
use handler::Routes;
use phase4_keepalive::Options;
use server::Background;

#[track_caller]
fn start(flags: &[&str]) -> Background {
    let options: Options = options(flags);
    Background::start(move |listener, stats, stop| {
        phase4_keepalive::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port")
}

/// All answers to these requests until the server closes.
#[track_caller]
fn answers(server: &Background, requests: &str) -> Vec<String> {
    let text = receive_all(
        &server.send(requests),
        "With --max-requests, a connection was still open after its last answer.",
    );
    text.split_inclusive("Hello, World!").map(str::to_owned).collect()
}

#[test]
fn the_last_answer_says_so_and_what_comes_behind_it_is_not_served() {
    let server = start(&["--max-requests", "2"]);
    // Twice: what one connection has used up is nothing to the next.
    for _ in 0..2 {
        let answers = answers(&server, &HELLO.repeat(3));
        assert_eq!(answers.len(), 2, "With --max-requests 2, three requests had {} answers.", answers.len());
        assert!(!answers[0].contains("Connection:"), "The first of two answers was said to be the last.");
        assert!(
            answers[1].contains("\r\nConnection: close\r\n"),
            "The last answer does not say `Connection: close`, so the client would go on."
        );
    }
    assert_eq!(server.stats().requests(), 4, "A request behind the last answer was given to the handler.");
}

#[test]
fn an_answer_that_had_to_wait_counts_as_well() {
    let server = start(&["--max-requests", "2"]);
    let waiting = "GET /wait?ms=1 HTTP/1.1\r\nHost: a\r\n\r\n";
    let text = receive_all(
        &server.send(format!("{waiting}{HELLO}{HELLO}")),
        "With --max-requests 2, a connection was still open after its second answer: one that had to wait for its answer counts, too.",
    );
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2, "With --max-requests 2: {text}");
}
