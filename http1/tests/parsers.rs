//! The parsers by example. What must hold for any bytes is in `properties`.

use http1::{Buffer, Error, Limits, Method, OwnedRequest, Request, textbook, zerocopy};

/// Hands every whole request of `bytes` to `look`, as each of the parsers sees it.
fn with_both(bytes: &[u8], mut look: impl FnMut(&Request<'_>)) -> Result<(), Error> {
    let mut input = Buffer::new();
    input.extend(bytes);
    let mut parser = zerocopy::Parser::new(Limits::default());
    while let zerocopy::Progress::Complete(()) = parser.parse(&mut input, |request, _| look(&request))? {}

    let mut input = Buffer::new();
    input.extend(bytes);
    let mut parser = textbook::Parser::new(Limits::default());
    let mut request = OwnedRequest::new();
    while parser.parse(&mut input, &mut request)? == textbook::Progress::Complete {
        look(&request.as_request());
        request.clear();
    }
    Ok(())
}

#[test]
fn an_absolute_target_beats_the_host_field() {
    let bytes = b"GET http://a.example?q HTTP/1.1\r\nHost: b\r\n\r\n";
    let mut seen = 0;
    let parsed = with_both(bytes, |request| {
        assert_eq!(
            (request.path(), request.query(), request.authority()),
            ("/", Some("q"), Some("a.example"))
        );
        seen += 1;
    });
    assert_eq!((parsed, seen), (Ok(()), 2));
}

#[test]
fn pipelined_requests_come_out_in_order() {
    let bytes = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /3 HTTP/1.0\r\n\r\n";
    let mut seen = Vec::new();
    let parsed = with_both(bytes, |request| {
        seen.push((request.method, request.target.to_owned(), request.body.to_owned()));
    });
    let due = [(Method::Get, "/1", &b""[..]), (Method::Post, "/2", b"hi"), (Method::Get, "/3", b"")];
    let due = due.map(|(method, target, body)| (method, target.to_owned(), body.to_owned()));
    assert_eq!((parsed, seen), (Ok(()), [due.clone(), due].concat()));
}

#[test]
fn a_client_that_waits_is_told_to_continue_once() {
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    let mut input = Buffer::new();
    input.extend(head);
    let mut parser = textbook::Parser::new(Limits::default());
    let mut request = OwnedRequest::new();
    assert_eq!(parser.parse(&mut input, &mut request), Ok(textbook::Progress::SendContinue));
    assert_eq!(parser.parse(&mut input, &mut request), Ok(textbook::Progress::NeedMore));
    input.extend(b"hi");
    assert_eq!(parser.parse(&mut input, &mut request), Ok(textbook::Progress::Complete));

    input.extend(head);
    let mut parser = zerocopy::Parser::new(Limits::default());
    assert_eq!(parser.parse(&mut input, |_, _| ()), Ok(zerocopy::Progress::SendContinue));
    assert_eq!(parser.parse(&mut input, |_, _| ()), Ok(zerocopy::Progress::NeedMore));
    input.extend(b"hi");
    assert_eq!(parser.parse(&mut input, |r, _| r.body.len()), Ok(zerocopy::Progress::Complete(2)));
}

#[test]
fn more_fields_than_usual_are_parsed_too() {
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(99));
    let mut counts = Vec::new();
    let parsed = with_both(head.as_bytes(), |request| counts.push(request.fields.len()));
    assert_eq!((parsed, counts), (Ok(()), vec![100, 100]));
}

#[test]
fn an_error_in_place_of_the_answer_to_head_has_no_body() {
    let head_only = |bytes: &[u8]| {
        let mut input = Buffer::new();
        input.extend(bytes);
        let mut zero_copy = zerocopy::Parser::new(Limits::default());
        while let Ok(zerocopy::Progress::Complete(())) = zero_copy.parse(&mut input, |_, _| ()) {}

        let mut input = Buffer::new();
        input.extend(bytes);
        let mut textbook = textbook::Parser::new(Limits::default());
        let mut request = OwnedRequest::new();
        while let Ok(textbook::Progress::Complete) = textbook.parse(&mut input, &mut request) {
            request.clear();
        }
        assert_eq!(zero_copy.error_delivery(), textbook.error_delivery(), "{}", bytes.escape_ascii());
        textbook.error_delivery().head_only
    };
    assert!(head_only(b"HEAD / HTTP/1.1\r\nX : y\r\n\r\n"));
    assert!(head_only(b"\r\nHEAD  / HTTP/1.1\r\n\r\n"));
    // While the rest is waited for, until a deadline.
    assert!(head_only(b"HEAD / HTTP/1.1\r\nHos"));
    assert!(head_only(b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"));
    assert!(!head_only(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nX : y\r\n\r\n"));
    assert!(!head_only(b"HEADS / HTTP/1.1\r\n\r\n") && !head_only(b"GET /HEAD HTTP/1.1\r\n\r\n"));
}
