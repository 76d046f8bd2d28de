use proptest::prelude::*;

use super::*;

/// Everything that `reader` makes of `pieces`, then of the end of the stream.
fn read_all<'a>(
    to_head: bool,
    expected: Option<&[u8]>,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Answer>, Result<AtEof, Malformed>) {
    let mut reader = Reader::new(to_head);
    let mut answers = Vec::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            match reader.read(piece, expected) {
                Ok(Read::Partial) => break,
                Ok(Read::Whole { used, answer }) => {
                    answers.push(answer);
                    piece = &piece[used..];
                }
                Err(malformed) => return (answers, Err(malformed)),
            }
        }
    }
    let at_eof = reader.eof(expected);
    (answers, Ok(at_eof))
}

fn one(text: &str, expected: Option<&[u8]>) -> Answer {
    let (answers, at_eof) = read_all(false, expected, [text.as_bytes()]);
    match (answers.as_slice(), at_eof) {
        ([answer], Ok(AtEof::Between)) => *answer,
        ([], Ok(AtEof::Whole(answer))) => answer,
        other => panic!("{text:?} gave {other:?}"),
    }
}

#[test]
fn a_length_a_chunked_coding_and_a_close_end_the_same_body() {
    for text in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nT: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nhello",
    ] {
        let answer = one(text, Some(b"hello"));
        assert!(answer.body_matches, "{text:?}");
        assert_eq!((answer.status, answer.body_bytes), (200, 5), "{text:?}");
    }
}

#[test]
fn a_body_that_is_longer_shorter_or_other_does_not_match() {
    for (length, body) in [(4, "hell"), (6, "hello!"), (5, "hullo"), (0, "")] {
        let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        assert!(!one(&text, Some(b"hello")).body_matches, "{body:?}");
        assert!(one(&text, None).body_matches, "{body:?}");
    }
}

#[test]
fn interim_responses_are_skipped() {
    let answer = one(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n\
         HTTP/1.1 204 No Content\r\n\r\n",
        None,
    );
    assert_eq!(answer.status, 204);
    assert!(answer.keep_alive);
}

#[test]
fn a_response_to_head_has_a_length_but_no_body() {
    let two = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let (answers, at_eof) = read_all(true, Some(b"hello"), [two.as_slice()]);
    assert_eq!(answers.len(), 2);
    assert!(answers.iter().all(|answer| answer.body_matches && answer.keep_alive));
    assert_eq!(at_eof, Ok(AtEof::Between));
}

#[test]
fn an_end_within_a_response_is_short() {
    let whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for cut in 1..whole.len() {
        let (answers, at_eof) = read_all(false, None, [&whole.as_bytes()[..cut]]);
        assert_eq!((answers.len(), at_eof), (0, Ok(AtEof::Short)), "cut at {cut}");
    }
}

#[test]
fn what_is_no_response_is_malformed() {
    for text in [
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
    ] {
        assert!(read_all(false, None, [text.as_bytes()]).1.is_err(), "{text:?}");
    }
}

#[test]
fn an_endless_head_or_trailer_is_cut_off() {
    for start in ["HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"]
        .map(str::as_bytes)
    {
        let line: &[u8] = b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n";
        let pieces = std::iter::once(start).chain(std::iter::repeat_n(line, 2_000));
        assert!(read_all(false, None, pieces).1.is_err());
    }
}

fn a_response() -> impl Strategy<Value = Vec<u8>> {
    let body = prop::collection::vec(any::<u8>(), 0..300);
    let interim = prop_oneof![Just(""), Just("HTTP/1.1 100 Continue\r\n\r\n")];
    (body, interim, 0..4_u8, 1..40_usize).prop_map(|(body, interim, shape, chunk_bytes)| {
        let mut out = interim.as_bytes().to_vec();
        match shape {
            0 => out.extend_from_slice(b"HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n"),
            1 => {
                out.extend_from_slice(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                for chunk in body.chunks(chunk_bytes) {
                    out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    out.extend_from_slice(chunk);
                    out.extend_from_slice(b"\r\n");
                }
                out.extend_from_slice(b"0\r\nSum: 1\r\n\r\n");
            }
            _ => {
                out.extend_from_slice(
                    format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(),
                );
                out.extend_from_slice(&body);
            }
        }
        out
    })
}

/// `bytes` cut into pieces at `cuts`.
fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #[test]
    fn any_split_of_any_responses_reads_the_same(
        responses in prop::collection::vec(a_response(), 1..5),
        garbage in prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut bytes = responses.concat();
        bytes.extend(garbage.iter().flatten());
        let at_once = read_all(false, Some(b"x"), [bytes.as_slice()]);
        prop_assert_eq!(at_once.0.len() >= responses.len(), true);
        prop_assert_eq!(&at_once, &read_all(false, Some(b"x"), pieces(&bytes, &cuts)));
        prop_assert_eq!(&at_once, &read_all(false, Some(b"x"), bytes.chunks(1)));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut with_head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        with_head.extend_from_slice(&bytes);
        let _ = read_all(false, None, [bytes.as_slice()]);
        let _ = read_all(false, None, [with_head.as_slice()]);
    }
}
