//! Property 7: what was parsed or written comes back from its encoding.

use http1::chunked::{Decoded, Decoder, END, encode_chunk};
use http1::{Delivery, Framing, Limits, Response, Status, Version, encode};
use proptest::prelude::*;
use proptest::sample::select;

use crate::drive::{LIMITS, PARSERS, Parsed, Seen, cut};
use crate::generate::{messages, offsets};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// What the client reads where a handler tried what it may not.
const FAULTY: &str = "the handler wrote a field that can't be sent\n";
const TEXT: &[u8] = b"text/plain; charset=utf-8";

const STATUSES: [Status; 8] = [
    Status::OK,
    Status::NO_CONTENT,
    Status::NOT_MODIFIED,
    Status::BAD_REQUEST,
    Status::NOT_FOUND,
    Status::URI_TOO_LONG,
    Status::INTERNAL_SERVER_ERROR,
    Status::NOT_IMPLEMENTED,
];

/// The bytes of a request, its body framed as its fields say, in chunks cut at `offsets`.
fn request_bytes(request: &Seen, offsets: &[usize]) -> Vec<u8> {
    let method = format!("{:?}", request.method).to_uppercase();
    let version = if request.version == Version::Http10 { "1.0" } else { "1.1" };
    let mut bytes = format!("{method} {} HTTP/{version}\r\n", request.target).into_bytes();
    for (name, value) in &request.fields {
        bytes.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    match request.facts.framing {
        Framing::Length(_) => bytes.extend_from_slice(&request.body),
        Framing::Chunked => bytes.extend_from_slice(&chunks(&request.body, offsets)),
    }
    bytes
}

fn chunks(data: &[u8], offsets: &[usize]) -> Vec<u8> {
    let mut coded = Vec::new();
    for piece in cut(data, offsets) {
        encode_chunk(piece, &mut coded);
    }
    coded.extend_from_slice(END);
    coded
}

fn deliveries() -> impl Strategy<Value = Delivery> {
    let versions = select(&[Version::Http10, Version::Http11][..]);
    (any::<bool>(), versions, any::<bool>()).prop_map(|(head_only, version, keep_alive)| Delivery {
        head_only,
        version,
        keep_alive,
    })
}

/// A field's name and value, mostly as a handler may write them.
fn field() -> impl Strategy<Value = (String, Vec<u8>)> {
    let text = select(&b"ab \t~\x80\xff,;=\""[..]);
    let value = prop_oneof![
        20 => prop::collection::vec(text, 0..12),
        1 => select(&["a\r\nInjected: yes", "\n", "\r", "\0", "\x7f"][..]).prop_map(Into::into),
    ];
    let name = prop_oneof![
        20 => "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}",
        1 => select(&["", "X Y", "X\r\nY", "X:", "Content-Length", "CONNECTION", "date"][..]).prop_map(str::to_owned),
    ];
    (name, value)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// 7: encoding a request that was parsed parses back to the same.
    #[test]
    fn a_request_that_is_encoded_parses_to_the_same(bytes in messages(), offsets in offsets()) {
        for parse in PARSERS {
            for request in parse(&[&bytes], LIMITS).requests {
                let encoded = request_bytes(&request, &offsets);
                let ends = vec![encoded.len()];
                let once = Parsed { requests: vec![request], ends, ..Parsed::default() };
                prop_assert_eq!(parse(&[&encoded], LIMITS), once);
            }
        }
    }

    /// 7: another reader finds in a response what the handler wrote, or a 500 and nothing of it.
    #[test]
    fn a_response_that_is_encoded_reads_as_it_was_written(
        status in select(&STATUSES[..]),
        fields in prop::collection::vec(field(), 0..6),
        body in prop::collection::vec(any::<u8>(), 0..100),
        delivery in deliveries(),
    ) {
        let mut response = Response::new();
        response.set_status(status).body_mut().extend_from_slice(&body);
        for (name, value) in &fields {
            response.add_field(name, value);
        }
        let mut out = Vec::new();
        encode(&response, delivery, DATE.as_bytes(), &mut out);

        let mut slots = [httparse::EMPTY_HEADER; 16];
        let mut read = httparse::Response::new(&mut slots);
        let Ok(httparse::Status::Complete(head)) = read.parse(&out) else { panic!("{}", out.escape_ascii()) };
        let lines: Vec<_> = read.headers.iter().map(|line| (line.name, line.value.trim_ascii())).collect();
        let is_ours = |name| ["Date", "Connection", "Content-Type", "Content-Length"].contains(&name);
        let (ours, written): (Vec<_>, Vec<_>) = lines.into_iter().partition(|(name, _)| is_ours(name));

        let (status, fields, body) = if response.is_faulty() {
            (Status::INTERNAL_SERVER_ERROR, Vec::new(), FAULTY.as_bytes().to_vec())
        } else {
            (status, fields, body)
        };
        prop_assert_eq!(read.code, Some(status.code()));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (&name[..], value.trim_ascii())).collect();
        prop_assert_eq!(written, fields);
        let length = body.len().to_string();
        let mut due = vec![("Date", DATE.as_bytes())];
        match (delivery.keep_alive, delivery.version) {
            (false, _) => due.push(("Connection", b"close")),
            (true, Version::Http10) => due.push(("Connection", b"keep-alive")),
            (true, Version::Http11) => {}
        }
        if !status.has_no_body() {
            let kind: &[u8] = if response.is_faulty() { TEXT } else { b"application/octet-stream" };
            due.extend([("Content-Type", kind), ("Content-Length", length.as_bytes())]);
        }
        prop_assert_eq!(ours, due);
        let is_sent = !delivery.head_only && !status.has_no_body();
        prop_assert_eq!(&out[head..], if is_sent { &body } else { &b""[..] });
    }

    /// 7: chunk coding round-trips for any data, any sizes of chunks, and any pieces.
    #[test]
    fn chunks_are_joined_to_what_they_were(
        data in prop::collection::vec(any::<u8>(), 0..500),
        chunk_ends in offsets(),
        piece_ends in offsets(),
    ) {
        let coded = chunks(&data, &chunk_ends);
        let limits = Limits { body_bytes_max: data.len(), ..LIMITS };
        let mut decoder = Decoder::new();
        let (mut body, mut unused, mut consumed) = (Vec::new(), Vec::new(), 0);
        for piece in cut(&coded, &piece_ends) {
            unused.extend_from_slice(piece);
            let step: Decoded = decoder.decode(&unused, &mut body, &limits).expect("well-formed");
            unused.drain(..step.consumed);
            consumed += step.consumed;
            prop_assert_eq!(step.done, consumed == coded.len());
        }
        prop_assert_eq!((body, consumed), (data, coded.len()));
    }
}
