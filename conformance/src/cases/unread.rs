//! Bodies that the handler has no use for: rule 23.

use super::{THREE_BYTES, get_with, hello, three_bytes};
use crate::case::Case;
use crate::expect::{Answer, Check, Outcome, between, status};

pub(super) fn cases() -> Vec<Case> {
    [bodies_that_are_requests(), large_bodies()].concat()
}

/// A body that would be answered if the server took it for a request.
const SMUGGLED: &str = "GET /bytes?n=7 HTTP/1.1\r\nHost: lab\r\n\r\n";

/// A request whose body nobody reads, then a request that must be answered as what it is, if the
/// server did not close instead. An answer to [`SMUGGLED`] is never right.
fn bodies_that_are_requests() -> Vec<Case> {
    let why = "unread, the body would be parsed as the next request: smuggling in its plainest form";
    let rows: [(&str, &'static str, &str, Answer); 5] = [
        ("get", "GET", "/", hello()),
        ("head", "HEAD", "/", status(200)),
        ("options", "OPTIONS", "/", between(200, 299).with(Check::Lists("Allow", "GET"))),
        ("unknown-path", "POST", "/no/such/path", status(404)),
        ("method-not-allowed", "POST", "/", status(405)),
    ];
    let case = |(name, method, target, answer): (&str, _, &str, Answer)| {
        let length = format!("Content-Length: {}\r\n\r\n{SMUGGLED}", SMUGGLED.len());
        let chunks =
            format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len());
        [("length", length), ("chunks", chunks)].map(|(framing, rest)| {
            Case::security(23, format!("unread-body-of-{name}-by-{framing}"), "9110 9.3.1")
                .why(why)
                .on_lab_routes()
                .methods(&[method, "GET"])
                .send(format!("{method} {target} HTTP/1.1\r\nHost: lab\r\n{rest}{THREE_BYTES}"))
                .allow(Outcome::answers([answer.clone(), three_bytes()]))
                .or(Outcome::then_close([answer.clone()]))
                .allow(Outcome::refusal(&[400]))
        })
    };
    rows.map(case).concat()
}

fn large_bodies() -> Vec<Case> {
    let why = "what is left unread is drained within a bound, or a close would reset the answer away";
    let body = "x".repeat(512 * 1024);
    let lines = format!("Content-Length: {}", body.len());
    let large = |name, head: Vec<u8>, answer: Answer| {
        Case::security(23, name, "9112 9.6")
            .why(why)
            .on_lab_routes()
            .send([&head[..], body.as_bytes()].concat())
            .answered(answer.clone())
            .or(Outcome::then_close([answer]).in_order())
            .whole_only()
    };
    let post = |target| format!("POST {target} HTTP/1.1\r\nHost: lab\r\n{lines}\r\n\r\n").into_bytes();
    vec![
        large("large-unread-body-of-get", get_with(&lines), hello()),
        large("large-unread-body-of-unknown-path", post("/no/such/path"), status(404)),
        large("large-unread-body-of-method-not-allowed", post("/"), status(405)),
    ]
}
