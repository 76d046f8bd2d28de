//! No body, and half of one: rule 21.

use super::{THREE_BYTES, echo, echo_chunks, echoed, three_bytes};
use crate::case::Case;
use crate::expect::Outcome;

pub(super) fn cases() -> Vec<Case> {
    [unframed(), cut_short(), cut_heads()].concat()
}

fn unframed() -> Vec<Case> {
    let why = "a request without a framing field has no body; the bytes that follow are the next request";
    vec![
        Case::security(21, "post-without-framing", "9112 6.3")
            .why(why)
            .on_lab_routes()
            .send("POST /echo HTTP/1.1\r\nHost: lab\r\n\r\n")
            .answered(echoed(""))
            .allow(Outcome::refusal(&[411])),
        Case::security(21, "post-without-framing-then-a-request", "9112 6.3")
            .why(why)
            .on_lab_routes()
            .send(["POST /echo HTTP/1.1\r\nHost: lab\r\n\r\n", THREE_BYTES].concat())
            .allow(Outcome::answers([echoed(""), three_bytes()]))
            .allow(Outcome::refusal(&[411])),
        Case::security(21, "post-on-1.0-without-framing", "9112 6.3")
            .why("only a response is delimited by the close; a request never is")
            .on_lab_routes()
            .send("POST /echo HTTP/1.0\r\nHost: lab\r\n\r\n")
            .allow(Outcome { end: crate::expect::End::Closes, ..Outcome::answers([echoed("")]) })
            .allow(Outcome::refusal(&[400, 411])),
    ]
}

fn cut_short() -> Vec<Case> {
    let why = "half an order, half a file: a body that was cut must never be taken for a whole one";
    let rows: [(&str, Vec<u8>); 9] = [
        ("body-cut-short", echo("Content-Length: 10", "hello")),
        ("body-cut-before-its-first-byte", echo("Content-Length: 10", "")),
        ("body-cut-before-its-last-byte", echo("Content-Length: 6", "hello")),
        ("chunks-cut-before-the-first", echo_chunks("")),
        ("chunks-cut-in-a-size", echo_chunks("5")),
        ("chunks-cut-in-the-data", echo_chunks("5\r\nhel")),
        ("chunks-cut-before-the-last", echo_chunks("5\r\nhello\r\n")),
        ("chunks-cut-before-the-empty-line", echo_chunks("5\r\nhello\r\n0\r\n")),
        ("chunks-cut-in-a-trailer", echo_chunks("5\r\nhello\r\n0\r\nX-Late: y")),
    ];
    let case = |(name, bytes): (_, Vec<u8>)| {
        cut(Case::security(21, name, "9112 8").why(why).on_lab_routes().send(bytes))
    };
    rows.map(case).to_vec()
}

fn cut_heads() -> Vec<Case> {
    let why = "a head that was cut may lack the very field that would have forbidden the request";
    let rows = [
        ("head-cut-in-the-request-line", "GET / HT"),
        ("head-cut-after-the-request-line", "GET / HTTP/1.1\r\n"),
        ("head-cut-in-a-field", "GET / HTTP/1.1\r\nHost: l"),
        ("head-cut-before-the-empty-line", "GET / HTTP/1.1\r\nHost: lab\r\n"),
        ("head-cut-in-the-empty-line", "GET / HTTP/1.1\r\nHost: lab\r\n\r"),
    ];
    let mut cases =
        rows.map(|(name, head)| cut(Case::security(21, name, "9112 8").why(why).send(head))).to_vec();
    cases.push(
        Case::compliance(21, "nothing-sent-at-all", "9112 9.5")
            .why("a client that connects and leaves has asked for nothing")
            .half_close()
            .allow(Outcome::silence()),
    );
    cases
}

fn cut(case: Case) -> Case {
    case.half_close().refused(&[400, 408]).or(Outcome::silence())
}
