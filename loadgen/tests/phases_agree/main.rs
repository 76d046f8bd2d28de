//! Property 9 of `http1/tests/properties`: the phases give the same answer to the same bytes, Date and
//! Connection aside; and those that keep their connections, as phase 4 does, give all the answers that the parser and
//! the handler promise.

mod predict;

use std::io::{Read as _, Write as _};
use std::net::Shutdown;

use conformance::reader::{Field, Transcript};
use http1::Limits;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use server::Background;

use self::predict::{Due, Quick, predict};

macro_rules! quick {
    ($($phase:ident = $name:literal $said:tt)+) => {
        /// All of them, slowest first.
        fn phases() -> Vec<Background> {
            let phases = [$(Background::start(|listener, stats, stop| {
                let options = $phase::Options::default();
                $phase::serve(listener, Quick::new(stats), &options, stats, stop)
            })),+];
            phases.map(|phase| phase.expect("a port")).into()
        }
    };
}
loadgen::phases!(quick);

/// Whether it answers more than one request on a connection.
fn keeps(phase: &Background) -> bool {
    let [first, last] =
        ["", "Connection: close\r\n"].map(|more| format!("GET / HTTP/1.1\r\nHost: a\r\n{more}\r\n"));
    phase.ask(first + &last).expect("answers").matches("HTTP/1.1 200 OK").count() > 1
}

/// Sends the bytes, says that there are no more, and reads to the end.
fn ask(phase: &Background, bytes: &[u8], due: &[Due]) -> Transcript {
    let mut stream = phase.connect().expect("connected");
    stream.write_all(bytes).expect("the server takes what it does not answer too");
    stream.shutdown(Shutdown::Write).expect("half-closed");
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).expect("answers and a close in order");
    let methods: Vec<_> = due.iter().map(Due::method).collect();
    let mut transcript = Transcript::new(&methods);
    transcript.push(&answers).and_then(|()| transcript.finish()).expect("well-formed answers");
    assert!(transcript.rest().is_empty(), "half an answer");
    assert_eq!(transcript.answers().len(), due.len(), "{}", answers.escape_ascii());
    for (answer, due) in transcript.answers().iter().zip(due) {
        due.is_met_by(answer);
    }
    transcript
}

/// The first answer as it must be the same for all: everything but two fields.
fn first(transcript: &Transcript) -> Option<(u16, &str, Vec<&Field>, &[u8])> {
    let is_its_own = |field: &&Field| ["date", "connection"].contains(&&*field.name.to_ascii_lowercase());
    let answer = transcript.answers().first()?;
    let fields = answer.head.fields.iter().filter(|field| !is_its_own(field)).collect();
    Some((answer.head.status, &answer.head.reason, fields, &answer.body))
}

/// A request to one of the routes, right or with something wrong.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let method = prop_oneof![
        8 => select(&["GET", "POST", "HEAD", "OPTIONS"][..]),
        1 => select(&["DELETE", "TRACE", "CONNECT", "get", "G(T", ""][..]),
    ];
    let target = prop_oneof![
        8 => select(&["/", "/json", "/echo", "/headers", "/bytes?n=300", "/wait?ms=3", "/nowhere"][..]),
        1 => select(&["*", "http://a/json", "/bytes", "/inject", "/#", "//", "nowhere", "/\u{e9}"][..]),
    ];
    let version = prop_oneof![
        8 => Just("HTTP/1.1\r\nHost: a"),
        1 => select(&["HTTP/1.0", "HTTP/1.1", "HTTP/1.2\r\nHost: a", "HTTP/2.0", "HTTP/1"][..]),
    ];
    let field = prop_oneof![
        8 => select(&["Accept: */*", "X:", "Connection: close", "Connection: keep-alive", "Expect: 100-continue"][..]),
        1 => select(&["Host: b", "X : y", " folded", "no colon", "X: \u{1}", "Content-Length: +1", "X: a\nb"][..]),
    ];
    let body = prop_oneof![
        8 => select(&[
            "\r\n",
            "Content-Length: 5\r\n\r\nhello",
            "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\nT: x\r\n\r\n",
        ][..]),
        1 => select(&[
            "Content-Length: 1048577\r\n\r\n",
            "Content-Length: 9\r\n\r\nshort",
            "Transfer-Encoding: gzip\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
            "",
        ][..]),
    ];
    let fields = prop::collection::vec(field, 0..3);
    (method, target, version, fields, body).prop_map(|(method, target, version, fields, body)| {
        let fields: String = fields.iter().flat_map(|field| [*field, "\r\n"]).collect();
        format!("{method} {target} {version}\r\n{fields}{body}").into_bytes()
    })
}

#[test]
fn the_same_bytes_have_the_same_answer() {
    let phases: Vec<(bool, Background)> = phases().into_iter().map(|phase| (keeps(&phase), phase)).collect();
    assert!(phases.iter().any(|(keeps, _)| *keeps) && phases.iter().any(|(keeps, _)| !keeps));
    let config = Config { cases: 1_000, failure_persistence: None, ..Config::default() };
    let messages = prop::collection::vec(message(), 1..4).prop_map(|messages| messages.concat());
    let outcome = TestRunner::new(config).run(&messages, |bytes| {
        let [once, all] = [false, true].map(|keeps| predict(&bytes, keeps, Limits::default()));
        let answers: Vec<_> = phases
            .iter()
            .map(|(keeps, phase)| ask(phase, &bytes, if *keeps { &all } else { &once }))
            .collect();
        for other in &answers[1..] {
            prop_assert_eq!(first(&answers[0]), first(other));
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
