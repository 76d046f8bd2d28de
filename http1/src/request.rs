//! A request as a handler sees it.

use crate::{OwnedRequest, field, textbook};

/// The methods that a handler is asked for. CONNECT and TRACE are not among them: an origin server
/// has no tunnel to open, and echoing a request's fields back gives secrets away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Give me the resource.
    Get,
    /// Give me the head of what GET would give.
    Head,
    /// Here is something to process.
    Post,
    /// Store this.
    Put,
    /// Change this.
    Patch,
    /// Remove this.
    Delete,
    /// Which methods are there?
    Options,
}

impl Method {
    /// The method with this name; names are case-sensitive (RFC 9110, section 9.1).
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"PATCH" => Self::Patch,
            b"DELETE" => Self::Delete,
            b"OPTIONS" => Self::Options,
            _ => return None,
        })
    }
}

/// The minor version that the client speaks. A higher one than 1.1 is served as 1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// HTTP/1.0: closes unless asked to keep alive, knows no chunked coding and no interim response.
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// One whole request, borrowed from wherever its parser keeps it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What is asked for.
    pub method: Method,
    /// The target as it was sent; see [`Request::path`].
    pub target: &'a str,
    /// The client's version.
    pub version: Version,
    /// The header field lines.
    pub fields: Fields<'a>,
    /// The body, its transfer coding undone; empty where there is none.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The path of the target, percent-encoded as it was sent. An absolute target without a path
    /// has the path `/`; the target of `OPTIONS *` is `*`.
    pub fn path(&self) -> &'a str {
        split_query(self.path_and_query()).0
    }

    /// What stands behind the first `?`, percent-encoded as it was sent.
    pub fn query(&self) -> Option<&'a str> {
        split_query(self.path_and_query()).1
    }

    /// The value of the first field with this name, in any case of letters.
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        self.fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The host, and the port where there is one, that the request is for. An absolute target's
    /// beats the Host field (RFC 9112, section 3.2.2). `None` only for HTTP/1.0.
    pub fn authority(&self) -> Option<&'a str> {
        match split_absolute(self.target) {
            Some((authority, _)) => Some(authority),
            None => self.field("host").and_then(|host| std::str::from_utf8(host).ok()),
        }
    }

    fn path_and_query(&self) -> &'a str {
        match split_absolute(self.target) {
            Some((_, "")) => "/",
            Some((_, path)) => path,
            None => self.target,
        }
    }
}

fn split_query(target: &str) -> (&str, Option<&str>) {
    // Targets are short: a loop over them is done before a search for many bytes at once has begun.
    match target.bytes().position(|byte| byte == b'?') {
        Some(0) => ("/", Some(&target[1..])),
        Some(mark) => (&target[..mark], Some(&target[mark + 1..])),
        None => (target, None),
    }
}

/// Splits `http://authority/path?query` behind its authority; `None` for the other forms.
#[inline]
pub(crate) fn split_absolute(target: &str) -> Option<(&str, &str)> {
    if target.starts_with('/') { None } else { split_scheme(target) }
}

fn split_scheme(target: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = target.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    Some(rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())))
}

/// The field lines of a request, in the order in which they came.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(Lines<'a>);

/// Where the parser keeps the lines. One type for both parsers, so that a handler can't tell them
/// apart.
#[derive(Clone, Copy, Debug)]
enum Lines<'a> {
    Owned(&'a OwnedRequest),
    /// As they came, so many of them: they were found right, and are split when somebody asks.
    InPlace {
        bytes: &'a [u8],
        count: usize,
    },
}

impl<'a> Fields<'a> {
    pub(crate) fn owned(request: &'a OwnedRequest) -> Self {
        Self(Lines::Owned(request))
    }

    /// `count` lines, each with its CRLF.
    pub(crate) fn in_place(bytes: &'a [u8], count: usize) -> Self {
        Self(Lines::InPlace { bytes, count })
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        match self.0 {
            Lines::Owned(request) => request.field_count(),
            Lines::InPlace { count, .. } => count,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The lines as `(name, value)`, the name as it was sent.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let lines = self.0;
        let mut left = match lines {
            Lines::Owned(_) => textbook::Lines(&[]),
            Lines::InPlace { bytes, .. } => textbook::Lines(bytes),
        };
        (0..self.len()).map_while(move |index| match lines {
            Lines::Owned(request) => Some(request.field_line(index)),
            Lines::InPlace { .. } => left.next().map(field::split),
        })
    }
}
