//! Property 8: every limit is exact.

use http1::{Error, Limits};
use proptest::prelude::*;

use crate::drive::PARSERS;

/// A request of which each part has a size of its own, and the limits that it just meets.
#[derive(Debug)]
struct Tight {
    bytes: Vec<u8>,
    limits: Limits,
}

/// Such a request, in chunks with extensions and trailers.
fn tight() -> impl Strategy<Value = Tight> {
    let head = (0_usize..100, 0_usize..20, 0_usize..50);
    let body =
        (1_usize..100, prop::collection::vec(0_usize..20, 1..4), prop::collection::vec(0_usize..20, 1..4));
    (head, body).prop_map(|((target, more_fields, padding), (chunk_bytes, extensions, trailers))| {
        let line = format!("POST /{} HTTP/1.1", "a".repeat(target));
        let fields = format!("Host: a\r\nTransfer-Encoding: chunked\r\n{}", "X: y\r\n".repeat(more_fields));
        let head = format!("{line}\r\n{fields}P: {}\r\n\r\n", "z".repeat(padding));
        let mut limits = Limits {
            request_line_bytes_max: line.len(),
            head_bytes_max: head.len(),
            fields_max: 3 + more_fields,
            body_bytes_max: 0,
            chunk_extension_bytes_max: 0,
            trailer_bytes_max: 0,
        };
        let mut text = head;
        for extension in extensions {
            let extension = format!(";e{}", "e".repeat(extension));
            let data = "x".repeat(chunk_bytes);
            text.extend([&format!("{chunk_bytes:x}{extension}\r\n"), &data, "\r\n"]);
            limits.body_bytes_max += chunk_bytes;
            limits.chunk_extension_bytes_max += extension.len();
        }
        text += "0\r\n";
        for trailer in trailers {
            let line = format!("T: {}\r\n", "t".repeat(trailer));
            limits.trailer_bytes_max += line.len();
            text += &line;
        }
        Tight { bytes: (text + "\r\n").into_bytes(), limits }
    })
}

/// The same with each limit one lower, and what is wrong then.
fn one_lower(limits: Limits) -> [(Limits, Error); 6] {
    let Limits { request_line_bytes_max: line, head_bytes_max: head, fields_max: fields, .. } = limits;
    let body = limits.body_bytes_max;
    let (extensions, trailers) = (limits.chunk_extension_bytes_max, limits.trailer_bytes_max);
    [
        (Limits { request_line_bytes_max: line - 1, ..limits }, Error::RequestLineTooLong),
        (Limits { head_bytes_max: head - 1, ..limits }, Error::HeadTooLarge),
        (Limits { fields_max: fields - 1, ..limits }, Error::TooManyFields),
        (Limits { body_bytes_max: body - 1, ..limits }, Error::BodyTooLarge),
        (Limits { chunk_extension_bytes_max: extensions - 1, ..limits }, Error::ChunkExtension),
        (Limits { trailer_bytes_max: trailers - 1, ..limits }, Error::TrailersTooLarge),
    ]
}

/// What each parser makes of the bytes, whole and byte by byte: the number of requests, and the error.
fn outcomes(bytes: &[u8], limits: Limits) -> [(usize, Option<Error>); 4] {
    let single: Vec<_> = bytes.chunks(1).collect();
    let [textbook, zerocopy] = PARSERS.map(|parse| {
        [&[bytes][..], &single].map(|pieces| {
            let parsed = parse(pieces, limits);
            (parsed.requests.len(), parsed.error)
        })
    });
    [textbook[0], textbook[1], zerocopy[0], zerocopy[1]]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// 8: N is accepted, N + 1 refused, for every limit at once and for each.
    #[test]
    fn a_request_may_meet_every_limit_and_pass_none(tight in tight()) {
        let Tight { bytes, limits } = tight;
        prop_assert_eq!(outcomes(&bytes, limits), [(1, None); 4]);
        for (limits, error) in one_lower(limits) {
            prop_assert_eq!(outcomes(&bytes, limits), [(0, Some(error)); 4]);
        }
    }

    /// 8, for a body whose length is told before.
    #[test]
    fn a_length_may_meet_its_limit(length in 1_usize..2_000) {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        let bytes = [head.as_bytes(), &vec![b'x'; length]].concat();
        let limits = Limits { body_bytes_max: length, ..Limits::default() };
        prop_assert_eq!(outcomes(&bytes, limits), [(1, None); 4]);
        let limits = Limits { body_bytes_max: length - 1, ..limits };
        prop_assert_eq!(outcomes(head.as_bytes(), limits), [(0, Some(Error::BodyTooLarge)); 4]);
    }

    /// 8: a request line has to fit into the head with its line end, and is named if it does not.
    #[test]
    fn a_request_line_is_bounded_by_the_head_too(target in 0_usize..200) {
        let line = format!("GET /{} HTTP/1.0", "a".repeat(target));
        let bytes = format!("{line}\r\n\r\n").into_bytes();
        let outcomes = |head_bytes_max| outcomes(&bytes, Limits { head_bytes_max, ..Limits::default() });
        prop_assert_eq!(outcomes(bytes.len()), [(1, None); 4]);
        prop_assert_eq!(outcomes(bytes.len() - 1), [(0, Some(Error::HeadTooLarge)); 4]);
        prop_assert_eq!(outcomes(line.len() + 2), [(0, Some(Error::HeadTooLarge)); 4]);
        prop_assert_eq!(outcomes(line.len() + 1), [(0, Some(Error::RequestLineTooLong)); 4]);
    }
}
