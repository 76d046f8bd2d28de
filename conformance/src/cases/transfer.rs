//! Transfer-Encoding: rule 18.

use super::{echo, echo_chunks, echoed, get_with};
use crate::case::Case;
use crate::expect::Outcome;

/// A chunked body of "hello".
const HELLO_CHUNKS: &str = "5\r\nhello\r\n0\r\n\r\n";

pub(super) fn cases() -> Vec<Case> {
    [refused(), unknown(), served()].concat()
}

fn refused() -> Vec<Case> {
    let why = "only one chunked, last and bare, says where the body ends; all else is read in two ways";
    let rows: [(&str, &str); 14] = [
        ("chunked-not-last", "Transfer-Encoding: chunked, gzip"),
        ("chunked-not-last-over-two-lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip"),
        ("chunked-twice", "Transfer-Encoding: chunked, chunked"),
        ("chunked-twice-over-two-lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        ("chunked-then-identity", "Transfer-Encoding: chunked, identity"),
        ("chunked-with-parameter", "Transfer-Encoding: chunked;a=b"),
        ("chunked-with-weight", "Transfer-Encoding: chunked; q=1"),
        ("chunked-with-bare-semicolon", "Transfer-Encoding: chunked;"),
        ("transfer-encoding-empty", "Transfer-Encoding:"),
        ("transfer-encoding-blank", "Transfer-Encoding: \t "),
        ("transfer-encoding-of-commas", "Transfer-Encoding: , ,"),
        ("chunked-with-vertical-tab", "Transfer-Encoding: \u{b}chunked"),
        ("chunked-with-nul", "Transfer-Encoding: chunked\0"),
        ("chunked-in-two-words", "Transfer-Encoding: chunked chunked"),
    ];
    let case = |(name, lines)| {
        let case = Case::security(18, name, "9112 6.1").why(why).on_lab_routes();
        case.send(echo(lines, HELLO_CHUNKS)).refused(&[400])
    };
    let mut cases = rows.map(case).to_vec();
    let old = "an HTTP/1.0 hop does not know chunked and may have passed on another body";
    let request =
        format!("POST /echo HTTP/1.0\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n{HELLO_CHUNKS}");
    let case = Case::security(18, "chunked-on-1.0", "9112 6.1").why(old).on_lab_routes();
    cases.push(case.send(request).refused(&[400]));
    let case = Case::security(18, "chunked-on-1.0-keep-alive", "9112 6.1").why(old);
    let request = "GET / HTTP/1.0\r\nHost: lab\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    cases.push(case.send(request).refused(&[400]));
    let case =
        Case::security(18, "chunked-in-quotes", "9112 7").why("a coding's name is a token, never in quotes");
    let case = case.on_lab_routes().send(echo("Transfer-Encoding: \"chunked\"", HELLO_CHUNKS));
    cases.push(case.refused(&[400]).or(Outcome::refusal(&[501])));
    let case = Case::security(18, "chunked-twice-on-get", "9112 6.1").why(why);
    cases.push(case.send(get_with("Transfer-Encoding: chunked, chunked")).refused(&[400]));
    // RFC 9110 section 5.6.1 has recipients skip empty list members, so serving these is sound as well.
    for (name, value) in
        [("chunked-after-empty-member", ", chunked"), ("chunked-before-empty-member", "chunked,")]
    {
        let case = Case::security(18, name, "9110 5.6.1").why(why).on_lab_routes();
        let case = case.send(echo(format!("Transfer-Encoding: {value}"), HELLO_CHUNKS));
        cases.push(case.refused(&[400]).allow(Outcome::answers([echoed("hello")])));
    }
    cases
}

fn unknown() -> Vec<Case> {
    let why = "501 is for a coding that the server does not know (RFC 9112 section 6.1)";
    let rows = [
        ("gzip-then-chunked", "gzip, chunked"),
        ("gzip-alone", "gzip"),
        ("identity-alone", "identity"),
        ("unknown-coding", "x-made-up"),
        ("coding-that-starts-like-chunked", "chunkedx"),
        ("coding-that-ends-like-chunked", "xchunked"),
    ];
    let case = |(name, coding)| {
        let case = Case::compliance(18, name, "9112 6.1").why(why).on_lab_routes();
        let case = case.send(echo(format!("Transfer-Encoding: {coding}"), HELLO_CHUNKS));
        case.refused(&[501]).allow(Outcome::refusal(&[400]))
    };
    rows.map(case).to_vec()
}

fn served() -> Vec<Case> {
    let case = |name| {
        let why = "a coding's name has no case, and white space around it is no part of it";
        Case::compliance(18, name, "9112 7").why(why).on_lab_routes()
    };
    vec![
        case("chunked").send(echo_chunks(HELLO_CHUNKS)).answered(echoed("hello")),
        case("chunked-in-upper-case")
            .send(echo("TRANSFER-ENCODING: CHUNKED", HELLO_CHUNKS))
            .answered(echoed("hello")),
        case("chunked-with-white-space-around")
            .send(echo("Transfer-Encoding:\t chunked \t", HELLO_CHUNKS))
            .answered(echoed("hello")),
    ]
}
