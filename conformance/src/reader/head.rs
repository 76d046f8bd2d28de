//! One status line and its fields.

use super::{Framing, HEAD_BYTES_MAX, Malformed};
use crate::escape::escape;

/// A field line: the name as it was sent, and the value without the white space around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name, in the case in which it was sent.
    pub name: String,
    /// Value, trimmed of spaces and tabs; may hold obs-text, hence bytes.
    pub value: Vec<u8>,
}

/// The head of one response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// 100 to 599.
    pub status: u16,
    /// Reason phrase; often empty, and without meaning.
    pub reason: String,
    /// The field lines, in order.
    pub fields: Vec<Field>,
}

impl Head {
    /// The values of every line named `name`, in any case.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| &field.value[..])
    }

    /// Whether the comma-separated list in the lines named `name` has `member`, in any case.
    pub fn lists(&self, name: &str, member: &str) -> bool {
        self.values(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .any(|item| item.trim_ascii().eq_ignore_ascii_case(member.as_bytes()))
    }

    /// Where this answer's body ends, given the method that it answers.
    pub(super) fn framing(&self, method: &str) -> Result<Framing, Malformed> {
        let length = self.content_length()?;
        let chunked = self.is_chunked()?;
        if length.is_some() && chunked {
            return Err(Malformed::TwoFramings);
        }
        if self.status < 200 || self.status == 204 {
            let field = if chunked { "Transfer-Encoding" } else { "Content-Length" };
            let none = length.is_none() && !chunked;
            let forbidden = Malformed::FramingForbidden { status: self.status, field };
            return if none { Ok(Framing::Bodyless) } else { Err(forbidden) };
        }
        let tunnel = method == "CONNECT" && self.status < 300;
        Ok(match length {
            _ if method == "HEAD" || self.status == 304 || tunnel => Framing::Bodyless,
            Some(length) => Framing::Length(length),
            None if chunked => Framing::Chunked,
            None => Framing::UntilClose,
        })
    }

    fn content_length(&self) -> Result<Option<usize>, Malformed> {
        let mut values = self.values("content-length");
        let Some(value) = values.next() else { return Ok(None) };
        let malformed = || Malformed::ContentLength(escape(value));
        if values.next().is_some() || value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return Err(malformed());
        }
        std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()).map(Some).ok_or_else(malformed)
    }

    fn is_chunked(&self) -> Result<bool, Malformed> {
        let mut values = self.values("transfer-encoding");
        let Some(value) = values.next() else { return Ok(false) };
        if values.next().is_some() || !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Malformed::TransferEncoding(escape(value)));
        }
        Ok(true)
    }
}

/// Reads one head from the front of `bytes`; `None` while its end has not arrived. The number is the
/// head's length with the empty line.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, Malformed> {
    let Some((line, mut offset)) = line(bytes)? else { return Ok(None) };
    let (status, reason) = status_line(line).ok_or_else(|| Malformed::StatusLine(escape(line)))?;
    let fields = match fields(&bytes[offset..])? {
        Some((fields, length)) => {
            offset += length;
            fields
        }
        None => return Ok(None),
    };
    Ok(Some((Head { status, reason, fields }, offset)))
}

/// Field lines up to and with the empty line; also how trailers are read.
pub(super) fn fields(bytes: &[u8]) -> Result<Option<(Vec<Field>, usize)>, Malformed> {
    let mut fields = Vec::new();
    let mut offset = 0;
    loop {
        let Some((line, length)) = line(&bytes[offset..])? else { return Ok(None) };
        offset += length;
        if line.is_empty() {
            return Ok(Some((fields, offset)));
        }
        fields.push(field(line).ok_or_else(|| Malformed::FieldLine(escape(line)))?);
    }
}

/// The first line without its CRLF, and its length with it. Refuses a CR or LF that stands alone.
pub(super) fn line(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, Malformed> {
    match bytes.iter().position(|&byte| byte == b'\r' || byte == b'\n') {
        Some(at) if bytes[at] == b'\n' => Err(Malformed::BareLineEnd("LF")),
        Some(at) => match bytes.get(at + 1) {
            Some(b'\n') => Ok(Some((&bytes[..at], at + 2))),
            Some(_) => Err(Malformed::BareLineEnd("CR")),
            None => Ok(None),
        },
        None if bytes.len() > HEAD_BYTES_MAX => Err(Malformed::TooLarge("head")),
        None => Ok(None),
    }
}

fn status_line(line: &[u8]) -> Option<(u16, String)> {
    let rest = line.strip_prefix(b"HTTP/1.1 ").or_else(|| line.strip_prefix(b"HTTP/1.0 "))?;
    let (digits, reason) = rest.split_at_checked(3)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let status =
        std::str::from_utf8(digits).ok()?.parse().ok().filter(|status| (100..600).contains(status))?;
    // The space before the reason is required even where the reason is empty (RFC 9112 section 4).
    let reason = reason.strip_prefix(b" ")?;
    is_text(reason).then(|| (status, String::from_utf8_lossy(reason).into_owned()))
}

fn field(line: &[u8]) -> Option<Field> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || !name.iter().all(|&byte| is_token_byte(byte)) || !is_text(value) {
        return None;
    }
    Some(Field { name: String::from_utf8(name.to_vec()).ok()?, value: trim(value).to_vec() })
}

fn trim(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}

pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
}
