//! Field lines: rules 12 and 13, and 15 for fields that the server may ignore.

use super::{GET, HELLO, THREE_BYTES, get_with, hello, three_bytes};
use crate::case::Case;
use crate::expect::{Check, Outcome, status};

pub(super) fn cases() -> Vec<Case> {
    [lines(), values_refused(), values_served(), echoed_values(), ignored()].concat()
}

fn lines() -> Vec<Case> {
    let why = "a line that another reader joins, drops or renames is where requests are smuggled";
    let rows: [(&str, &[u8]); 20] = [
        ("obs-fold-with-space", b"X: a\r\n b"),
        ("obs-fold-with-tab", b"X: a\r\n\tb"),
        ("obs-fold-of-an-empty-line", b"X: a\r\n "),
        ("obs-fold-of-transfer-encoding", b"Transfer-Encoding:\r\n chunked"),
        ("obs-fold-of-content-length", b"Content-Length:\r\n 5"),
        ("space-before-colon", b"X : a"),
        ("tab-before-colon", b"X\t: a"),
        ("space-before-colon-of-content-length", b"Content-Length : 5"),
        ("space-before-colon-of-transfer-encoding", b"Transfer-Encoding : chunked"),
        ("empty-field-name", b": a"),
        ("colon-alone", b":"),
        ("no-colon", b"X"),
        ("no-colon-but-a-space", b"X a"),
        ("field-name-with-space", b"X Y: a"),
        ("field-name-with-at-sign", b"X@Y: a"),
        ("field-name-with-parenthesis", b"X(Y): a"),
        ("field-name-with-nul", b"X\0Y: a"),
        ("field-name-with-control-byte", b"X\x01: a"),
        ("field-name-with-del", b"X\x7f: a"),
        ("field-name-with-utf-8", "X\u{e9}: a".as_bytes()),
    ];
    let case = |(name, line): (_, &[u8])| {
        Case::security(12, name, "9112 5.1").why(why).send(get_with(line)).refused(&[400])
    };
    let mut cases = rows.map(case).to_vec();
    for (name, blank) in [("space-before-first-field", " "), ("tab-before-first-field", "\t")] {
        let case = Case::security(12, name, "9112 2.2").why(why);
        cases.push(
            case.send(format!("GET / HTTP/1.1\r\n{blank}Host: lab\r\nHost: lab\r\n\r\n")).refused(&[400]),
        );
    }
    let case = Case::security(12, "blank-line-before-first-field", "9112 2.2").why(why);
    cases.push(case.send("GET / HTTP/1.1\r\n \r\nHost: lab\r\n\r\n").refused(&[400]));
    cases
}

fn values_refused() -> Vec<Case> {
    let why = "a control byte ends the value for some readers and not for others";
    let rows: [(&str, &[u8]); 9] = [
        ("nul-in-value", b"X: a\0b"),
        ("nul-at-the-end-of-a-value", b"X: a\0"),
        ("cr-in-value", b"X: a\rb"),
        ("lf-in-value", b"X: a\nY: b"),
        ("byte-1-in-value", b"X: a\x01b"),
        ("backspace-in-value", b"X: a\x08b"),
        ("vertical-tab-in-value", b"X: a\x0bb"),
        ("escape-byte-in-value", b"X: a\x1b[31m"),
        ("del-in-value", b"X: a\x7fb"),
    ];
    let case = |(name, line): (_, &[u8])| {
        Case::security(13, name, "9110 5.5").why(why).send(get_with(line)).refused(&[400])
    };
    rows.map(case).to_vec()
}

fn values_served() -> Vec<Case> {
    let why = "RFC 9110 section 5.5 allows it, and correct clients send it";
    let rows: [(&str, &[u8]); 8] = [
        ("obs-text-in-value", b"X: caf\xe9"),
        ("utf-8-in-value", "X: caf\u{e9} \u{1f980}".as_bytes()),
        ("empty-value", b"X:"),
        ("blank-value", b"X: \t "),
        ("tabs-around-a-value", b"X:\ta\t"),
        ("tab-inside-a-value", b"X: a\tb"),
        ("colons-in-a-value", b"X: a:b::c"),
        ("field-name-with-every-token-mark", b"a!#$%&'*+-.^_`|~9: b"),
    ];
    let case = |(name, line): (_, &[u8])| {
        Case::compliance(13, name, "9110 5.5").why(why).send(get_with(line)).answered(hello())
    };
    rows.map(case).to_vec()
}

fn echoed_values() -> Vec<Case> {
    let echo = |name, line: &str, body: &str| {
        Case::compliance(13, name, "9110 5.5")
            .why("what reaches the handler is the value, whole, without the white space around it")
            .on_lab_routes()
            .send(format!("GET /headers HTTP/1.1\r\nHost: lab\r\n{line}\r\n\r\n"))
            .answered(status(200).with(Check::BodyHas(body.into())))
    };
    vec![
        echo("a-value-reaches-the-handler", "X-Marked: one two", "x-marked: one two"),
        echo("a-value-is-trimmed", "X-Marked: \t one \t", "x-marked: one"),
        echo("repeated-fields-both-arrive", "X-Marked: one\r\nX-Marked: two", "two"),
    ]
}

fn ignored() -> Vec<Case> {
    let why = "an optional feature that the server lacks must not change its answer";
    let rows = [
        ("upgrade-to-websocket", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"),
        ("upgrade-to-h2c", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk"),
        ("upgrade-without-connection", "Upgrade: websocket"),
        ("connection-with-an-unknown-option", "Connection: x-unknown"),
        ("connection-that-names-host", "Connection: host"),
        ("connection-with-empty-members", "Connection: , ,"),
        ("accept-nothing-it-has", "Accept: image/png;q=0.1"),
    ];
    let case = |(name, lines)| {
        Case::compliance(15, name, "9110 7.8").why(why).send(get_with(lines)).answered(hello())
    };
    let mut cases = rows.map(case).to_vec();
    for (name, range, tolerated) in [
        ("range", "bytes=0-4", 206),
        ("range-beyond-the-end", "bytes=1000-", 416),
        ("range-of-unknown-unit", "lines=1-2", 416),
        ("range-malformed", "bytes=5-1,x", 416),
    ] {
        let partial =
            status(tolerated).with(Check::Has("Content-Range")).with(Check::BodyLacks(HELLO.into()));
        let case =
            Case::compliance(15, name, "9110 14.2").why("a server may ignore Range, and then answers whole");
        let case = case.send(get_with(format!("Range: {range}"))).answered(hello());
        cases.push(case.or(Outcome::answers([partial])));
    }
    cases.push(
        Case::compliance(15, "unknown-expectation", "9110 10.1.1")
            .why("417 says that the expectation can't be met; ignoring it is allowed")
            .send(get_with("Expect: the-unexpected"))
            .answered(status(417))
            .or(Outcome::answers([hello()])),
    );
    cases.push(
        Case::security(15, "upgrade-then-another-request", "9110 7.8")
            .why("after a 101 the next bytes would be another protocol's; there must be none")
            .on_lab_routes()
            .send(
                [
                    &get_with("Connection: Upgrade\r\nUpgrade: h2c")[..],
                    THREE_BYTES.as_bytes(),
                    GET.as_bytes(),
                ]
                .concat(),
            )
            .allow(Outcome::answers([hello(), three_bytes(), hello()])),
    );
    cases
}
