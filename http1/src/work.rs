//! How many bytes were looked at or moved. With it tests show that the work grows with the bytes and no
//! faster, without looking at a clock; anywhere else it counts nothing and costs nothing.

/// Says that so many bytes are looked at, copied or moved. Whatever goes over bytes calls it.
#[cfg(not(test))]
#[inline]
pub(crate) const fn note(_bytes: usize) {}

#[cfg(test)]
thread_local! {
    static NOTED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
pub(crate) fn note(bytes: usize) {
    NOTED.set(NOTED.get() + bytes);
}

/// Property 4 of `tests/properties`: linear work. It has to look inside, so it is here.
#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::NOTED;
    use crate::chunked::{END, encode_chunk};
    use crate::{Buffer, Limits, OwnedRequest, textbook, zerocopy};

    /// How often a byte may be looked at or moved: copied in, moved when the buffer grows and when it
    /// makes room, searched for a line's end, then read by the grammar twice and by the facts twice.
    const TIMES_MAX: usize = 10;

    /// A few bytes are looked at again with each call, as a CR that waits for its LF, and a buffer that
    /// starts small has its first steps to grow.
    const EXTRA_PER_PIECE: usize = 4;
    const EXTRA: usize = 2 * Buffer::CAPACITY_BYTES;

    /// Far above what any of the streams has.
    const LIMITS: Limits = Limits {
        request_line_bytes_max: 1 << 20,
        head_bytes_max: 1 << 20,
        fields_max: 1 << 20,
        body_bytes_max: 1 << 20,
        chunk_extension_bytes_max: 1 << 20,
        trailer_bytes_max: 1 << 20,
    };

    /// Feeds a parser in pieces of this size. Returns how many requests there were and the work it took.
    fn work(bytes: &[u8], piece_bytes: usize, mut next: impl FnMut(&mut Buffer) -> bool) -> (usize, usize) {
        let mut input = Buffer::new();
        let (mut requests, before) = (0, NOTED.get());
        for piece in bytes.chunks(piece_bytes) {
            input.extend(piece);
            while next(&mut input) {
                requests += 1;
            }
        }
        (requests, NOTED.get() - before)
    }

    fn of_textbook(bytes: &[u8], piece_bytes: usize) -> (usize, usize) {
        let mut parser = textbook::Parser::new(LIMITS);
        let mut request = OwnedRequest::new();
        work(bytes, piece_bytes, |input| {
            let progress = parser.parse(input, &mut request).expect("well-formed");
            let complete = progress == textbook::Progress::Complete;
            if complete {
                request.clear();
            }
            complete
        })
    }

    fn of_zerocopy(bytes: &[u8], piece_bytes: usize) -> (usize, usize) {
        let mut parser = zerocopy::Parser::new(LIMITS);
        work(bytes, piece_bytes, |input| {
            parser.parse(input, |_, _| ()).expect("well-formed") == zerocopy::Progress::Complete(())
        })
    }

    fn assert_linear(what: &str, bytes: &[u8], piece_bytes: usize, requests: usize) {
        let pieces = bytes.len().div_ceil(piece_bytes);
        let most = TIMES_MAX * bytes.len() + EXTRA_PER_PIECE * pieces + EXTRA;
        for (parser, (seen, work)) in
            [("textbook", of_textbook(bytes, piece_bytes)), ("zerocopy", of_zerocopy(bytes, piece_bytes))]
        {
            let case = format!("{what} of {} bytes in pieces of {piece_bytes}, {parser}", bytes.len());
            assert_eq!(seen, requests, "{case}");
            assert!(work <= most, "{case}: {work} bytes of work");
        }
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n";
    const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

    /// About `n` bytes of each shape that a stream can have, and how many requests they are.
    fn streams(n: usize) -> Vec<(&'static str, Vec<u8>, usize)> {
        let x = "x".repeat(n);
        let mut small_chunks = CHUNKED.as_bytes().to_vec();
        let mut large_chunk = small_chunks.clone();
        (0..n / 6).for_each(|_| encode_chunk(b"x", &mut small_chunks));
        encode_chunk(x.as_bytes(), &mut large_chunk);
        small_chunks.extend_from_slice(END);
        large_chunk.extend_from_slice(END);
        let pipelined = |one: &str| (one.repeat(n / one.len() + 1).into_bytes(), n / one.len() + 1);
        let (gets, get_count) = pipelined(&format!("{GET}\r\n"));
        let (posts, post_count) = pipelined(&format!("{CHUNKED}1\r\nx\r\n0\r\n\r\n"));
        let mut streams = vec![
            ("a long request line", format!("GET /{x} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes(), 1),
            ("a long field", format!("{GET}X: {x}\r\n\r\n").into_bytes(), 1),
            ("many fields", format!("{GET}{}\r\n", "X: y\r\n".repeat(n / 6)).into_bytes(), 1),
            ("a body", format!("{GET}Content-Length: {n}\r\n\r\n{x}").into_bytes(), 1),
            ("a large chunk", large_chunk, 1),
            ("small chunks", small_chunks, 1),
            ("a long extension", format!("{CHUNKED}1;{x}\r\nx\r\n0\r\n\r\n").into_bytes(), 1),
            ("a long trailer", format!("{CHUNKED}0\r\nX: {x}\r\n\r\n").into_bytes(), 1),
            ("many trailers", format!("{CHUNKED}0\r\n{}\r\n", "X: y\r\n".repeat(n / 6)).into_bytes(), 1),
            ("pipelined requests", gets, get_count),
            ("pipelined bodies", posts, post_count),
        ];
        let all = streams.iter().flat_map(|(_, bytes, _)| bytes.clone()).collect();
        let requests = streams.iter().map(|(_, _, requests)| requests).sum();
        streams.push(("everything", all, requests));
        streams
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn work_is_linear_however_the_bytes_come(n in 1_usize..20_000, piece_bytes in 1_usize..20_000) {
            for (what, bytes, requests) in streams(n) {
                assert_linear(what, &bytes, 1, requests);
                assert_linear(what, &bytes, piece_bytes, requests);
                assert_linear(what, &bytes, bytes.len(), requests);
            }
        }
    }

    #[test]
    fn a_head_that_comes_again_is_looked_at_once() {
        let head = format!("{GET}X: y\r\n\r\n");
        let other = head.replace('y', "z");
        let cost = |parser: &mut zerocopy::Parser, head: &str| {
            let mut input = Buffer::new();
            input.extend(head.as_bytes());
            let before = NOTED.get();
            let progress =
                parser.parse(&mut input, |request, _| request.field("x") == Some(&head.as_bytes()[28..29]));
            assert_eq!(progress, Ok(zerocopy::Progress::Complete(true)));
            NOTED.get() - before
        };
        let mut parser = zerocopy::Parser::new(LIMITS);
        assert!(cost(&mut parser, &head) > 2 * head.len());
        assert_eq!(cost(&mut parser, &head), head.len());
        assert!(cost(&mut parser, &other) > 2 * head.len());
        assert_eq!(cost(&mut parser, &other), head.len());
        let mut parser = zerocopy::Parser::new(LIMITS).reading_every_head();
        assert_eq!(cost(&mut parser, &head), cost(&mut parser, &head));
    }

    #[test]
    fn work_is_linear_where_there_is_much_of_it() {
        for (what, bytes, requests) in streams(60_000) {
            for piece_bytes in [1, 1_000, bytes.len()] {
                assert_linear(what, &bytes, piece_bytes, requests);
            }
        }
    }
}
