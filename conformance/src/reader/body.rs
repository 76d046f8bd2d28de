//! Where a body ends.

use super::{BODY_BYTES_MAX, Framing, HEAD_BYTES_MAX, Malformed, head};

/// A body read whole: its content, and how many bytes of the connection it took.
pub(super) type Whole = (Vec<u8>, usize);

/// Reads the body at the front of `bytes`; `None` while its end has not arrived. `ended` says that the
/// peer has closed in order, which is what ends a body that nothing else delimits.
pub(super) fn parse(bytes: &[u8], framing: Framing, ended: bool) -> Result<Option<Whole>, Malformed> {
    match framing {
        Framing::Bodyless => Ok(Some((Vec::new(), 0))),
        Framing::Length(length) if length > BODY_BYTES_MAX => Err(Malformed::TooLarge("body")),
        Framing::Length(length) => Ok(bytes.get(..length).map(|body| (body.to_vec(), length))),
        Framing::Chunked => chunked(bytes),
        Framing::UntilClose if bytes.len() > BODY_BYTES_MAX => Err(Malformed::TooLarge("body")),
        Framing::UntilClose => Ok(ended.then(|| (bytes.to_vec(), bytes.len()))),
    }
}

fn chunked(bytes: &[u8]) -> Result<Option<Whole>, Malformed> {
    let mut body = Vec::new();
    let mut offset = 0;
    loop {
        let Some((line, length)) = head::line(&bytes[offset..])? else { return Ok(None) };
        offset += length;
        let size = chunk_size(line)?;
        if size == 0 {
            let Some((_trailers, length)) = head::fields(&bytes[offset..])? else { return Ok(None) };
            return Ok(Some((body, offset + length)));
        }
        if body.len() + size > BODY_BYTES_MAX {
            return Err(Malformed::TooLarge("body"));
        }
        let Some(data) = bytes.get(offset..offset + size) else { return Ok(None) };
        let end = &bytes[offset + size..];
        if !end.starts_with(b"\r\n") {
            let waiting = end.is_empty() || end == b"\r";
            return if waiting { Ok(None) } else { Err(Malformed::Chunk("no CRLF after the data")) };
        }
        body.extend_from_slice(data);
        offset += size + 2;
    }
}

/// The size before any extension. Extensions are let through unread: a client may ignore them all.
fn chunk_size(line: &[u8]) -> Result<usize, Malformed> {
    if line.len() > HEAD_BYTES_MAX {
        return Err(Malformed::TooLarge("chunk extension"));
    }
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(Malformed::Chunk("the size is not hexadecimal"));
    }
    let digits = std::str::from_utf8(digits).expect("hexadecimal digits are ASCII");
    usize::from_str_radix(digits, 16).map_err(|_| Malformed::Chunk("the size overflows"))
}
