//! Sizes, exact to the byte: rules 7, 20 and 22.

use super::{echo, echo_chunks, echoed, hello};
use crate::case::Case;
use crate::expect::Outcome;
use crate::profile::Limits;

/// A request line that every recipient should take, in bytes (RFC 9112 section 3).
const LINE_BYTES_COMMON: usize = 8000;

pub(super) fn cases(limits: &Limits) -> Vec<Case> {
    [lines(limits), heads(limits), bodies(limits), framing(limits), uploads(limits)].concat()
}

/// `GET /?aaa… HTTP/1.1`, so many bytes long without its CRLF.
fn line_of(bytes: usize) -> String {
    format!("GET /?{} HTTP/1.1", "a".repeat(bytes - "GET /? HTTP/1.1".len()))
}

fn lines(limits: &Limits) -> Vec<Case> {
    let why = "a client that is told 414 can shorten its target; without a bound it fills the memory";
    let whole = |bytes: usize| format!("{}\r\nHost: lab\r\n\r\n", line_of(bytes));
    let case = |name| Case::security(7, name, "9112 3").why(why);
    let most = limits.request_line_bytes;
    let mut cases = vec![
        case("request-line-at-the-limit").send(whole(most)).answered(hello()),
        case("request-line-one-too-long").send(whole(most + 1)).refused(&[414]),
        case("request-line-longer-than-any-head")
            .send(whole(2 * limits.head_bytes))
            .refused(&[414])
            .allow(Outcome::refusal(&[431])),
        case("request-line-without-end")
            .send(&line_of(2 * limits.head_bytes)[..2 * limits.head_bytes - 20])
            .refused(&[414])
            .allow(Outcome::refusal(&[431])),
        case("method-without-end")
            .send("A".repeat(most + 100))
            .refused(&[414])
            .allow(Outcome::refusal(&[400, 501])),
    ];
    if most >= LINE_BYTES_COMMON {
        cases.push(case("request-line-of-8000-bytes").send(whole(LINE_BYTES_COMMON)).answered(hello()));
    }
    cases
}

fn heads(limits: &Limits) -> Vec<Case> {
    let why = "431 is exact: a client must be able to rely on what the server says that it takes";
    let start = "GET / HTTP/1.1\r\nHost: lab\r\n";
    // `X: ` and two line ends stand around the padding.
    let of_bytes = |bytes: usize| format!("{start}X: {}\r\n\r\n", "a".repeat(bytes - start.len() - 7));
    let of_fields = |fields: usize| format!("{start}{}\r\n", "X: y\r\n".repeat(fields - 1));
    let case = |name| Case::security(7, name, "6585 5").why(why);
    vec![
        case("head-at-the-limit").send(of_bytes(limits.head_bytes)).answered(hello()),
        case("head-one-too-large").send(of_bytes(limits.head_bytes + 1)).refused(&[431]),
        case("head-far-too-large").send(of_bytes(8 * limits.head_bytes)).refused(&[431]),
        case("field-without-end")
            .send(&of_bytes(2 * limits.head_bytes)[..2 * limits.head_bytes - 4])
            .refused(&[431]),
        case("field-name-without-end")
            .send(format!("{start}{}", "a".repeat(2 * limits.head_bytes)))
            .refused(&[431])
            .allow(Outcome::refusal(&[400])),
        case("fields-at-the-limit").send(of_fields(limits.fields)).answered(hello()),
        case("one-field-too-many").send(of_fields(limits.fields + 1)).refused(&[431]),
        case("fields-without-end")
            .send([start, &"X: y\r\n".repeat(20_000)].concat())
            .refused(&[431])
            .whole_only(),
    ]
}

