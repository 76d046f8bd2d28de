//! The head of a response: what it says about the status, the framing and the connection.

use std::mem::MaybeUninit;

use super::response::Malformed;

/// Header fields in a response.
const FIELDS_MAX: usize = 128;

/// What of a response's head matters to whoever reads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// The server keeps the connection after this response.
    pub(super) keep_alive: bool,
}

/// How the end of the body is known (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// Parses a head at the front of `bytes`; `None` while its end has not come.
///
/// `to_head` says that the request was a HEAD. Returns the head and its length in bytes.
pub(super) fn parse(bytes: &[u8], to_head: bool) -> Result<Option<(Head, usize)>, Malformed> {
    // Left uninitialised because filling it anew would cost more than a usual head's parse.
    let mut fields = [const { MaybeUninit::<httparse::Header<'_>>::uninit() }; FIELDS_MAX];
    let mut response = httparse::Response::new(&mut []);
    // A field that is folded over lines is obsolete, but a user agent takes it (RFC 9112 §5.2).
    let parsed = httparse::ParserConfig::default()
        .allow_obsolete_multiline_headers_in_responses(true)
        .parse_response_with_uninit_headers(&mut response, bytes, &mut fields);
    let length = match parsed {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Malformed("more than 128 header fields")),
        Err(_) => return Err(Malformed("not an HTTP/1.1 response head")),
    };
    let status = response.code.unwrap_or(0);
    if status < 100 {
        return Err(Malformed("a status below 100"));
    }
    Ok(Some((interpret(status, response.version == Some(1), response.headers, to_head)?, length)))
}

fn interpret(
    status: u16,
    http11: bool,
    fields: &[httparse::Header<'_>],
    to_head: bool,
) -> Result<Head, Malformed> {
    let mut length = None;
    let mut chunked = None;
    let (mut close, mut keep) = (false, false);
    for field in fields {
        // The length of the name sorts out most fields before any byte is compared.
        match field.name.len() {
            10 if field.name.eq_ignore_ascii_case("connection") => {
                close |= has_token(field.value, "close");
                keep |= has_token(field.value, "keep-alive");
            }
            14 if field.name.eq_ignore_ascii_case("content-length") => {
                let here = content_length(field.value)?;
                if length.is_some_and(|before| before != here) {
                    return Err(Malformed("two Content-Lengths that differ"));
                }
                length = Some(here);
            }
            17 if field.name.eq_ignore_ascii_case("transfer-encoding") => {
                // Several lines are one list, whose last element counts; an empty one is none.
                chunked =
                    last_token(field.value).map(|coding| coding.eq_ignore_ascii_case(b"chunked")).or(chunked);
            }
            _ => {}
        }
    }
    let bodiless = to_head || status < 200 || matches!(status, 204 | 304);
    let framing = match (bodiless, chunked, length) {
        (true, _, _) => Framing::Length(0),
        (false, Some(true), _) => Framing::Chunked,
        (false, None, Some(bytes)) => Framing::Length(bytes),
        (false, Some(false), _) | (false, None, None) => Framing::UntilClose,
    };
    // HTTP/1.0 knows no transfer coding, so the framing is not to be trusted any further (§6.1); after
    // a 101 other things than HTTP are spoken.
    let ends = framing == Framing::UntilClose || (!http11 && chunked.is_some()) || status == 101;
    let keep_alive = !close && (http11 || keep) && !ends;
    Ok(Head { status, framing, keep_alive })
}

/// One decimal number, or the same one several times over (RFC 9110 §8.6).
fn content_length(value: &[u8]) -> Result<u64, Malformed> {
    const BAD: Malformed = Malformed("a Content-Length that is no number");
    let mut length = None;
    for part in value.split(|&byte| byte == b',') {
        let digits = part.trim_ascii();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(BAD);
        }
        let here = str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).ok_or(BAD)?;
        if length.is_some_and(|before: u64| before != here) {
            return Err(Malformed("two Content-Lengths that differ"));
        }
        length = Some(here);
    }
    length.ok_or(BAD)
}

fn has_token(value: &[u8], token: &str) -> bool {
    value.split(|&byte| byte == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// The last element of a list that is not empty (RFC 9110 §5.6.1.2).
fn last_token(value: &[u8]) -> Option<&[u8]> {
    value.rsplit(|&byte| byte == b',').map(<[u8]>::trim_ascii).find(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Head, Malformed> {
        parse(text.as_bytes(), false).map(|found| found.expect("a whole head").0)
    }

    #[test]
    fn the_framing_follows_rfc_9112_6_3() {
        let of = |fields: &str| head(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n")).unwrap().framing;
        assert_eq!(of("Content-Length: 7\r\n"), Framing::Length(7));
        assert_eq!(of("Content-Length: 7, 7\r\n"), Framing::Length(7));
        assert_eq!(of("Transfer-Encoding: chunked\r\nContent-Length: 7\r\n"), Framing::Chunked);
        assert_eq!(of("Transfer-Encoding: gzip, Chunked\r\n"), Framing::Chunked);
        assert_eq!(of("Transfer-Encoding: gzip\r\n"), Framing::UntilClose);
        assert_eq!(of("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), Framing::Chunked);
        assert_eq!(of("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"), Framing::UntilClose);
        assert_eq!(of("Transfer-Encoding: chunked, ,\r\nTransfer-Encoding:\r\n"), Framing::Chunked);
        assert_eq!(of(""), Framing::UntilClose);
    }

    #[test]
    fn obsolete_shapes_are_read_all_the_same() {
        for line in ["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.0 200 Tr\u{e9}s bien", "HTTP/1.1 200 a  b\tc"] {
            let found = head(&format!("{line}\r\nContent-Length: 7\r\n\r\n"));
            assert_eq!(
                found.map(|head| (head.status, head.framing)),
                Ok((200, Framing::Length(7))),
                "{line}"
            );
        }
        let folded =
            head("HTTP/1.1 200 OK\r\nContent-Length:\r\n 7\r\nConnection: a,\r\n\tclose\r\n\r\n").unwrap();
        assert_eq!((folded.framing, folded.keep_alive), (Framing::Length(7), false));
    }

    #[test]
    fn some_responses_have_no_body_whatever_they_say() {
        for status in ["100 Continue", "204 No Content", "304 Not Modified"] {
            let text = format!("HTTP/1.1 {status}\r\nContent-Length: 9\r\n\r\n");
            assert_eq!(head(&text).unwrap().framing, Framing::Length(0), "{status}");
        }
        let (to_head, _) =
            parse(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true).unwrap().expect("a whole head");
        assert_eq!(to_head.framing, Framing::Length(0));
    }

    #[test]
    fn a_bad_length_is_malformed() {
        for value in ["x", "-1", "+1", "", "1, 2", "99999999999999999999999"] {
            let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\n");
            assert!(head(&text).is_err(), "{value:?}");
        }
        assert!(head("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n").is_err());
    }

    #[test]
    fn who_keeps_the_connection() {
        let kept = |version: &str, fields: &str| {
            head(&format!("HTTP/{version} 200 OK\r\nContent-Length: 0\r\n{fields}\r\n")).unwrap().keep_alive
        };
        assert!(kept("1.1", ""));
        assert!(!kept("1.1", "Connection: x, Close\r\n"));
        assert!(!kept("1.0", ""));
        assert!(kept("1.0", "Connection: keep-alive\r\n"));
        assert!(!kept("1.0", "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n"));
        assert!(!kept("1.1", "Connection: keep-alive, close\r\n"));
        assert!(!head("HTTP/1.1 101 Switching Protocols\r\n\r\n").unwrap().keep_alive);
    }
}
