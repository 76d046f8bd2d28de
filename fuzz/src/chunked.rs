//! The chunked coding, both ways.

use conformance::reader::Transcript;
use http1::chunked::{Decoded, Decoder, END, encode_chunk};
use http1::{Error, Limits};

use crate::script::Script;

/// Small enough for a short input to reach each of them.
pub(crate) const LIMITS: Limits = Limits {
    request_line_bytes_max: 0,
    head_bytes_max: 0,
    fields_max: 0,
    body_bytes_max: 64,
    chunk_extension_bytes_max: 16,
    trailer_bytes_max: 40,
};

/// What came of a coded body.
#[derive(Debug, PartialEq, Eq)]
struct Body {
    content: Vec<u8>,
    consumed: usize,
    done: bool,
}

/// Takes the bytes of a [`Script`] for a coded body, and then for one that is to be coded.
pub fn check(input: &[u8]) {
    let script = Script::read(input);
    let (bytes, pieces) = (script.bytes, script.pieces());
    let whole = decode(&[bytes], &LIMITS);
    assert_eq!(whole, decode(&pieces, &LIMITS), "in one piece and in several");
    if let Ok(Body { content, consumed, done: true }) = &whole {
        assert_eq!(whole, decode(&[&bytes[..*consumed]], &LIMITS), "what follows the body");
        another_reader_agrees(&bytes[..*consumed], content);
    }
    what_is_coded_is_decoded(bytes, &pieces);
}

/// Hands over what has come so far and was not used up, as a server does.
fn decode(pieces: &[&[u8]], limits: &Limits) -> Result<Body, Error> {
    let mut decoder = Decoder::new();
    let mut body = Body { content: Vec::new(), consumed: 0, done: false };
    let mut unused = Vec::new();
    for piece in pieces {
        unused.extend_from_slice(piece);
        let Decoded { consumed, done } = decoder.decode(&unused, &mut body.content, limits)?;
        assert!(body.content.len() <= limits.body_bytes_max, "{} bytes of content", body.content.len());
        unused.drain(..consumed);
        body.consumed += consumed;
        if done {
            return Ok(Body { done, ..body });
        }
    }
    Ok(body)
}

/// A reader that shares no code with the decoder takes the same content out of a whole body.
fn another_reader_agrees(coded: &[u8], content: &[u8]) {
    let mut reader = Transcript::new(&["GET"]);
    let response = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", coded].concat();
    assert_eq!(reader.push(&response), Ok(()));
    let [answer] = reader.answers() else { panic!("{} answers", reader.answers().len()) };
    assert_eq!(answer.body, content);
    assert!(reader.rest().is_empty(), "the body ended early for it");
}

fn what_is_coded_is_decoded(content: &[u8], pieces: &[&[u8]]) {
    let mut coded = Vec::new();
    for piece in pieces {
        encode_chunk(piece, &mut coded);
    }
    coded.extend_from_slice(END);
    let limits = Limits { body_bytes_max: content.len(), ..LIMITS };
    let decoded = decode(&[&coded], &limits).expect("a coded body is well-formed");
    assert_eq!(decoded, Body { content: content.to_vec(), consumed: coded.len(), done: true });
}
