//! What must hold for both parsers, as plain functions of any bytes: proptest calls them on each test
//! run, and cargo-fuzz for longer. The numbers are those of `main.rs`.

use http1::Limits;

use super::drive::{PARSERS, Seen, cut, with_textbook, with_zerocopy};

/// 2: however the bytes are split, the requests, the error and the consumed offsets are the same.
pub(crate) fn splits_change_nothing(bytes: &[u8], offsets: &[usize], limits: Limits) {
    for parse in PARSERS {
        assert_eq!(parse(&[bytes], limits), parse(&cut(bytes, offsets), limits));
    }
}

/// 3: more bytes change neither a request that was complete nor an error.
pub(crate) fn more_bytes_change_nothing(bytes: &[u8], offset: usize, limits: Limits) {
    let prefix = &bytes[..offset.min(bytes.len())];
    for parse in PARSERS {
        let (before, after) = (parse(&[prefix], limits), parse(&[bytes], limits));
        let complete = before.requests.len();
        assert!(after.requests.len() >= complete, "a request is gone");
        assert_eq!(before.requests, after.requests[..complete]);
        assert_eq!(before.ends, after.ends[..complete]);
        if before.error.is_some() {
            assert_eq!(before.outcome(), after.outcome(), "an error was taken back");
        }
    }
}

/// 5: the two parsers agree.
pub(crate) fn the_parsers_agree(bytes: &[u8], offsets: &[usize], limits: Limits) {
    let pieces = cut(bytes, offsets);
    let (textbook, zerocopy) = (with_textbook(&pieces, limits), with_zerocopy(&pieces, limits));
    assert_eq!(textbook.outcome(), zerocopy.outcome());
}

/// 5: what is accepted, httparse accepts too, and sees the same in it.
pub(crate) fn httparse_accepts_it_too(bytes: &[u8], limits: Limits) {
    let parsed = with_zerocopy(&[bytes], limits);
    let mut start = 0;
    for (request, end) in parsed.requests.iter().zip(parsed.ends) {
        let bytes = &bytes[start..end];
        start = end;
        // It knows no version but 1.0 and 1.1; a server has to serve later ones as 1.1.
        if is_of_later_version(bytes) {
            continue;
        }
        let mut slots = vec![httparse::EMPTY_HEADER; limits.fields_max];
        let mut theirs = httparse::Request::new(&mut slots);
        let status = theirs.parse(bytes);
        assert!(matches!(status, Ok(httparse::Status::Complete(_))), "{status:?}");
        assert_eq!(theirs.path, Some(&*request.target));
        let fields = theirs.headers.iter().map(|field| (field.name.to_owned(), field.value.to_owned()));
        assert_eq!(fields.collect::<Vec<_>>(), request.fields);
    }
}

fn is_of_later_version(request: &[u8]) -> bool {
    let lines = request.split(|byte| *byte == b'\r');
    let line = lines.map(<[u8]>::trim_ascii_start).find(|line| !line.is_empty()).unwrap_or_default();
    !line.ends_with(b"HTTP/1.0") && !line.ends_with(b"HTTP/1.1")
}

/// 6: each request is parsed as if nothing had come before it.
pub(crate) fn every_request_starts_anew(bytes: &[u8], index: usize, limits: Limits) {
    for parse in PARSERS {
        let both = parse(&[bytes], limits);
        let Some(&end) = both.ends.get(index % both.ends.len().max(1)) else { continue };
        let (first, second) = (parse(&[&bytes[..end]], limits), parse(&[&bytes[end..]], limits));
        assert_eq!((first.error, first.held), (None, 0));
        let requests: Vec<Seen> = [first.requests, second.requests].concat();
        let second_ends = second.ends.iter().map(|offset| end + offset);
        let ends: Vec<usize> = first.ends.iter().copied().chain(second_ends).collect();
        assert_eq!(both.outcome(), (&requests[..], &ends[..], second.error, second.error_head_only));
        assert_eq!(both.held, second.held);
    }
}
