//! Bytes that are requests, are nearly requests, or are nothing of the kind.

use http1::Limits;
use proptest::prelude::*;

use crate::drive::LIMITS;

/// Pieces of requests that are right, nearly right and wrong, put together at random.
pub(crate) fn message() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        6 => Just("GET / HTTP/1.1\r\n"),
        4 => Just("POST /echo?a=b HTTP/1.1\r\n"),
        1 => Just("OPTIONS * HTTP/1.1\r\n"),
        1 => Just("GET http://other:80/x?y HTTP/1.1\r\n"),
        1 => Just("HEAD / HTTP/1.0\r\n"),
        1 => Just("HEAD / HTTP/1.1\r\n"),
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
pub(crate) fn messages() -> impl Strategy<Value = Vec<u8>> {
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

/// Words of the protocol in any order, and now and then any byte.
fn jumble() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: [&str; 24] = [
        "\r\n",
        "\r\n\r\n",
        "\r",
        "\n",
        " ",
        "\t",
        ":",
        ";",
        ",",
        "/",
        "0",
        "5",
        "a",
        "hello",
        "GET / HTTP/1.1\r\n",
        "POST ",
        "HTTP/1.1",
        "Host: a\r\n",
        "Content-Length: ",
        "Transfer-Encoding: ",
        "chunked",
        "Connection: close\r\n",
        "Expect: 100-continue\r\n",
        "\"",
    ];
    let word = prop_oneof![
        20 => prop::sample::select(&WORDS[..]).prop_map(|word| word.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

/// Anything at all, most of it not far from a request.
pub(crate) fn anything() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => messages(),
        2 => jumble(),
        1 => prop::collection::vec(any::<u8>(), 0..500),
    ]
}

/// Offsets at which bytes are cut; some are behind the end and cut nothing.
pub(crate) fn offsets() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        8 => prop::collection::vec(0_usize..500, 0..12),
        // Every byte alone.
        1 => Just((0..1_000).collect()),
    ]
}

/// Limits that what is generated mostly keeps, or any others, also such as do not go together.
pub(crate) fn limits() -> impl Strategy<Value = Limits> {
    let head = (0..2 * LIMITS.request_line_bytes_max, 0..LIMITS.head_bytes_max, 0..LIMITS.fields_max);
    let body =
        (0..LIMITS.body_bytes_max, 0..2 * LIMITS.chunk_extension_bytes_max, 0..2 * LIMITS.trailer_bytes_max);
    let any = (head, body).prop_map(|((line, head, fields), (body, extensions, trailers))| Limits {
        request_line_bytes_max: line,
        head_bytes_max: head,
        fields_max: fields,
        body_bytes_max: body,
        chunk_extension_bytes_max: extensions,
        trailer_bytes_max: trailers,
    });
    prop_oneof![2 => Just(LIMITS), 1 => any]
}
