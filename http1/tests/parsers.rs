//! The two parsers, held equal to each other and to themselves on split input.

use http1::{Buffer, Error, Facts, Limits, OwnedRequest, Request, textbook, zerocopy};
use proptest::prelude::*;

/// All that a handler or a server can learn of a request.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    line: String,
    path: String,
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    facts: Facts,
}

fn seen(request: &Request<'_>, facts: Facts) -> Seen {
    Seen {
        line: format!("{:?} {} {:?}", request.method, request.target, request.version),
        path: format!("{} {:?} {:?}", request.path(), request.query(), request.authority()),
        fields: request.fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: request.body.to_owned(),
        facts,
    }
}

/// What came of some bytes: the requests in order, then an error or the number of bytes left over.
#[derive(Clone, Debug, PartialEq)]
struct Parsed {
    requests: Vec<Seen>,
    end: Result<usize, Error>,
}

const LIMITS: Limits = Limits {
    request_line_bytes_max: 100,
    head_bytes_max: 400,
    fields_max: 8,
    body_bytes_max: 64,
    chunk_extension_bytes_max: 16,
    trailer_bytes_max: 40,
};

/// Feeds `pieces` one after the other to whatever `next` parses with: true for a whole request,
/// false for one that is not.
fn drive<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    mut next: impl FnMut(&mut Buffer, &mut Vec<Seen>) -> Result<bool, Error>,
) -> Parsed {
    let mut input = Buffer::with_capacity(8);
    let mut requests = Vec::new();
    for piece in pieces {
        input.extend(piece);
        loop {
            match next(&mut input, &mut requests) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Parsed { requests, end: Err(error) },
            }
        }
    }
    Parsed { requests, end: Ok(input.bytes().len()) }
}

fn with_textbook<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Parsed {
    let mut parser = textbook::Parser::new(LIMITS);
    let mut request = OwnedRequest::new();
    let mut parsed = drive(pieces, |input, requests| {
        loop {
            match parser.parse(input, &mut request)? {
                textbook::Progress::NeedMore => return Ok(false),
                textbook::Progress::SendContinue => {}
                textbook::Progress::Complete => {
                    requests.push(seen(&request.as_request(), request.facts()));
                    request.clear();
                    return Ok(true);
                }
            }
        }
    });
    forget_half_a_request(&mut parsed);
    parsed
}

fn with_zerocopy<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Parsed {
    let mut parser = zerocopy::Parser::new(LIMITS);
    let mut parsed = drive(pieces, |input, requests| {
        loop {
            match parser.parse(input, |request, facts| requests.push(seen(&request, facts)))? {
                zerocopy::Progress::NeedMore => return Ok(false),
                zerocopy::Progress::SendContinue => {}
                zerocopy::Progress::Complete(()) => return Ok(true),
            }
        }
    });
    forget_half_a_request(&mut parsed);
    parsed
}

/// The parsers keep the bytes of a half-read request in different places, so only the whole
/// requests are compared.
fn forget_half_a_request(parsed: &mut Parsed) {
    parsed.end = parsed.end.map(|_| 0);
}

fn whole(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::once(bytes)
}

/// Pieces of requests that are right, nearly right and wrong, put together at random.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        6 => Just("GET / HTTP/1.1\r\n"),
        4 => Just("POST /echo?a=b HTTP/1.1\r\n"),
        1 => Just("OPTIONS * HTTP/1.1\r\n"),
        1 => Just("GET http://other:80/x?y HTTP/1.1\r\n"),
        1 => Just("HEAD / HTTP/1.0\r\n"),
        1 => Just("GET / HTTP/1.3\r\n"),
        1 => Just("\r\nGET / HTTP/1.1\r\n"),
        1 => Just("\r\n\r\n\r\nGET / HTTP/1.1\r\n"),
        1 => Just("GET  / HTTP/1.1\r\n"),
        1 => Just("GET /#a HTTP/1.1\r\n"),
        1 => Just("GET / HTTP/2.0\r\n"),
        1 => Just("get / HTTP/1.1\r\n"),
        1 => Just("GET / HTTP/1.1\n"),
        1 => Just("GET / HTTP/1.1\r"),
        1 => Just("GET nowhere HTTP/1.1\r\n"),
    ];
    let field = prop_oneof![
        3 => Just("Accept: */*\r\n"),
        2 => Just("X-Empty:\r\n"),
        2 => Just("Connection: keep-alive, close\r\n"),
        2 => Just("connection: Keep-Alive\r\n"),
        2 => Just("Expect: 100-continue\r\n"),
        1 => Just("Host: second\r\n"),
        1 => Just("Content-Length: 5\r\n"),
        1 => Just("Content-Length: +5\r\n"),
        1 => Just("Content-Length: 5, 5\r\n"),
        1 => Just("Content-Length: 99999999999999999999\r\n"),
        1 => Just("Transfer-Encoding: gzip, chunked\r\n"),
        1 => Just("Transfer-Encoding: chunked, chunked\r\n"),
        1 => Just(" folded: x\r\n"),
        1 => Just("Space : x\r\n"),
        1 => Just("Na(me: x\r\n"),
        1 => Just("No colon\r\n"),
        1 => Just("Control: a\u{1}b\r\n"),
        1 => Just("Delete: \u{7f}\r\n"),
        1 => Just("Tab: \ta\tb \t\r\n"),
        1 => Just("High: \u{e9}\r\n"),
        1 => Just("Bare: x\ny\r\n"),
    ];
    let host = prop_oneof![
        20 => Just("Host: a.example:80\r\n"),
        1 => Just("Host: [::1]\r\n"),
        1 => Just("Host: user@a\r\n"),
        1 => Just("Host:\r\n"),
        1 => Just(""),
    ];
    let body = prop_oneof![
        6 => Just("\r\n"),
        4 => Just("Content-Length: 5\r\n\r\nhello"),
        1 => Just("Content-Length: 65\r\n\r\n"),
        4 => Just("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        2 => Just("Transfer-Encoding: Chunked\r\n\r\n1;a=\"b\"\r\nx\r\n2\r\nyz\r\n0\r\nT: v\r\n\r\n"),
        1 => Just("Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n"),
        1 => Just("Transfer-Encoding: chunked\r\n\r\n41\r\n"),
        1 => Just("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello"),
    ];
    (line, host, prop::collection::vec(field, 0..4), body)
        .prop_map(|(line, host, fields, body)| format!("{line}{host}{}{body}", fields.concat()).into_bytes())
}

