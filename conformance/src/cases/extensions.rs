//! Chunk extensions and trailers: rule 20.

use super::{THREE_BYTES, echo_chunks, echoed, three_bytes};
use crate::case::Case;
use crate::expect::{Check, Outcome, status};

/// More extension bytes than any server may read of one body.
const ENDLESS_BYTES: usize = 256 * 1024;

pub(super) fn cases() -> Vec<Case> {
    [extensions_ignored(), extensions_refused(), trailers(), bounded()].concat()
}

fn case(name: &'static str, why: &'static str, chunks: &str) -> Case {
    Case::security(20, name, "9112 7.1.1").why(why).on_lab_routes().send(echo_chunks(chunks))
}

fn extensions_ignored() -> Vec<Case> {
    let why = "a recipient must ignore extensions that it does not know";
    let rows: [(&str, &str); 6] = [
        ("extension-with-value", "5;a=b\r\nhello\r\n0\r\n\r\n"),
        ("extension-without-value", "5;a\r\nhello\r\n0\r\n\r\n"),
        ("extension-in-quotes", "5;a=\"b;c \\\"d\\\"\"\r\nhello\r\n0\r\n\r\n"),
        ("several-extensions", "5;a;b=c;d=\"e\"\r\nhello\r\n0\r\n\r\n"),
        ("extension-of-the-last-chunk", "5\r\nhello\r\n0;a=b\r\n\r\n"),
        ("extension-that-looks-like-a-size", "5;ff=10\r\nhello\r\n0\r\n\r\n"),
    ];
    let mut cases = rows.map(|(name, chunks)| case(name, why, chunks).answered(echoed("hello"))).to_vec();
    // The grammar has "bad" white space here, to be parsed but never sent; a strict server refuses it.
    for (name, chunks) in [
        ("extension-after-a-space", "5 ;a=b\r\nhello\r\n0\r\n\r\n"),
        ("extension-with-spaces-inside", "5; a = b\r\nhello\r\n0\r\n\r\n"),
    ] {
        let case = case(name, "white space in the size line is where readers differ", chunks);
        cases.push(case.refused(&[400]).allow(Outcome::answers([echoed("hello")])));
    }
    cases
}

fn extensions_refused() -> Vec<Case> {
    let why = "an extension that ends elsewhere for another reader carries a request inside it";
    let rows: [(&str, &str); 9] = [
        ("bare-semicolon", "5;\r\nhello\r\n0\r\n\r\n"),
        ("bare-semicolon-on-the-last-chunk", "5\r\nhello\r\n0;\r\n\r\n"),
        ("two-semicolons", "5;;a\r\nhello\r\n0\r\n\r\n"),
        ("cr-in-extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
        ("lf-in-extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
        ("lf-in-quoted-extension", "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"),
        ("nul-in-extension", "5;a\0\r\nhello\r\n0\r\n\r\n"),
        ("extension-ended-by-bare-lf", "5;a=b\nhello\r\n0\r\n\r\n"),
        ("extension-with-open-quote", "5;a=\"b\r\nhello\r\n0\r\n\r\n"),
    ];
    rows.map(|(name, chunks)| case(name, why, chunks).refused(&[400])).to_vec()
}

fn trailers() -> Vec<Case> {
    let why = "a trailer comes after the decision was made, so it must not change it";
    let mut cases = Vec::new();
    for (name, line) in [
        ("trailer", "X-Late: yes"),
        ("trailer-that-is-a-length", "Content-Length: 99"),
        ("trailer-that-is-a-coding", "Transfer-Encoding: gzip"),
        ("trailer-that-is-a-host", "Host: other"),
        ("trailer-that-says-close", "Connection: close"),
    ] {
        let echo = echo_chunks(format!("5\r\nhello\r\n0\r\n{line}\r\n\r\n"));
        let case = Case::security(20, name, "9110 6.5.1").why(why).on_lab_routes();
        let case = case.send([&echo[..], THREE_BYTES.as_bytes()].concat());
        let case = case.allow(Outcome::answers([echoed("hello"), three_bytes()]));
        cases.push(case.allow(Outcome::refusal(&[400])));
    }
    cases.push(
        Case::security(20, "trailer-never-joins-the-fields", "9110 6.5.1")
            .why(why)
            .on_lab_routes()
            .send("GET /headers HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Late: yes\r\n\r\n")
            .answered(status(200).with(Check::BodyHas(b"host: lab".to_vec())).with(Check::BodyLacks(b"x-late".to_vec())))
            .allow(Outcome::refusal(&[400])),
    );
    let why = "a trailer is a field line, with the same traps";
    for (name, line) in [
        ("trailer-with-space-before-colon", "X : y"),
        ("trailer-without-colon", "X"),
        ("trailer-without-name", ": y"),
        ("trailer-with-obs-fold", "X: y\r\n z"),
        ("trailer-with-nul", "X: \0"),
        ("trailer-with-bare-cr", "X: y\rZ: a"),
        ("trailer-with-bare-lf", "X: y\nZ: a"),
    ] {
        let chunks = format!("5\r\nhello\r\n0\r\n{line}\r\n\r\n");
        cases.push(case(name, why, &chunks).refused(&[400]));
    }
    cases
}

fn bounded() -> Vec<Case> {
    let why = "nothing is read without a bound: a body of framing costs the server and carries nothing";
    let long = "a".repeat(ENDLESS_BYTES);
    let many_lines = "X: y\r\n".repeat(ENDLESS_BYTES / 6);
    let many_extensions = format!("1;{}\r\nx\r\n", "a".repeat(1000)).repeat(ENDLESS_BYTES / 1000);
    let refusal = |case: Case| case.refused(&[400, 413, 431]).whole_only();
    vec![
        refusal(case("endless-extension", why, &format!("5;{long}"))),
        refusal(case("endless-extensions-over-many-chunks", why, &many_extensions)),
        refusal(case("endless-trailer", why, &format!("0\r\nX: {long}"))),
        refusal(case("endless-trailers", why, &format!("0\r\n{many_lines}"))),
    ]
}
