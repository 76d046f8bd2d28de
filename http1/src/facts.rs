//! What the fields of a whole head mean for the body's framing and for the connection.

use std::net::Ipv6Addr;

use crate::request::split_absolute;
use crate::{Error, Method, Version, byte, field, work};

/// What a server has to know of a request besides what its handler reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How the body is delimited.
    pub framing: Framing,
    /// Whether the client can take another response on this connection (RFC 9112, section 9.3).
    pub keep_alive: bool,
    /// Whether the client waits for a `100 Continue` before it sends the body.
    pub expects_continue: bool,
}

/// How a request's body is delimited (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// This many bytes follow the head; 0 where no field speaks of a body.
    Length(u64),
    /// Chunks follow the head.
    Chunked,
}

impl Default for Facts {
    fn default() -> Self {
        Self { framing: Framing::Length(0), keep_alive: false, expects_continue: false }
    }
}

impl Facts {
    /// Judges the fields that frame a request or speak of its connection, and its target.
    ///
    /// # Errors
    /// For every combination that two implementations could read differently; see [`Error`].
    pub(crate) fn of<'a>(
        method: Method,
        target: &str,
        version: Version,
        fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, Error> {
        check_target(method, target)?;
        let mut host = None;
        let mut content_length = None;
        let mut coding = Coding::Absent;
        let (mut close, mut keep_alive, mut expects_continue) = (false, false, false);

        for (name, value) in fields {
            work::note(name.len() + value.len());
            // Lengths differ, so that most names are told apart by one comparison.
            match name.len() {
                4 if name.eq_ignore_ascii_case("host") => {
                    set_once(&mut host, value, Error::Host)?;
                    if !is_authority(value) {
                        return Err(Error::Host);
                    }
                }
                6 if name.eq_ignore_ascii_case("expect") => {
                    expects_continue = value.eq_ignore_ascii_case(b"100-continue");
                }
                10 if name.eq_ignore_ascii_case("connection") => {
                    for option in value.split(|&byte| byte == b',').map(field::trim) {
                        close |= option.eq_ignore_ascii_case(b"close");
                        keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                    }
                }
                14 if name.eq_ignore_ascii_case("content-length") => {
                    set_once(&mut content_length, parse_length(value)?, Error::ContentLength)?;
                }
                17 if name.eq_ignore_ascii_case("transfer-encoding") => coding = coding.and(value)?,
                _ => {}
            }
        }

        if version == Version::Http11 && host.is_none() {
            return Err(Error::Host);
        }
        let framing = match (coding, content_length) {
            (Coding::Absent, length) => Framing::Length(length.unwrap_or(0)),
            (_, Some(_)) => return Err(Error::TwoFramings),
            // HTTP/1.0 has no chunks: whoever sends them in its name is not to be trusted.
            _ if version == Version::Http10 => return Err(Error::TransferEncoding),
            (Coding::Chunked, None) => Framing::Chunked,
            (Coding::Unknown | Coding::UnknownThenChunked, None) => {
                return Err(Error::CodingNotImplemented);
            }
        };
        Ok(Self {
            framing,
            keep_alive: !close && (version == Version::Http11 || keep_alive),
            expects_continue: expects_continue && version == Version::Http11,
        })
    }

    /// Whether a body follows the head.
    pub fn has_body(&self) -> bool {
        self.framing != Framing::Length(0)
    }
}

/// Keeps the value of a field that may come once.
fn set_once<T>(slot: &mut Option<T>, value: T, error: Error) -> Result<(), Error> {
    if slot.replace(value).is_some() { Err(error) } else { Ok(()) }
}

/// The four forms of a target (RFC 9112, section 3.2), less the one of CONNECT.
fn check_target(method: Method, target: &str) -> Result<(), Error> {
    let fits = match split_absolute(target) {
        Some((authority, _)) => is_authority(authority.as_bytes()),
        None => target.starts_with('/') || (target == "*" && method == Method::Options),
    };
    if fits { Ok(()) } else { Err(Error::Target) }
}

