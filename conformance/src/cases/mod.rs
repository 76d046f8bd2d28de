//! The cases, a file for each topic.
//!
//! A case is one row: a name, the bytes that matter, and why. What the rows of a table share (the
//! rest of the request, the outcome) stands once below the table.

mod answers;
mod chunks;
mod connection;
mod errors;
mod expectation;
mod extensions;
mod fields;
mod host;
mod length;
mod limits;
mod methods;
mod request_line;
mod target;
mod transfer;
mod truncated;
mod unread;

use crate::case::Case;
use crate::expect::{Answer, Check, status};
use crate::profile::Profile;

/// What the lab's servers answer to `GET /`.
const HELLO: &str = "Hello, World!";
/// A request that every server answers.
const GET: &str = "GET / HTTP/1.1\r\nHost: lab\r\n\r\n";
/// A request whose answer can't be mistaken for the one to [`GET`].
const THREE_BYTES: &str = "GET /bytes?n=3 HTTP/1.1\r\nHost: lab\r\n\r\n";

/// Every case, with the sizes of `profile`'s limits.
pub fn all(profile: &Profile) -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(request_line::cases());
    cases.extend(target::cases());
    cases.extend(methods::cases());
    cases.extend(host::cases());
    cases.extend(fields::cases());
    cases.extend(length::cases());
    cases.extend(transfer::cases());
    cases.extend(chunks::cases());
    cases.extend(extensions::cases());
    cases.extend(truncated::cases());
    cases.extend(expectation::cases());
    cases.extend(unread::cases());
    cases.extend(limits::cases(&profile.limits));
    cases.extend(connection::cases());
    cases.extend(errors::cases());
    cases.extend(answers::cases(profile));
    if !profile.lab_routes {
        cases.iter_mut().for_each(forget_the_greeting);
    }
    cases
}

/// Another server's `/` may say something else.
fn forget_the_greeting(case: &mut Case) {
    for answer in case.allowed.iter_mut().flat_map(|outcome| &mut outcome.answers) {
        answer.checks.retain(|check| !matches!(check, Check::Body(body) if body == HELLO.as_bytes()));
    }
}

/// The right answer to [`GET`].
fn hello() -> Answer {
    status(200).body(HELLO)
}

/// The right answer to [`THREE_BYTES`].
fn three_bytes() -> Answer {
    status(200).with(Check::BodyLength(3))
}

/// The right answer to a `POST /echo` of `body`.
fn echoed(body: impl AsRef<[u8]>) -> Answer {
    status(200).body(body)
}

/// A `GET /` with these field lines, joined by CRLF, after its Host.
fn get_with(lines: impl AsRef<[u8]>) -> Vec<u8> {
    [b"GET / HTTP/1.1\r\nHost: lab\r\n", lines.as_ref(), b"\r\n\r\n"].concat()
}

/// A `GET` of `target`.
fn get(target: impl AsRef<[u8]>) -> Vec<u8> {
    [b"GET ", target.as_ref(), b" HTTP/1.1\r\nHost: lab\r\n\r\n"].concat()
}

/// A `POST /echo` with these field lines and this body, which need not fit each other.
fn echo(lines: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Vec<u8> {
    [b"POST /echo HTTP/1.1\r\nHost: lab\r\n", lines.as_ref(), b"\r\n\r\n", body.as_ref()].concat()
}

/// A `POST /echo` whose chunked body is `chunks` as they stand.
fn echo_chunks(chunks: impl AsRef<[u8]>) -> Vec<u8> {
    echo("Transfer-Encoding: chunked", chunks)
}
