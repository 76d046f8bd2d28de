//! Chunk sizes and data: rule 19.

use super::{THREE_BYTES, echo_chunks, echoed, three_bytes};
use crate::case::Case;
use crate::expect::Outcome;

pub(super) fn cases() -> Vec<Case> {
    [sizes_refused(), data_refused(), served()].concat()
}

fn sizes_refused() -> Vec<Case> {
    let why = "a size that two readers read differently moves the start of the next request";
    let rows: [(&str, &str); 20] = [
        ("chunk-size-with-0x", "0x5\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-with-plus", "+5\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-with-minus", "-5\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-of-minus-zero", "5\r\nhello\r\n-0\r\n\r\n"),
        ("chunk-size-with-underscore", "0_5\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-with-space-before", " 5\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-with-space-after", "5 \r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-with-tab-after", "5\t\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-with-space-inside", "0 5\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-empty", "\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-that-is-no-hexadecimal", "g\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-with-h", "5h\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-in-quotes", "\"5\"\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-with-point", "5.0\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-of-two-to-the-64", "10000000000000000\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-that-wraps-to-5", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-of-32-digits", "ffffffffffffffffffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-with-bare-lf", "5\nhello\r\n0\r\n\r\n"),
        ("chunk-size-with-bare-cr", "5\rhello\r\n0\r\n\r\n"),
        ("chunk-size-with-two-crs", "5\r\r\nhello\r\n0\r\n\r\n"),
    ];
    rows.map(|row| refused(row, why)).to_vec()
}

fn data_refused() -> Vec<Case> {
    let why = "data that does not end where its size says was framed by somebody who counts otherwise";
    let rows: [(&str, &str); 7] = [
        ("chunk-data-too-long", "5\r\nhello!\r\n0\r\n\r\n"),
        ("chunk-data-without-crlf", "5\r\nhello0\r\n\r\n"),
        ("chunk-data-followed-by-bare-lf", "5\r\nhello\n0\r\n\r\n"),
        ("chunk-data-followed-by-bare-cr", "5\r\nhello\r0\r\n\r\n"),
        ("chunk-data-followed-by-other-bytes", "5\r\nhelloXX0\r\n\r\n"),
        ("last-chunk-followed-by-bare-lf", "5\r\nhello\r\n0\r\n\n"),
        ("last-chunk-size-with-bare-lf", "5\r\nhello\r\n0\n\r\n"),
    ];
    rows.map(|row| refused(row, why)).to_vec()
}

fn refused((name, chunks): (&'static str, &str), why: &'static str) -> Case {
    Case::security(19, name, "9112 7.1").why(why).on_lab_routes().send(echo_chunks(chunks)).refused(&[400])
}

fn served() -> Vec<Case> {
    let why = "a size is 1*HEXDIG, in any case and with zeros in front";
    let rows: [(&str, &str, &str); 7] = [
        ("chunk-size-in-lower-case", "a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("chunk-size-in-upper-case", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        (
            "chunk-size-of-two-digits",
            "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
            "abcdefghijklmnopqrstuvwxyz",
        ),
        ("chunk-size-with-zeros-in-front", "005\r\nhello\r\n000\r\n\r\n", "hello"),
        ("several-chunks", "2\r\nhe\r\n1\r\nl\r\n2\r\nlo\r\n0\r\n\r\n", "hello"),
        ("no-chunk-but-the-last", "0\r\n\r\n", ""),
        ("chunk-data-that-looks-like-framing", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n"),
    ];
    let case = |(name, chunks, body): (_, &str, &str)| {
        let case = Case::compliance(19, name, "9112 7.1").why(why).on_lab_routes();
        case.send(echo_chunks(chunks)).answered(echoed(body))
    };
    let mut cases = rows.map(case).to_vec();
    cases.push(
        Case::security(19, "chunked-body-ends-where-it-says", "9112 7.1")
            .why("the byte after the last chunk is the next request's first")
            .on_lab_routes()
            .send([&echo_chunks("5\r\nhello\r\n0\r\n\r\n")[..], THREE_BYTES.as_bytes()].concat())
            .allow(Outcome::answers([echoed("hello"), three_bytes()])),
    );
    cases.push(
        Case::security(19, "chunk-size-of-forty-zeros", "9112 7.1")
            .why("the size line is bounded, or zeros keep a connection busy for ever")
            .on_lab_routes()
            .send(echo_chunks(format!("{}5\r\nhello\r\n0\r\n\r\n", "0".repeat(40))))
            .refused(&[400])
            .allow(Outcome::answers([echoed("hello")])),
    );
    cases
}