fn bodies(limits: &Limits) -> Vec<Case> {
    let why = "413 is exact, and said before the body is read: it saves the client the upload";
    let most = limits.body_bytes;
    let body = vec![b'x'; most];
    let case = |name| Case::security(22, name, "9110 15.5.14").why(why).on_lab_routes();
    let chunk = |size: usize| [format!("{size:x}\r\n").as_bytes(), &vec![b'x'; size], b"\r\n"].concat();
    let half = most / 2;
    vec![
        case("body-at-the-limit")
            .send(echo(format!("Content-Length: {most}"), &body))
            .answered(echoed(&body)),
        case("chunked-body-at-the-limit")
            .send(echo_chunks([&chunk(half)[..], &chunk(most - half), b"0\r\n\r\n"].concat()))
            .answered(echoed(&body)),
        case("body-one-too-large-is-refused-unread")
            .send(echo(format!("Content-Length: {}", most + 1), ""))
            .refused(&[413]),
        case("body-far-too-large-is-refused-unread")
            .send(echo("Content-Length: 9223372036854775807", ""))
            .refused(&[413])
            .allow(Outcome::refusal(&[400])),
        case("chunk-too-large-is-refused-unread")
            .send(echo_chunks(format!("{:x}\r\n", most + 1)))
            .refused(&[413]),
        case("chunks-one-byte-too-large")
            .send(echo_chunks([&chunk(half)[..], &chunk(most - half), b"1\r\nx\r\n0\r\n\r\n"].concat()))
            .refused(&[413]),
        case("expect-continue-and-too-large")
            .send(echo(format!("Content-Length: {}\r\nExpect: 100-continue", most + 1), ""))
            .refused(&[413])
            .allow(Outcome::refusal(&[417])),
    ]
}

fn framing(limits: &Limits) -> Vec<Case> {
    let why = "what frames a body is bounded by itself: it is no content, so no limit for that is met";
    let case = |name| Case::security(20, name, "9112 7.1.1").why(why).on_lab_routes();
    // Over two chunks, as the bound is one for all of them.
    let with_extensions = |bytes: usize| {
        let (first, second) = ("a".repeat(bytes / 2 - 1), "b".repeat(bytes - bytes / 2 - 1));
        echo_chunks(format!("2;{first}\r\nhe\r\n3;{second}\r\nllo\r\n0\r\n\r\n"))
    };
    let with_extension =
        |bytes: usize| echo_chunks(format!("5;{}\r\nhello\r\n0\r\n\r\n", "a".repeat(bytes - 1)));
    // `X:` and a line end stand around the padding of each of two lines.
    let with_trailers = |bytes: usize| {
        let (first, second) = ("a".repeat(bytes / 2 - 4), "b".repeat(bytes - bytes / 2 - 4));
        echo_chunks(format!("5\r\nhello\r\n0\r\nX:{first}\r\nY:{second}\r\n\r\n"))
    };
    let (extension, trailer) = (limits.chunk_extension_bytes, limits.trailer_bytes);
    vec![
        case("extension-at-the-limit").send(with_extension(extension)).answered(echoed("hello")),
        case("extension-one-byte-too-long").send(with_extension(extension + 1)).refused(&[400]),
        case("extensions-at-the-limit").send(with_extensions(extension)).answered(echoed("hello")),
        case("extensions-one-byte-too-long").send(with_extensions(extension + 1)).refused(&[400]),
        case("trailers-at-the-limit").send(with_trailers(trailer)).answered(echoed("hello")),
        case("trailers-one-byte-too-long").send(with_trailers(trailer + 1)).refused(&[431]),
    ]
}

fn uploads(limits: &Limits) -> Vec<Case> {
    let why = "a client that is still sending must read the whole 413, and no reset in its place";
    let body = vec![b'x'; 2 * limits.body_bytes];
    let case = |name| Case::security(22, name, "9112 9.6").why(why).on_lab_routes().whole_only();
    let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    vec![
        case("too-large-while-uploading")
            .send(echo(format!("Content-Length: {}", body.len()), &body))
            .allow(Outcome::refusal(&[413]).in_order())
            .repeated(20),
        case("too-large-chunk-while-uploading")
            .send(echo_chunks(chunk))
            .allow(Outcome::refusal(&[413]).in_order())
            .repeated(20),
    ]
}
