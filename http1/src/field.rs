//! The grammar of one field line (RFC 9112, section 5).

use crate::{Error, byte, work};

/// Reads one line without its CRLF as `(name, value)`, the white space around the value removed.
///
/// # Errors
/// [`Error::FieldLine`] or [`Error::FieldValue`].
pub(crate) fn parse(line: &[u8]) -> Result<(&str, &[u8]), Error> {
    work::note(line.len());
    let colon = memchr::memchr(b':', line).ok_or(Error::FieldLine)?;
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    if !is_token(name) {
        return Err(Error::FieldLine);
    }
    if !byte::all(value, byte::VALUE) {
        return Err(Error::FieldValue);
    }
    Ok((std::str::from_utf8(name).map_err(|_| Error::FieldLine)?, value))
}

/// Splits a line that was read before, and found right, without looking at all of it again.
pub(crate) fn split(line: &[u8]) -> (&str, &[u8]) {
    let colon = memchr::memchr(b':', line).unwrap_or(line.len());
    let (name, value) = line.split_at(colon);
    (str::from_utf8(name).unwrap_or_default(), trim(value.get(1..).unwrap_or_default()))
}

/// Removes the optional white space around a value: spaces and tabs, nothing else.
pub(crate) fn trim(value: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = value.iter().position(is_text).unwrap_or(value.len());
    let end = value.iter().rposition(is_text).map_or(start, |last| last + 1);
    &value[start..end]
}

/// Whether `bytes` is a token.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && byte::all(bytes, byte::TOKEN)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::Error;

    #[test]
    fn white_space_belongs_around_the_value_only() {
        assert_eq!(parse(b"Host: \t a b \t"), Ok(("Host", &b"a b"[..])));
        assert_eq!(parse(b"Host:"), Ok(("Host", &b""[..])));
        for line in [&b"Host : a"[..], b" Host: a", b"\tHost: a", b"Ho st: a", b": a", b"Host", b"H\xf6st: a"]
        {
            assert_eq!(parse(line), Err(Error::FieldLine), "{}", line.escape_ascii());
        }
    }

    #[test]
    fn a_value_has_text_and_no_control_bytes() {
        assert_eq!(parse(b"A: \xff\x80~"), Ok(("A", &b"\xff\x80~"[..])));
        for byte in (0..b' ').chain([0x7f]).filter(|&byte| byte != b'\t') {
            assert_eq!(parse(&[b'A', b':', b'x', byte, b'x']), Err(Error::FieldValue), "byte {byte}");
        }
    }
}
