//! The grammar of the request line (RFC 9112, section 3).

use memchr::memchr;

use crate::{Error, Method, Version, byte, field, work};

/// The three parts of a request line, all of them well-formed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: Method,
    /// How long the method's name is.
    pub(crate) method_bytes: usize,
    pub(crate) target: &'a str,
    pub(crate) version: Version,
}

/// Reads the line without its CRLF. That the target fits the method and that its authority is
/// well-formed is judged in [`crate::facts`].
///
/// # Errors
/// [`Error::RequestLine`], [`Error::Target`], [`Error::VersionNotSupported`],
/// [`Error::MethodNotImplemented`]: the first of them, in this order, that applies.
pub(crate) fn parse(line: &[u8]) -> Result<RequestLine<'_>, Error> {
    work::note(line.len());
    // A method is too short to be searched with more than a loop.
    let method_bytes = line.iter().position(|&byte| byte == b' ').ok_or(Error::RequestLine)?;
    let (method, rest) = (&line[..method_bytes], &line[method_bytes + 1..]);
    let space = memchr(b' ', rest).ok_or(Error::RequestLine)?;
    let (target, version) = (&rest[..space], &rest[space + 1..]);

    let known_method = Method::from_name(method);
    if (known_method.is_none() && !field::is_token(method)) || target.is_empty() {
        return Err(Error::RequestLine);
    }
    if !byte::all(target, byte::TARGET) {
        return Err(Error::Target);
    }
    let version = match version {
        b"HTTP/1.1" => Version::Http11,
        b"HTTP/1.0" => Version::Http10,
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor] if minor.is_ascii_digit() => Version::Http11,
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            return Err(Error::VersionNotSupported);
        }
        _ => return Err(Error::RequestLine),
    };
    let method = known_method.ok_or(Error::MethodNotImplemented)?;
    let target = std::str::from_utf8(target).map_err(|_| Error::Target)?;
    Ok(RequestLine { method, method_bytes, target, version })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::{Error, Version};

    #[test]
    fn the_minor_version_is_any_digit_and_the_major_is_one() {
        let version = |line: &[u8]| parse(line).map(|line| line.version);
        assert_eq!(version(b"GET / HTTP/1.0"), Ok(Version::Http10));
        assert_eq!(version(b"GET / HTTP/1.1"), Ok(Version::Http11));
        assert_eq!(version(b"GET / HTTP/1.2"), Ok(Version::Http11));
        assert_eq!(version(b"GET / HTTP/2.0"), Err(Error::VersionNotSupported));
        assert_eq!(version(b"PRI * HTTP/2.0"), Err(Error::VersionNotSupported));
        for line in
            ["GET / HTTP/1", "GET / HTTP/01.01", "GET / http/1.1", "GET / HTTP/1.1 ", "GET / HTTP/1.x"]
        {
            assert_eq!(version(line.as_bytes()), Err(Error::RequestLine), "{line}");
        }
    }

    #[test]
    fn exactly_one_space_stands_between_the_parts() {
        for line in
            ["GET", "GET /", "GET  / HTTP/1.1", "GET / x HTTP/1.1", " GET / HTTP/1.1", "GET\t/ HTTP/1.1"]
        {
            assert_eq!(parse(line.as_bytes()), Err(Error::RequestLine), "{line}");
        }
        assert_eq!(parse(b"GET /\tx HTTP/1.1"), Err(Error::Target));
    }

    #[test]
    fn a_method_is_known_by_its_exact_name() {
        for method in ["get", "CONNECT", "TRACE", "BREW", "GETS"] {
            let line = format!("{method} / HTTP/1.1");
            assert_eq!(parse(line.as_bytes()), Err(Error::MethodNotImplemented), "{method}");
        }
        assert_eq!(parse(b"G(T / HTTP/1.1"), Err(Error::RequestLine));
    }
}