/// One to four messages behind each other, some bytes of them changed at random.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    let noise = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2);
    (prop::collection::vec(message(), 1..5), noise).prop_map(|(messages, noise)| {
        let mut bytes = messages.concat();
        for (at, byte) in noise {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_two_parsers_see_the_same(bytes in messages()) {
        prop_assert_eq!(with_textbook(whole(&bytes)), with_zerocopy(whole(&bytes)));
    }

    #[test]
    fn how_the_bytes_are_split_changes_nothing(bytes in messages(), piece_bytes in 1_usize..9) {
        prop_assert_eq!(with_textbook(whole(&bytes)), with_textbook(bytes.chunks(piece_bytes)));
        prop_assert_eq!(with_zerocopy(whole(&bytes)), with_zerocopy(bytes.chunks(piece_bytes)));
    }

    #[test]
    fn what_follows_a_request_does_not_change_it(first in message(), second in message()) {
        let alone = with_textbook(whole(&first));
        let both = with_textbook(whole(&[first, second].concat()));
        let n = alone.requests.len();
        prop_assert_eq!(&alone.requests[..], &both.requests[..n]);
        if alone.end.is_err() && n == both.requests.len() {
            prop_assert_eq!(alone.end, both.end);
        }
    }

    #[test]
    fn what_we_accept_httparse_accepts(bytes in message()) {
        let accepted = with_textbook(whole(&bytes)).requests.first().cloned();
        let minor_is_known = accepted.as_ref().is_some_and(|_| !bytes.windows(8).any(|w| w == b"HTTP/1.3"));
        if minor_is_known {
            let mut slots = [httparse::EMPTY_HEADER; 16];
            let status = httparse::Request::new(&mut slots).parse(&bytes);
            prop_assert!(matches!(status, Ok(httparse::Status::Complete(_))), "{:?}", status);
        }
    }
}

#[test]
fn an_absolute_target_beats_the_host_field() {
    let parsed = with_zerocopy(whole(b"GET http://a.example?q HTTP/1.1\r\nHost: b\r\n\r\n"));
    assert_eq!(parsed.requests[0].path, "/ Some(\"q\") Some(\"a.example\")");
}

#[test]
fn pipelined_requests_come_out_in_order() {
    let bytes = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /3 HTTP/1.0\r\n\r\n";
    for parsed in [with_textbook(whole(bytes)), with_zerocopy(whole(bytes))] {
        let lines: Vec<_> = parsed.requests.iter().map(|request| request.line.as_str()).collect();
        assert_eq!(lines, ["Get /1 Http11", "Post /2 Http11", "Get /3 Http10"]);
        assert_eq!(parsed.requests[1].body, b"hi");
    }
}

#[test]
fn a_client_that_waits_is_told_to_continue_once() {
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    let mut input = Buffer::new();
    input.extend(head);
    let mut parser = textbook::Parser::new(LIMITS);
    let mut request = OwnedRequest::new();
    assert_eq!(parser.parse(&mut input, &mut request), Ok(textbook::Progress::SendContinue));
    assert_eq!(parser.parse(&mut input, &mut request), Ok(textbook::Progress::NeedMore));
    input.extend(b"hi");
    assert_eq!(parser.parse(&mut input, &mut request), Ok(textbook::Progress::Complete));

    input.extend(head);
    let mut parser = zerocopy::Parser::new(LIMITS);
    assert_eq!(parser.parse(&mut input, |_, _| ()), Ok(zerocopy::Progress::SendContinue));
    assert_eq!(parser.parse(&mut input, |_, _| ()), Ok(zerocopy::Progress::NeedMore));
    input.extend(b"hi");
    assert_eq!(parser.parse(&mut input, |r, _| r.body.len()), Ok(zerocopy::Progress::Complete(2)));
}

#[test]
fn more_fields_than_usual_are_parsed_too() {
    let limits = Limits { fields_max: 100, head_bytes_max: 4096, ..LIMITS };
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(99));
    let mut input = Buffer::new();
    input.extend(head.as_bytes());
    let parsed = zerocopy::Parser::new(limits).parse(&mut input, |request, _| request.fields.len());
    assert_eq!(parsed, Ok(zerocopy::Progress::Complete(100)));
}
