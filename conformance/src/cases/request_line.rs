//! The request line: rules 1 to 5.

use super::{GET, THREE_BYTES, get_with, hello, three_bytes};
use crate::case::{Case, Need};
use crate::expect::Outcome;

pub(super) fn cases() -> Vec<Case> {
    [separators(), shapes(), versions(), leading_lines(), line_ends()].concat()
}

fn with_line(line: &[u8]) -> Vec<u8> {
    [line, b"\r\nHost: lab\r\n\r\n"].concat()
}

fn separators() -> Vec<Case> {
    let why = "a proxy that splits the line at other places than the server forwards another request";
    let rows: [(&str, &[u8]); 12] = [
        ("two-spaces-after-method", b"GET  / HTTP/1.1"),
        ("two-spaces-before-version", b"GET /  HTTP/1.1"),
        ("tab-after-method", b"GET\t/ HTTP/1.1"),
        ("tab-before-version", b"GET /\tHTTP/1.1"),
        ("vertical-tab-after-method", b"GET\x0b/ HTTP/1.1"),
        ("form-feed-before-version", b"GET /\x0cHTTP/1.1"),
        ("space-inside-target", b"GET /a b HTTP/1.1"),
        ("version-inside-target", b"GET / HTTP/1.1 HTTP/1.1"),
        ("tab-inside-target", b"GET /a\tb HTTP/1.1"),
        ("space-before-method", b" GET / HTTP/1.1"),
        ("space-after-version", b"GET / HTTP/1.1 "),
        ("tab-after-version", b"GET / HTTP/1.1\t"),
    ];
    let case =
        |(name, line)| Case::security(1, name, "9112 3").why(why).send(with_line(line)).refused(&[400]);
    rows.map(case).to_vec()
}

fn shapes() -> Vec<Case> {
    let why = "a line that is no request line can only be guessed at";
    let rows: [(&str, &[u8]); 11] = [
        ("missing-target", b"GET HTTP/1.1"),
        ("missing-version", b"GET /"),
        ("missing-version-with-space", b"GET / "),
        ("method-alone", b"GET"),
        ("missing-method", b" / HTTP/1.1"),
        ("version-without-minor", b"GET / HTTP/1"),
        ("version-with-zeros", b"GET / HTTP/01.01"),
        ("version-with-two-digit-minor", b"GET / HTTP/1.10"),
        ("version-in-lower-case", b"GET / http/1.1"),
        ("version-of-another-protocol", b"GET / ICAP/1.1"),
        ("version-with-comma", b"GET / HTTP/1,1"),
    ];
    let case =
        |(name, line)| Case::compliance(2, name, "9112 2.3").why(why).send(with_line(line)).refused(&[400]);
    let mut cases = rows.map(case).to_vec();
    cases.push(
        Case::compliance(2, "http-0.9-simple-request", "9112 2.3")
            .why("an answer without a head, to a request without fields, can't be told from an attack")
            .send("GET /\r\n\r\n")
            .refused(&[400]),
    );
    cases.push(
        Case::compliance(2, "http-0.9-line-alone", "9112 2.3")
            .why("a server may wait for the rest of the head, but must not serve the line when none comes")
            .send("GET /\r\n")
            .half_close()
            .refused(&[400, 408])
            .or(Outcome::silence()),
    );
    cases
}

fn versions() -> Vec<Case> {
    let why = "another major version frames its messages in another way";
    let rows: [(&str, &[u8]); 4] = [
        ("http-2.0", b"GET / HTTP/2.0"),
        ("http-9.9", b"GET / HTTP/9.9"),
        ("http-0.9-spelt-out", b"GET / HTTP/0.9"),
        ("http-3.0", b"GET / HTTP/3.0"),
    ];
    let refused = |case: Case| case.why(why).refused(&[505]).allow(Outcome::refusal(&[400]));
    let case = |(name, line)| refused(Case::compliance(3, name, "9110 15.6.6").send(with_line(line)));
    let mut cases = rows.map(case).to_vec();
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    cases.push(refused(Case::compliance(3, "http-2-preface", "9113 3.4").send(preface)));
    cases.push(
        Case::compliance(3, "http-1.2-is-served", "9110 2.5")
            .why("a higher minor version is compatible and is served as the highest one known")
            .send(with_line(b"GET / HTTP/1.2"))
            .answered(hello()),
    );
    cases
}

fn leading_lines() -> Vec<Case> {
    let why = "old clients end a POST with a CRLF that its length does not count";
    let case = |lines: usize, name: &'static str| {
        Case::compliance(4, name, "9112 2.2").send(["\r\n".repeat(lines).as_str(), GET].concat())
    };
    vec![
        case(1, "one-leading-crlf").why(why).answered(hello()),
        case(2, "two-leading-crlf").why(why).answered(hello()),
        case(3, "three-leading-crlf")
            .why("skipping without a bound lets a client say nothing for ever")
            .refused(&[400]),
        case(2000, "two-thousand-leading-crlf")
            .why("skipping without a bound is work for nothing")
            .refused(&[400]),
        Case::compliance(4, "crlf-between-requests", "9112 2.2")
            .why(why)
            .on_lab_routes()
            .needs(Need::Persistence)
            .send([GET, "\r\n", THREE_BYTES].concat())
            .allow(Outcome::answers([hello(), three_bytes()])),
    ]
}

fn line_ends() -> Vec<Case> {
    let why = "where one reader sees a line end and the next does not, a field can be hidden or made";
    let rows: [(&str, &[u8]); 13] = [
        ("bare-lf-after-request-line", b"GET / HTTP/1.1\nHost: lab\r\n\r\n"),
        ("bare-lf-after-field", b"GET / HTTP/1.1\r\nHost: lab\nX: y\r\n\r\n"),
        ("bare-lf-for-the-empty-line", b"GET / HTTP/1.1\r\nHost: lab\r\n\n"),
        ("bare-lf-for-the-last-two-lines", b"GET / HTTP/1.1\r\nHost: lab\n\n"),
        ("bare-lf-everywhere", b"GET / HTTP/1.1\nHost: lab\n\n"),
        ("bare-lf-before-the-request", b"\nGET / HTTP/1.1\r\nHost: lab\r\n\r\n"),
        ("bare-cr-before-the-request", b"\rGET / HTTP/1.1\r\nHost: lab\r\n\r\n"),
        ("bare-cr-after-request-line", b"GET / HTTP/1.1\rHost: lab\r\n\r\n"),
        ("bare-cr-after-field", b"GET / HTTP/1.1\r\nHost: lab\rX: y\r\n\r\n"),
        ("bare-cr-in-target", b"GET /\r HTTP/1.1\r\nHost: lab\r\n\r\n"),
        ("bare-cr-in-field-name", b"GET / HTTP/1.1\r\nHost: lab\r\nX\rY: z\r\n\r\n"),
        ("bare-cr-for-the-empty-line", b"GET / HTTP/1.1\r\nHost: lab\r\n\rX"),
        ("two-crs-before-lf", b"GET / HTTP/1.1\r\nHost: lab\r\r\n\r\n"),
    ];
    let case =
        |(name, bytes): (_, &[u8])| Case::security(5, name, "9112 2.2").why(why).send(bytes).refused(&[400]);
    let mut cases = rows.map(case).to_vec();
    cases.push(
        Case::security(5, "bare-lf-hides-a-field", "9112 2.2")
            .why("behind a proxy that takes LF for part of the value, this body length is smuggled in")
            .send(get_with("X: y\nContent-Length: 5"))
            .refused(&[400]),
    );
    cases
}
