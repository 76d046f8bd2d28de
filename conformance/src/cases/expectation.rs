//! Expect: 100-continue: rule 24.

use super::{echo, echoed, get_with, hello};
use crate::case::Case;
use crate::expect::{Answer, End, Outcome, status};

pub(super) fn cases() -> Vec<Case> {
    let waiting = "the client waits for leave to send the body, and would wait until its own timeout";
    let old = "an HTTP/1.0 client takes a 1xx for the answer";
    let head = echo("Content-Length: 5\r\nExpect: 100-continue", "");
    let chunked = echo("Transfer-Encoding: chunked\r\nExpect: 100-continue", "");
    let refused = Outcome::refusal(&[417]);
    let on_1_0 = "POST /echo HTTP/1.0\r\nHost: lab\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    let chunked_on_1_0 =
        "POST /echo HTTP/1.0\r\nHost: lab\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n";
    let closes = |answer: Answer| Outcome { end: End::Closes, ..Outcome::answers([answer]) };
    let case = |name, why| Case::compliance(24, name, "9110 10.1.1").why(why).on_lab_routes();
    vec![
        case("expect-continue-then-body", waiting)
            .send(&head)
            .once_continued_send("hello")
            .answered(echoed("hello").maybe_after_100())
            .allow(refused.clone()),
        case("expect-continue-then-chunks", waiting)
            .send(&chunked)
            .once_continued_send("5\r\nhello\r\n0\r\n\r\n")
            .answered(echoed("hello").maybe_after_100())
            .allow(refused.clone()),
        case("expect-continue-in-other-case", waiting)
            .send(echo("Content-Length: 5\r\nexpect: 100-CONTINUE", ""))
            .once_continued_send("hello")
            .answered(echoed("hello").maybe_after_100())
            .allow(refused.clone()),
        case("expect-continue-with-the-body-at-once", "leave given late must not garble the answer")
            .send([&head[..], b"hello"].concat())
            .answered(echoed("hello").maybe_after_100())
            .allow(refused),
        case("expect-continue-on-unknown-path", "a final answer in place of 100 saves the client the body")
            .send("POST /no/such/path HTTP/1.1\r\nHost: lab\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            .once_continued_send("hello")
            .answered(status(404).maybe_after_100())
            .or(Outcome::then_close([status(404)]))
            .whole_only(),
        case("expect-continue-without-body", "there is nothing to wait for, so 100 is of no use")
            .send(get_with("Expect: 100-continue"))
            .answered(hello())
            .or(Outcome::answers([hello().maybe_after_100()])),
        case("expect-continue-on-1.0", old).send([on_1_0, "hello"].concat()).allow(closes(echoed("hello"))),
        // With the body at hand nobody would send 100. Without it whoever does not look at the version does.
        case("expect-continue-on-1.0-without-its-body", old)
            .send(on_1_0)
            .half_close()
            .refused(&[400, 408])
            .or(Outcome::silence()),
        case("expect-continue-on-1.0-with-chunks", old).send(chunked_on_1_0).refused(&[400]),
    ]
}
