//! The reader, one framing at a time, and what it must refuse.

use conformance::reader::{Framing, Malformed, Transcript};

/// Reads `bytes` whole and byte by byte, asserts that both agree, and gives back the result.
fn read(methods: &[&'static str], bytes: &[u8], ended: bool) -> Result<Transcript, Malformed> {
    let finish = |mut transcript: Transcript, pushed: Result<(), Malformed>| {
        pushed.and_then(|()| if ended { transcript.finish() } else { Ok(()) }).map(|()| transcript)
    };
    let mut whole = Transcript::new(methods);
    let pushed = whole.push(bytes);
    let whole = finish(whole, pushed);
    let mut dripped = Transcript::new(methods);
    let pushed = bytes.iter().try_for_each(|&byte| dripped.push(&[byte]));
    let dripped = finish(dripped, pushed);
    match (&whole, &dripped) {
        (Ok(whole), Ok(dripped)) => assert_eq!(whole.answers(), dripped.answers()),
        (Err(_), Err(_)) => {}
        _ => panic!("whole and byte by byte disagree: {whole:?} and {dripped:?}"),
    }
    whole
}

fn refused(bytes: &[u8]) -> Malformed {
    read(&["GET"], bytes, true).expect_err("a malformed response was read")
}

#[test]
fn content_length_ends_the_body() {
    let transcript = read(&["GET"], b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false).unwrap();
    assert_eq!(transcript.answers()[0].body, b"hi");
    assert_eq!(transcript.answers()[0].framing, Framing::Length(2));
}

#[test]
fn a_body_shorter_than_its_length_is_no_answer() {
    let transcript = read(&["GET"], b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", true).unwrap();
    assert!(transcript.answers().is_empty() && !transcript.rest().is_empty());
}

#[test]
fn chunks_are_joined_and_trailers_read() {
    let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nA;x=y\r\n0123456789\r\n0\r\nT: v\r\n\r\n";
    let transcript = read(&["GET"], bytes, false).unwrap();
    assert_eq!(transcript.answers()[0].body, b"hi0123456789");
}

#[test]
fn a_body_without_framing_lasts_until_the_close() {
    let bytes = b"HTTP/1.1 200 OK\r\n\r\nhi";
    assert!(read(&["GET"], bytes, false).unwrap().answers().is_empty());
    assert_eq!(read(&["GET"], bytes, true).unwrap().answers()[0].framing, Framing::UntilClose);
}

#[test]
fn head_204_and_304_have_no_body_whatever_their_fields_say() {
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 304 \r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 \r\n\r\n";
    let transcript = read(&["HEAD", "GET", "GET"], bytes, false).unwrap();
    assert_eq!(transcript.answers().len(), 3);
}

#[test]
fn interim_responses_belong_to_the_final_one() {
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let transcript = read(&["POST"], bytes, false).unwrap();
    assert_eq!(transcript.answers().len(), 1);
    assert_eq!(transcript.answers()[0].interim[0].status, 100);
}

#[test]
fn malformed_heads_are_refused() {
    for bytes in [
        &b"HTTP/2.0 200 OK\r\n\r\n"[..],
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1  200 OK\r\n\r\n",
        b"HTTP/1.1 99 x\r\n\r\n",
        b"HTTP/1.1 600 x\r\n\r\n",
        b"HTTP/1.1 200 OK\n\n",
        b"HTTP/1.1 200 O\rK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        refused(bytes);
    }
}

#[test]
fn malformed_framing_is_refused() {
    for fields in [
        "Content-Length: +1",
        "Content-Length: 0x1",
        "Content-Length: ",
        "Content-Length: 99999999999999999999",
        "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ] {
        refused(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nx").as_bytes());
    }
    for chunks in
        ["x\r\n", "\r\n", "2\r\nhixx", "2\nhi", "-1\r\n", "fffffffffffffffff\r\n", "0\r\nno colon\r\n\r\n"]
    {
        refused(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}").as_bytes());
    }
}

#[test]
fn no_content_with_a_content_length_is_refused() {
    let error = refused(b"HTTP/1.1 204 \r\nContent-Length: 0\r\n\r\n");
    assert_eq!(error, Malformed::FramingForbidden { status: 204, field: "Content-Length" });
}

#[test]
fn bytes_after_an_answer_that_said_close_are_refused() {
    let error =
        refused(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
    assert!(matches!(error, Malformed::AfterClose(_)));
}
