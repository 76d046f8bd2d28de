//! The first inputs, from which libFuzzer makes up the others: what the conformance cases send.

use conformance::{Profile, cases};
use http1::Limits;

use crate::encoding::Call;
use crate::script::Script;
use crate::{encoding as responses, parsers as both, server as servers};

/// An input and what it is called.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Unique in its target.
    pub name: String,
    /// The input.
    pub input: Vec<u8>,
}

/// A longer case says nothing that a shorter one does not say as well.
const CASE_BYTES_MAX: usize = 64 * 1024;

/// Where the requests of a case have their bodies: behind the first empty line.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// The cases with sizes that fit `limits`, by name.
fn sent(limits: &Limits) -> impl Iterator<Item = (String, Vec<u8>)> {
    let mut profile = Profile::persistent("seeds");
    profile.injecting_target = Some("/inject".to_owned());
    profile.limits.request_line_bytes = limits.request_line_bytes_max;
    profile.limits.head_bytes = limits.head_bytes_max;
    profile.limits.fields = limits.fields_max;
    profile.limits.body_bytes = limits.body_bytes_max;
    profile.limits.chunk_extension_bytes = limits.chunk_extension_bytes_max;
    profile.limits.trailer_bytes = limits.trailer_bytes_max;
    let cases = cases::all(&profile).into_iter().map(|case| (case.name.clone().into_owned(), case.sent()));
    cases.filter(|(_, bytes)| bytes.len() <= CASE_BYTES_MAX)
}

/// A script in one piece, and one in three.
fn scripts(name: &str, choice: u8, bytes: &[u8]) -> [Seed; 2] {
    let cuts = if bytes.len() > 2 { vec![bytes.len() / 3, bytes.len() * 2 / 3] } else { Vec::new() };
    let seed = |suffix: &str, cuts| {
        let input = Script { choice, cuts, bytes }.write();
        Seed { name: format!("{name}{suffix}"), input }
    };
    [seed("", Vec::new()), seed("-in-pieces", cuts)]
}

/// What each case sends.
pub fn parsers() -> Vec<Seed> {
    sent(&both::LIMITS).flat_map(|(name, bytes)| scripts(&name, 0, &bytes)).collect()
}

/// What stands behind the head in each case that has chunks.
pub fn chunked() -> Vec<Seed> {
    sent(&both::LIMITS)
        .filter(|(_, bytes)| has(bytes, b"chunked"))
        .filter_map(|(name, bytes)| {
            let end = bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END)?;
            Some(scripts(&name, 0, &bytes[end + HEAD_END.len()..]))
        })
        .flatten()
        .collect()
}

/// Responses as handlers write them, and as they must not.
pub fn encoding() -> Vec<Seed> {
    let fields: [(&str, &[u8], &[u8]); 12] = [
        ("plain", b"X-Plain", b"value"),
        ("empty-value", b"X-Empty", b""),
        ("white-space-around", b"X-Blank", b" \tvalue\t "),
        ("obs-text", b"X-Text", b"\xff\x80"),
        ("own-type", b"content-TYPE", b"text/html"),
        ("crlf", b"X-Split", b"a\r\nInjected: yes"),
        ("lf", b"X-Split", b"a\nInjected: yes"),
        ("nul", b"X-Nul", b"a\0b"),
        ("line-end-in-name", b"X-A\r\nInjected", b"yes"),
        ("length", b"Content-Length", b"0"),
        ("coding", b"Transfer-Encoding", b"chunked"),
        ("connection", b"Connection", b"keep-alive"),
    ];
    let mut seeds = Vec::new();
    for delivery in 0..8 {
        for (name, field, value) in fields {
            let calls = [Call::Text(b"hello"), Call::Field(field, value), Call::Status(4)];
            let name = format!("{name}-{delivery}");
            seeds.push(Seed { name, input: responses::write(delivery, &calls) });
        }
        for status in 0..14 {
            let calls = [Call::Status(status), Call::Body(b"HTTP/1.1 200 OK\r\n\r\n")];
            let name = format!("status-{status}-{delivery}");
            seeds.push(Seed { name, input: responses::write(delivery, &calls) });
        }
        let calls = [Call::Body(b"half"), Call::Error(9, b"why"), Call::Clear, Call::Text(b"anew")];
        seeds.push(Seed { name: format!("anew-{delivery}"), input: responses::write(delivery, &calls) });
    }
    seeds
}

/// What each case sends, to each of the servers.
pub fn server() -> Vec<Seed> {
    let short = sent(&servers::LIMITS).filter(|(_, bytes)| bytes.len() <= servers::SENT_BYTES_MAX);
    let each = |(name, bytes): (String, Vec<u8>)| {
        (0..servers::SERVERS).flat_map(move |choice| scripts(&format!("{name}-{choice}"), choice, &bytes))
    };
    short.flat_map(each).collect()
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
