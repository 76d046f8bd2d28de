//! After an error: rules 27 and 30.

use super::{GET, THREE_BYTES, echo, echo_chunks, get_with, hello, three_bytes};
use crate::case::{Case, Need};
use crate::expect::{Outcome, one_of, status};

/// Exchanges out of which not one answer may be lost to a reset.
const RACES: u32 = 100;
/// What the client still sends when the error is known already, in bytes. More than a socket takes in
/// one go, so that the server meets it while it closes.
const UPLOAD_BYTES: usize = 256 * 1024;

pub(super) fn cases() -> Vec<Case> {
    [nothing_more(), answers_before(), uploads()].concat()
}

fn nothing_more() -> Vec<Case> {
    let why = "after a framing error nobody knows where the next request starts";
    let rows: [(&str, Vec<u8>); 6] = [
        ("nothing-after-a-bad-request-line", b"GET  / HTTP/1.1\r\nHost: lab\r\n\r\n".to_vec()),
        ("nothing-after-a-bad-field", get_with("X : y")),
        ("nothing-after-a-bad-length", get_with("Content-Length: +0")),
        ("nothing-after-two-framings", get_with("Content-Length: 0\r\nTransfer-Encoding: chunked")),
        ("nothing-after-a-missing-host", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("nothing-after-a-bad-chunk", echo_chunks("5\r\nhelloXX0\r\n\r\n")),
    ];
    let case = |(name, bytes): (_, Vec<u8>)| {
        let case = Case::security(27, name, "9112 11.2").why(why).on_lab_routes();
        case.send([&bytes[..], GET.as_bytes(), GET.as_bytes()].concat()).refused(&[400])
    };
    rows.map(case).to_vec()
}

fn answers_before() -> Vec<Case> {
    let why = "what was asked before the error has its answer, in its place and first";
    let bad = get_with("X : y");
    let case = |name| Case::security(27, name, "9112 9.3.2").why(why).on_lab_routes();
    vec![
        case("answers-before-an-error-go-out-first")
            .needs(Need::Persistence)
            .send([GET.as_bytes(), THREE_BYTES.as_bytes(), &bad, GET.as_bytes()].concat())
            .allow(Outcome::then_close([hello(), three_bytes(), status(400)])),
        case("a-slow-answer-before-an-error-goes-out-first")
            .needs(Need::Persistence)
            .send([b"GET /wait?ms=4 HTTP/1.1\r\nHost: lab\r\n\r\n", &bad[..], GET.as_bytes()].concat())
            .allow(Outcome::then_close([status(200), status(400)])),
        case("an-error-after-an-answered-request")
            .needs(Need::Persistence)
            .send(GET)
            .once_answered_send([&bad[..], GET.as_bytes()].concat())
            .allow(Outcome::then_close([hello(), status(400)])),
    ]
}

fn uploads() -> Vec<Case> {
    let why = "a close with unread bytes is a reset, and a reset eats the answer on its way";
    let body = vec![b'x'; UPLOAD_BYTES];
    let length = format!("Content-Length: {UPLOAD_BYTES}");
    let rows: [(&str, Vec<u8>, &[u16]); 4] = [
        ("bad-field-while-uploading", echo(format!("{length}\r\nX : y"), &body), &[400]),
        (
            "bad-request-line-while-uploading",
            [b"GET  / HTTP/1.1\r\nHost: lab\r\n\r\n", &body[..]].concat(),
            &[400],
        ),
        ("bad-chunk-while-uploading", echo_chunks([b"zz\r\n", &body[..]].concat()), &[400]),
        ("large-head-while-uploading", [b"GET / HTTP/1.1\r\nHost: lab\r\nX: ", &body[..]].concat(), &[431]),
    ];
    let case = |(name, bytes, statuses): (_, Vec<u8>, &[u16])| {
        Case::compliance(30, name, "9112 9.6")
            .why(why)
            .on_lab_routes()
            .send(bytes)
            .allow(Outcome::then_close([one_of(statuses)]).in_order())
            .repeated(RACES)
            .whole_only()
    };
    let mut cases = rows.map(case).to_vec();
    cases.push(
        Case::compliance(30, "bytes-behind-the-error", "9112 9.6")
            .why(why)
            .send([&get_with("X : y")[..], GET.as_bytes()].concat())
            .allow(Outcome::refusal(&[400]).in_order())
            .repeated(RACES),
    );
    cases
}
