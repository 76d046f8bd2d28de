//! Content-Length: rules 16 and 17.

use super::{THREE_BYTES, echo, echoed, get_with, three_bytes};
use crate::case::Case;
use crate::expect::Outcome;

pub(super) fn cases() -> Vec<Case> {
    [malformed(), well_formed(), beside_transfer_encoding(), look_alikes()].concat()
}

fn malformed() -> Vec<Case> {
    let why = "two readers that disagree on the length disagree on where the next request starts";
    let rows: [(&str, &str); 25] = [
        ("length-with-plus", "Content-Length: +5"),
        ("length-with-minus", "Content-Length: -5"),
        ("length-with-minus-zero", "Content-Length: -0"),
        ("length-with-underscore", "Content-Length: 0_5"),
        ("length-in-hexadecimal", "Content-Length: 0x5"),
        ("length-with-hexadecimal-digit", "Content-Length: A"),
        ("length-with-space-inside", "Content-Length: 5 5"),
        ("length-with-decimal-point", "Content-Length: 5.0"),
        ("length-with-exponent", "Content-Length: 5e0"),
        ("length-in-quotes", "Content-Length: \"5\""),
        ("length-with-unit", "Content-Length: 5;a"),
        ("length-with-arabic-digit", "Content-Length: \u{665}"),
        ("length-empty", "Content-Length:"),
        ("length-blank", "Content-Length: \t "),
        ("length-with-vertical-tab", "Content-Length: \u{b}5"),
        ("length-of-two-to-the-64", "Content-Length: 18446744073709551616"),
        ("length-that-wraps-to-5", "Content-Length: 18446744073709551621"),
        ("length-of-40-digits", "Content-Length: 1000000000000000000000000000000000000005"),
        ("two-lengths-that-differ", "Content-Length: 5\r\nContent-Length: 6"),
        ("two-lengths-that-differ-far-apart", "Content-Length: 5\r\nX: y\r\ncontent-length: 0"),
        ("two-equal-lengths", "Content-Length: 5\r\nContent-Length: 5"),
        ("two-lengths-one-empty", "Content-Length: 5\r\nContent-Length:"),
        ("length-list-that-differs", "Content-Length: 5, 6"),
        ("length-list-of-equals", "Content-Length: 5, 5"),
        ("length-list-with-empty-member", "Content-Length: 5,"),
    ];
    let case = |(name, lines): (&'static str, &str)| {
        let case = |name: String| Case::security(16, name, "9112 6.3").why(why);
        let posted = case(name.to_owned()).on_lab_routes().send(echo(lines, "hello")).refused(&[400]);
        // A GET has no use for the body, which is where a server is tempted not to look.
        let got = case(format!("{name}-on-get")).send(get_with(lines)).refused(&[400]);
        [posted, got]
    };
    rows.map(case).concat()
}

fn well_formed() -> Vec<Case> {
    let why = "it is 1*DIGIT, so zeros in front and white space around change nothing";
    let rows = [
        ("length", "Content-Length: 5"),
        ("length-with-zeros-in-front", "Content-Length: 005"),
        ("length-with-white-space-around", "Content-Length: \t5 \t"),
        ("length-in-lower-case", "content-length:5"),
    ];
    let case = |(name, lines)| {
        let case = Case::compliance(16, name, "9110 8.6").why(why).on_lab_routes();
        case.send(echo(lines, "hello")).answered(echoed("hello"))
    };
    let mut cases = rows.map(case).to_vec();
    let case = Case::compliance(16, "length-of-zero", "9110 8.6").why("an empty body is a body");
    cases.push(case.on_lab_routes().send(echo("Content-Length: 0", "")).answered(echoed("")));
    cases
}

fn beside_transfer_encoding() -> Vec<Case> {
    let why = "the classic request smuggling: one reader takes the length, the next the chunks";
    let rows = [
        ("length-then-chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked"),
        ("chunked-then-length", "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        ("chunked-then-length-of-zero", "Transfer-Encoding: chunked\r\nContent-Length: 0"),
        ("length-then-chunked-in-other-case", "content-length: 5\r\ntransfer-encoding: CHUNKED"),
        ("length-fits-the-chunks", "Content-Length: 15\r\nTransfer-Encoding: chunked"),
    ];
    let case = |(name, lines)| {
        let case = Case::security(17, name, "9112 6.1").why(why).on_lab_routes();
        case.send(echo(lines, "5\r\nhello\r\n0\r\n\r\n")).refused(&[400])
    };
    let mut cases = rows.map(case).to_vec();
    for (name, coding) in [("length-beside-unknown-coding", "gzip"), ("length-beside-identity", "identity")] {
        let lines = format!("Content-Length: 5\r\nTransfer-Encoding: {coding}");
        let case = Case::security(17, name, "9112 6.1").why(why).on_lab_routes().send(echo(lines, "hello"));
        cases.push(case.refused(&[400]).allow(Outcome::refusal(&[501])));
    }
    let case = Case::security(17, "length-then-chunked-on-get", "9112 6.1").why(why);
    let lines = "Content-Length: 5\r\nTransfer-Encoding: chunked";
    cases.push(case.send([&get_with(lines)[..], b"0\r\n\r\n"].concat()).refused(&[400]));
    cases
}

/// What follows the head is a request of its own, since no field frames it.
fn look_alikes() -> Vec<Case> {
    let why = "a name that some gateways map to the framing field frames nothing here";
    let rows = [
        ("content-underscore-length", format!("Content_Length: {}", THREE_BYTES.len())),
        ("transfer-underscore-encoding", "Transfer_Encoding: chunked".to_owned()),
        ("x-content-length", format!("X-Content-Length: {}", THREE_BYTES.len())),
        ("content-length-with-suffix", format!("Content-Length2: {}", THREE_BYTES.len())),
    ];
    let case = |(name, lines): (&'static str, String)| {
        Case::security(17, name, "9110 8.6")
            .why(why)
            .on_lab_routes()
            .send(echo(lines, THREE_BYTES))
            .allow(Outcome::answers([echoed(""), three_bytes()]))
            .allow(Outcome::refusal(&[400]))
    };
    rows.map(case).to_vec()
}
