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
        assert_eq!(answer.differs_at, None, "{text:?}");
        assert_eq!((answer.status, answer.body_bytes), (200, 5), "{text:?}");
    }
}

#[test]
fn a_body_that_is_longer_shorter_or_other_does_not_match() {
    for (differs_at, body) in [(4, "hell"), (5, "hello!"), (1, "hullo"), (0, "")] {
        let length = body.len();
        let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        assert_eq!(one(&text, Some(b"hello")).differs_at, Some(differs_at), "{body:?}");
        assert_eq!(one(&text, None).differs_at, None, "{body:?}");
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
    assert!(answers.iter().all(|answer| answer.differs_at.is_none() && answer.keep_alive));
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
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nnothing\r\n\r\n",
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

#[test]
fn interim_responses_without_end_are_cut_off() {
    let interim: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let some = std::iter::repeat_n(interim, 100).chain([&b"HTTP/1.1 204 No Content\r\n\r\n"[..]]);
    assert_eq!(read_all(false, None, some).0.len(), 1);
    let flood = std::iter::repeat_n(interim, 101);
    assert!(read_all(false, None, flood).1.is_err());
}

#[test]
fn an_end_after_interim_responses_alone_is_short() {
    let (answers, at_eof) = read_all(false, None, [&b"HTTP/1.1 103 Early Hints\r\n\r\n"[..]]);
    assert_eq!((answers.len(), at_eof), (0, Ok(AtEof::Short)));
}

#[test]
fn a_chunk_size_may_have_zeros_before_it_and_no_more_than_64_bits() {
    let sized = |size: &str| {
        let text =
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\nhello\r\n0\r\n\r\n");
        read_all(false, Some(b"hello"), [text.as_bytes()])
    };
    for size in ["5", "00000000000000000000005", "5 ; a=\"b\" ; c"] {
        let (answers, at_eof) = sized(size);
        assert_eq!((answers.len(), at_eof), (1, Ok(AtEof::Between)), "{size}");
        assert_eq!(answers[0].differs_at, None, "{size}");
    }
    assert!(sized("10000000000000005").1.is_err());
}

#[test]
fn how_far_a_response_came_is_told() {
    let told = |text: &str| {
        let mut reader = Reader::new(false);
        assert_eq!(reader.read(text.as_bytes(), None), Ok(Read::Partial), "{text:?}");
        reader.progress()
    };
    assert_eq!(Reader::new(false).progress(), "before the response began");
    for (text, place) in [
        ("HTTP/1.1 100 Continue\r\n\r\n", "after 1 interim"),
        ("HTTP/1.1 200", "within the head, after 12 bytes"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "after 4 of 5 bytes"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhe",
            "within a chunked body, after 2 bytes",
        ),
        ("HTTP/1.1 200 OK\r\n\r\nhe", "after 2 bytes of a body that the close"),
    ] {
        assert!(told(text).starts_with(place), "{text:?}: {}", told(text));
    }
}

/// The ways to say where a body ends, of those that leave the connection open.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Length,
    Chunked { chunk_bytes: usize, extension: &'static str, trailer: &'static str },
    NoContent,
    NotModified,
}

fn a_shape() -> impl Strategy<Value = Shape> {
    let extension = prop_oneof![Just(""), Just(";a"), Just(" ;a=\"b;c\"")];
    let trailer = prop_oneof![Just(""), Just("Sum: 1\r\n"), Just("A: b\r\n c\r\nD:\r\n")];
    prop_oneof![
        Just(Shape::Length),
        (1..40_usize, extension, trailer).prop_map(|(chunk_bytes, extension, trailer)| Shape::Chunked {
            chunk_bytes,
            extension,
            trailer
        }),
        Just(Shape::NoContent),
        Just(Shape::NotModified),
    ]
}

/// A legal response, and what it says.
fn a_response() -> impl Strategy<Value = (Vec<u8>, Answer)> {
    let body = prop::collection::vec(any::<u8>(), 0..300);
    let interim = prop_oneof![
        3 => Just(""),
        1 => Just("HTTP/1.1 100 Continue\r\n\r\n"),
        1 => Just("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102\r\n\r\n"),
    ];
    let reason = prop_oneof![Just(" Fine"), Just(" "), Just("")];
    (body, interim, a_shape(), prop_oneof![Just(200_u16), Just(404), Just(503)], reason, any::<bool>())
        .prop_map(|(body, interim, shape, status, reason, keep_alive)| {
            let (status, body_bytes) = match shape {
                Shape::NoContent => (204, 0),
                Shape::NotModified => (304, 0),
                Shape::Length | Shape::Chunked { .. } => (status, body.len() as u64),
            };
            let connection = if keep_alive { "" } else { "Connection: close\r\n" };
            let mut out =
                format!("{interim}HTTP/1.1 {status}{reason}\r\nServer: x\r\n{connection}").into_bytes();
            match shape {
                Shape::Length => {
                    out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
                    out.extend_from_slice(&body);
                }
                Shape::Chunked { chunk_bytes, extension, trailer } => {
                    out.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                    for chunk in body.chunks(chunk_bytes) {
                        out.extend_from_slice(format!("{:x}{extension}\r\n", chunk.len()).as_bytes());
                        out.extend_from_slice(chunk);
                        out.extend_from_slice(b"\r\n");
                    }
                    out.extend_from_slice(format!("0\r\n{trailer}\r\n").as_bytes());
                }
                Shape::NoContent => out.extend_from_slice(b"\r\n"),
                Shape::NotModified => out.extend_from_slice(b"Content-Length: 7\r\n\r\n"),
            }
            (out, Answer { status, keep_alive, differs_at: None, body_bytes })
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
    fn any_legal_responses_read_as_what_they_say_wherever_they_are_cut(
        responses in prop::collection::vec(a_response(), 1..5),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let (texts, said): (Vec<_>, Vec<_>) = responses.into_iter().unzip();
        let bytes = texts.concat();
        let expected = (said, Ok(AtEof::Between));
        prop_assert_eq!(&read_all(false, None, [bytes.as_slice()]), &expected);
        prop_assert_eq!(&read_all(false, None, pieces(&bytes, &cuts)), &expected);
        prop_assert_eq!(&read_all(false, None, bytes.chunks(1)), &expected);
    }

    #[test]
    fn the_first_byte_that_differs_is_found_wherever_the_body_is_cut(
        body in prop::collection::vec(0..3_u8, 0..40),
        expected in prop::collection::vec(0..3_u8, 0..40),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(&body);
        let same = body.iter().zip(&expected).take_while(|(came, wanted)| came == wanted).count();
        let differs_at = (body != expected).then_some(same as u64);
        let (answers, _) = read_all(false, Some(&expected), pieces(&bytes, &cuts));
        prop_assert_eq!(answers[0].differs_at, differs_at);
    }

    #[test]
    fn any_split_of_any_bytes_reads_the_same(
        responses in prop::collection::vec(a_response(), 0..3),
        rest in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            Just(b"HTTP/1.0 200\r\n\r\nuntil the close".to_vec()),
            Just(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab".to_vec()),
        ],
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut bytes: Vec<u8> = responses.iter().flat_map(|(text, _)| text).copied().collect();
        bytes.extend(rest);
        let at_once = read_all(false, Some(b"x"), [bytes.as_slice()]);
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