/// `uri-host [":" port]` without userinfo, not empty (RFC 9112, section 3.2; RFC 3986, 3.2.2).
fn is_authority(value: &[u8]) -> bool {
    let (host_fits, port) = if let Some(literal) = value.strip_prefix(b"[") {
        let Some(end) = memchr::memchr(b']', literal) else { return false };
        (is_ip_literal(&literal[..end]), &literal[end + 1..])
    } else {
        let (name, port) = value.split_at(name_length(value));
        (!name.is_empty(), port)
    };
    let port_fits = match port {
        [] => true,
        // RFC 3986 lets it be empty.
        [b':', digits @ ..] => digits.is_empty() || is_port(digits),
        _ => false,
    };
    host_fits && port_fits
}

/// A decimal number that is a port of TCP.
fn is_port(digits: &[u8]) -> bool {
    let append = |port: u16, digit: &u8| {
        let port = digit.is_ascii_digit().then(|| u32::from(port) * 10 + u32::from(digit - b'0'))?;
        u16::try_from(port).ok()
    };
    digits.iter().try_fold(0, append).is_some()
}

/// What stands in brackets: an IPv6 address, or one of a version to come (`IPvFuture`).
fn is_ip_literal(literal: &[u8]) -> bool {
    if let [b'v' | b'V', future @ ..] = literal {
        let dot = memchr::memchr(b'.', future).unwrap_or(0);
        let (version, address) = (&future[..dot], &future[dot..]);
        let fits = |byte: &u8| *byte == b':' || byte::is(*byte, byte::NAME);
        return !version.is_empty()
            && version.iter().all(u8::is_ascii_hexdigit)
            && address.len() > 1
            && address[1..].iter().all(fits);
    }
    std::str::from_utf8(literal).is_ok_and(|literal| literal.parse::<Ipv6Addr>().is_ok())
}

/// How long the registered name at the front is: letters, digits, marks and whole percent-encoded bytes.
fn name_length(value: &[u8]) -> usize {
    let mut length = 0;
    loop {
        length += value[length..].iter().take_while(|&&byte| byte::is(byte, byte::NAME)).count();
        match &value[length..] {
            [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => length += 3,
            _ => return length,
        }
    }
}

/// `1*DIGIT` and nothing else, within 64 bits.
fn parse_length(value: &[u8]) -> Result<u64, Error> {
    if value.is_empty() {
        return Err(Error::ContentLength);
    }
    value.iter().try_fold(0_u64, |length, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0')).ok_or(Error::ContentLength)?;
        length.checked_mul(10).and_then(|length| length.checked_add(digit)).ok_or(Error::ContentLength)
    })
}

/// The transfer codings named so far, over all lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Absent,
    Chunked,
    Unknown,
    UnknownThenChunked,
}

impl Coding {
    /// Adds the codings of one more line.
    fn and(self, value: &[u8]) -> Result<Self, Error> {
        value.split(|&byte| byte == b',').map(field::trim).try_fold(self, |codings, name| {
            if !field::is_token(name) {
                return Err(Error::TransferEncoding);
            }
            match (codings, name.eq_ignore_ascii_case(b"chunked")) {
                (Self::Absent, true) => Ok(Self::Chunked),
                (Self::Unknown, true) => Ok(Self::UnknownThenChunked),
                (Self::Absent | Self::Unknown, false) => Ok(Self::Unknown),
                // Chunked comes last and once, or the body's end is anybody's guess.
                (Self::Chunked | Self::UnknownThenChunked, _) => Err(Error::TransferEncoding),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::is_authority;

    #[test]
    fn a_port_is_one_of_tcp() {
        for authority in ["lab", "lab:", "lab:0", "lab:65535", "lab:00080", "[::1]:8080"] {
            assert!(is_authority(authority.as_bytes()), "{authority}");
        }
        for authority in
            ["lab:65536", "lab:99999", "lab:99999999999999999999", "lab:+80", "lab:8 0", ":80", ""]
        {
            assert!(!is_authority(authority.as_bytes()), "{authority}");
        }
    }

    #[test]
    fn an_address_in_brackets_is_one() {
        for literal in ["[::]", "[::1]", "[2001:db8::7]", "[::ffff:192.0.2.1]", "[v1.fe80:a+b]", "[VF.x]"] {
            assert!(is_authority(literal.as_bytes()), "{literal}");
        }
        for literal in [
            "[]",
            "[:::::]",
            "[1]",
            "[12345::]",
            "[1.2.3.4]",
            "[::1",
            "[v.x]",
            "[v1.]",
            "[v1]",
            "[vg.x]",
            "[fe80::1%25a]",
        ] {
            assert!(!is_authority(literal.as_bytes()), "{literal}");
        }
    }
}
