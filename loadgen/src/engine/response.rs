//! Reads responses from bytes as they come: no socket, no clock, no allocation per response.
//!
//! Bytes are handed over in slices cut anywhere. A body is compared with what was expected while
//! it passes by and is never stored; only a head that was cut in two is kept until its rest comes.

use super::chunked::Chunked;
use super::head::{Framing, Head};
use super::known_head::KnownHead;

/// Bytes in the head of a response.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Interim responses before a final one. No server has a use for so many; one that never comes to its
/// point would keep a client reading for as long as its timeout is.
const INTERIM_MAX: u32 = 100;

/// Why bytes are not an HTTP/1.1 response, for people to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

/// A response that has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The server keeps the connection.
    pub(crate) keep_alive: bool,
    /// The first byte of the body that is not as expected, where one in particular was.
    pub(super) differs_at: Option<u64>,
    pub(super) body_bytes: u64,
}

/// What became of a slice of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// All of it was used, and more has to come.
    Partial,
    /// The response ended after `used` bytes; what follows belongs to the next one.
    Whole { used: usize, answer: Answer },
}

/// What the end of the stream means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtEof {
    /// It came between two responses.
    Between,
    /// It ends a response that lasts until the connection is closed.
    Whole(Answer),
    /// It cuts a response off.
    Short,
}

/// Reads one response after another.
#[derive(Debug)]
pub(super) struct Reader {
    state: State,
    /// The beginning of a head whose end has not come.
    partial_head: Vec<u8>,
    known_head: KnownHead,
    /// The requests were HEADs.
    to_head: bool,
    /// Interim responses before the current one.
    interims: u32,
    body: Body,
}

#[derive(Debug)]
enum State {
    Head,
    Length { head: Head, left: u64 },
    Chunked { head: Head, chunked: Chunked },
    UntilClose { head: Head },
}

/// What of the body has passed by.
#[derive(Clone, Copy, Debug)]
struct Body {
    bytes: u64,
    differs_at: Option<u64>,
}

impl Body {
    const NONE: Self = Self { bytes: 0, differs_at: None };

    fn pass(&mut self, bytes: &[u8], expected: Option<&[u8]>) {
        if let (Some(expected), None) = (expected, self.differs_at) {
            let from = usize::try_from(self.bytes).unwrap_or(usize::MAX);
            let rest = expected.get(from..).unwrap_or_default();
            if !rest.starts_with(bytes) {
                let same = rest.iter().zip(bytes).take_while(|(wanted, came)| wanted == came).count();
                self.differs_at = Some(self.bytes + same as u64);
            }
        }
        self.bytes += bytes.len() as u64;
    }
}

impl Reader {
    /// A reader of responses, to HEAD requests if `to_head`.
    pub(super) fn new(to_head: bool) -> Self {
        Self {
            state: State::Head,
            partial_head: Vec::new(),
            known_head: KnownHead::default(),
            to_head,
            interims: 0,
            body: Body::NONE,
        }
    }

    /// Forgets what has come, as a new connection does.
    pub(super) fn reset(&mut self) {
        self.state = State::Head;
        self.partial_head.clear();
        self.interims = 0;
    }

    /// No byte of the next response has come.
    pub(super) fn is_between(&self) -> bool {
        matches!(self.state, State::Head) && self.partial_head.is_empty() && self.interims == 0
    }

    /// How far the current response has come, for people to read.
    pub(super) fn progress(&self) -> String {
        let Body { bytes, .. } = self.body;
        match &self.state {
            State::Head if self.is_between() => "before the response began".to_owned(),
            State::Head if self.partial_head.is_empty() => {
                format!("after {} interim responses", self.interims)
            }
            State::Head => format!("within the head, after {} bytes of it", self.partial_head.len()),
            State::Length { left, .. } => format!("after {bytes} of {} bytes of the body", bytes + left),
            State::Chunked { .. } => format!("within a chunked body, after {bytes} bytes of it"),
            State::UntilClose { .. } => format!("after {bytes} bytes of a body that the close was to end"),
        }
    }

    /// Reads from the front of `bytes` until a response ends or the bytes do.
    ///
    /// `expected` is the body to compare with. After an error the reader has to be reset.
    pub(super) fn read(&mut self, bytes: &[u8], expected: Option<&[u8]>) -> Result<Read, Malformed> {
        let mut used = 0;
        loop {
            let rest = &bytes[used..];
            match &mut self.state {
                State::Head => {
                    let Some((head, here)) = self.read_head(rest)? else { return Ok(Read::Partial) };
                    used += here;
                    // Interim responses announce the final one (RFC 9110 §15.2); 101 is final.
                    if head.status >= 200 || head.status == 101 {
                        self.begin_body(head);
                    } else if self.interims == INTERIM_MAX {
                        return Err(Malformed("more than 100 interim responses"));
                    } else {
                        self.interims += 1;
                    }
                }
                State::Length { head, left } => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    self.body.pass(&rest[..here], expected);
                    used += here;
                    *left -= here as u64;
                    if *left > 0 {
                        return Ok(Read::Partial);
                    }
                    let head = *head;
                    return Ok(Read::Whole { used, answer: self.end(head, expected) });
                }
                State::Chunked { head, chunked } => {
                    let body = &mut self.body;
                    let (here, ended) = chunked.read(rest, |data| body.pass(data, expected))?;
                    used += here;
                    if !ended {
                        return Ok(Read::Partial);
                    }
                    let head = *head;
                    return Ok(Read::Whole { used, answer: self.end(head, expected) });
                }
                State::UntilClose { .. } => {
                    self.body.pass(rest, expected);
                    return Ok(Read::Partial);
                }
            }
        }
    }

    /// Says what the end of the stream means here.
    pub(super) fn eof(&mut self, expected: Option<&[u8]>) -> AtEof {
        match self.state {
            State::UntilClose { head } => AtEof::Whole(self.end(head, expected)),
            State::Head if self.is_between() => AtEof::Between,
            _ => AtEof::Short,
        }
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Option<(Head, usize)>, Malformed> {
        let before = self.partial_head.len();
        if before > 0 {
            let room = HEAD_BYTES_MAX - before;
            self.partial_head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        let so_far = if before > 0 { &self.partial_head } else { bytes };
        match self.known_head.parse(so_far, self.to_head)? {
            Some((_, length)) if length > HEAD_BYTES_MAX => Err(Malformed("a head of more than 64 KiB")),
            Some((head, length)) => {
                self.partial_head.clear();
                Ok(Some((head, length - before)))
            }
            None if so_far.len() >= HEAD_BYTES_MAX => Err(Malformed("a head of more than 64 KiB")),
            None => {
                if before == 0 {
                    self.partial_head.extend_from_slice(bytes);
                }
                Ok(None)
            }
        }
    }

    fn begin_body(&mut self, head: Head) {
        self.body = Body::NONE;
        self.state = match head.framing {
            Framing::Length(left) => State::Length { head, left },
            Framing::Chunked => State::Chunked { head, chunked: Chunked::new() },
            Framing::UntilClose => State::UntilClose { head },
        };
    }

    fn end(&mut self, head: Head, expected: Option<&[u8]>) -> Answer {
        self.state = State::Head;
        self.interims = 0;
        let Body { bytes, differs_at } = self.body;
        let too_short = expected.is_some_and(|body| bytes < body.len() as u64).then_some(bytes);
        Answer {
            status: head.status,
            keep_alive: head.keep_alive,
            differs_at: if self.to_head { None } else { differs_at.or(too_short) },
            body_bytes: bytes,
        }
    }
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;
