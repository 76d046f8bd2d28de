//! The parser to read first: line by line, part by part, every part copied.

use crate::chunked::Decoder;
use crate::head::HeadScan;
use crate::line::END_BYTES;
use crate::{
    Buffer, Delivery, Error, Facts, Framing, Limits, OwnedRequest, Stage, field, request_line, work,
};

/// Parses requests, one after the other, out of bytes that come in any pieces.
#[derive(Debug)]
pub struct Parser {
    limits: Limits,
    state: State,
    /// Whether the request that is under way is a HEAD.
    head_only: bool,
}

#[derive(Debug)]
enum State {
    Head(HeadScan),
    /// This many bytes of a body of known length are to come.
    Length(usize),
    Chunked(Decoder),
}

/// How far a call of [`Parser::parse`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The request is not whole: read more bytes, then call again.
    NeedMore,
    /// As [`Progress::NeedMore`], and the client waits for [`crate::CONTINUE`] before it goes on.
    /// Said once for a request.
    SendContinue,
    /// The request is whole, and its bytes are consumed.
    Complete,
}

impl Parser {
    /// A parser at the front of a connection.
    pub fn new(limits: Limits) -> Self {
        Self { limits, state: State::Head(HeadScan::default()), head_only: false }
    }

    /// Takes what it can from the front of `input`, into `request`. The caller clears the request
    /// before the first call for it.
    ///
    /// # Errors
    /// The bytes can't become a request; nothing behind them may be parsed.
    pub fn parse(&mut self, input: &mut Buffer, request: &mut OwnedRequest) -> Result<Progress, Error> {
        if let State::Head(scan) = &mut self.state {
            let found = scan.find_end(input.bytes(), &self.limits);
            self.head_only = scan.asks_for_head_only(input.bytes(), &self.limits);
            let Some(head) = found? else {
                return Ok(Progress::NeedMore);
            };
            let end = head.range.end;
            read_head(&input.bytes()[head.range], request)?;
            input.consume(end);
            self.state = match request.facts.framing {
                Framing::Length(length) => State::Length(body_length(length, &self.limits)?),
                Framing::Chunked => State::Chunked(Decoder::new()),
            };
            if request.facts.expects_continue && request.facts.has_body() && input.is_empty() {
                return Ok(Progress::SendContinue);
            }
        }
        if self.read_body(input, request)? {
            self.reset();
            Ok(Progress::Complete)
        } else {
            Ok(Progress::NeedMore)
        }
    }

    /// Which part of a request is to come next.
    pub fn stage(&self) -> Stage {
        match &self.state {
            State::Head(scan) if scan.has_begun() => Stage::Head,
            State::Head(_) => Stage::Idle,
            State::Length(_) | State::Chunked(_) => Stage::Body,
        }
    }

    /// How to deliver an error in place of the answer to the request that is under way: after one of its
    /// own, or after a deadline. What answers HEAD has no body, be it an error.
    pub fn error_delivery(&self) -> Delivery {
        Delivery { head_only: self.head_only, ..Delivery::AFTER_ERROR }
    }

    /// Forgets what it has seen, for the next connection.
    pub fn reset(&mut self) {
        self.state = State::Head(HeadScan::default());
        self.head_only = false;
    }

    /// Moves body bytes from `input` to `request`; true once the body is whole.
    fn read_body(&mut self, input: &mut Buffer, request: &mut OwnedRequest) -> Result<bool, Error> {
        match &mut self.state {
            State::Head(_) => Ok(false),
            State::Length(left) => {
                let n = input.bytes().len().min(*left);
                work::note(n);
                request.body.extend_from_slice(&input.bytes()[..n]);
                input.consume(n);
                *left -= n;
                Ok(*left == 0)
            }
            State::Chunked(decoder) => {
                let progress = decoder.decode(input.bytes(), &mut request.body, &self.limits)?;
                input.consume(progress.consumed);
                Ok(progress.done)
            }
        }
    }
}

/// A length as a size in memory, if it is within the limit.
pub(crate) fn body_length(length: u64, limits: &Limits) -> Result<usize, Error> {
    usize::try_from(length).ok().filter(|length| *length <= limits.body_bytes_max).ok_or(Error::BodyTooLarge)
}

/// Reads a whole head, from the request line to the empty line, both included.
fn read_head(head: &[u8], request: &mut OwnedRequest) -> Result<(), Error> {
    let mut lines = Lines(head);
    let line = request_line::parse(lines.next().unwrap_or_default())?;
    request.method = line.method;
    request.version = line.version;
    request.target.push_str(line.target);
    for line in lines {
        let (name, value) = field::parse(line)?;
        request.push_field(name, value);
    }
    let view = request.as_request();
    request.facts = Facts::of(view.method, view.target, view.version, view.fields.iter())?;
    Ok(())
}

/// The lines of a whole head without their CRLF, up to the empty line.
pub(crate) struct Lines<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        // The scan for the head's end has seen to it that each CR has its LF.
        let length = memchr::memchr(b'\r', self.0).filter(|length| *length > 0)?;
        let (line, rest) = self.0.split_at(length);
        self.0 = &rest[END_BYTES..];
        Some(line)
    }
}
