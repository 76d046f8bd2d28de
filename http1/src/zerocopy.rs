//! The parser that copies nothing: the [`Request`] that it lends points into the [`Buffer`].
//!
//! The fields are split by `httparse`, which looks at many bytes at once. It decides only "yes":
//! a head that it refuses is read again with the textbook's grammar, which says what is wrong with
//! it, so that both parsers answer a broken request with the same words.
//!
//! What a head says is kept as places in its bytes. So a head stays read while its body comes, and one
//! that is the same as the last one, byte for byte, is not read at all.

use std::ops::Range;

use crate::chunked::{Decoded, Decoder};
use crate::head::HeadScan;
use crate::meaning::{LastHead, Meaning};
use crate::textbook::body_length;
use crate::{Buffer, Delivery, Error, Facts, Framing, Limits, Request, Stage};

/// Parses requests, one after the other, out of bytes that come in any pieces.
#[derive(Debug)]
pub struct Parser {
    state: State,
    /// Chunked bodies, put together; any other body stays in the buffer.
    body: Vec<u8>,
    last: LastHead,
    reads_every_head: bool,
    limits: Limits,
    /// Whether the request that is under way is a HEAD.
    head_only: bool,
}

#[derive(Debug)]
enum State {
    Head(HeadScan),
    /// The head was read, and stays there in the buffer until the body is whole.
    Body(Range<usize>, Meaning, Body),
}

#[derive(Debug)]
enum Body {
    /// Up to there in the buffer.
    Length {
        end: usize,
    },
    Chunked(Decoder),
}

enum WholeBody {
    InBuffer(Range<usize>),
    /// In [`Parser::body`]. The last of its coded bytes end there in the buffer; those before them are
    /// gone from it.
    PutTogether {
        end: usize,
    },
}

/// How far a call of [`Parser::parse`] came.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress<R> {
    /// The request is not whole: read more bytes, then call again.
    NeedMore,
    /// As [`Progress::NeedMore`], and the client waits for [`crate::CONTINUE`] before it goes on.
    /// Said once for a request.
    SendContinue,
    /// The request was whole, this is what became of it, and its bytes are consumed.
    Complete(R),
}

impl Parser {
    /// A parser at the front of a connection.
    pub fn new(limits: Limits) -> Self {
        Self {
            state: State::Head(HeadScan::default()),
            body: Vec::new(),
            last: LastHead::default(),
            reads_every_head: false,
            limits,
            head_only: false,
        }
    }

    /// Has it read each head, also one that is the same as the last one.
    #[must_use]
    pub fn reading_every_head(self) -> Self {
        Self { reads_every_head: true, ..self }
    }

    /// Reads what it can from the front of `input`, and lends the request to `handle` once it is
    /// whole.
    ///
    /// # Errors
    /// The bytes can't become a request; nothing behind them may be parsed.
    pub fn parse<R>(
        &mut self,
        input: &mut Buffer,
        handle: impl FnOnce(Request<'_>, Facts) -> R,
    ) -> Result<Progress<R>, Error> {
        if let State::Head(scan) = &mut self.state {
            let bytes = input.bytes();
            if !scan.has_begun()
                && let Some((end, meaning)) = self.last.find(bytes)
            {
                let result = handle(meaning.request(&bytes[..end], &[]), meaning.facts);
                input.consume(end);
                return Ok(Progress::Complete(result));
            }
            let found = scan.find_end(bytes, &self.limits);
            self.head_only = scan.asks_for_head_only(bytes, &self.limits);
            let Some(found) = found? else {
                return Ok(Progress::NeedMore);
            };
            let head = &bytes[found.range.clone()];
            let meaning = Meaning::read(head, found.field_count)?;
            let body_start = found.range.end;
            let body = match meaning.facts.framing {
                Framing::Length(length) => {
                    let length = body_length(length, &self.limits)?;
                    let end = body_start.checked_add(length).ok_or(Error::BodyTooLarge)?;
                    // Nearly every request is whole when its head is.
                    if let Some(body) = bytes.get(body_start..end) {
                        if !self.reads_every_head {
                            self.last.remember(head, &meaning);
                        }
                        let result = handle(meaning.request(head, body), meaning.facts);
                        self.finish(input, end);
                        return Ok(Progress::Complete(result));
                    }
                    Body::Length { end }
                }
                Framing::Chunked => Body::Chunked(Decoder::new()),
            };
            let waits = meaning.facts.expects_continue && bytes.len() == body_start;
            self.state = State::Body(found.range, meaning, body);
            if waits {
                return Ok(Progress::SendContinue);
            }
        }

        let Some(body) = self.read_body(input)? else { return Ok(Progress::NeedMore) };
        let State::Body(head, meaning, _) = &self.state else { return Ok(Progress::NeedMore) };
        let bytes = input.bytes();
        let (body, end) = match body {
            WholeBody::InBuffer(range) => (&bytes[range.clone()], range.end),
            WholeBody::PutTogether { end } => (&self.body[..], end),
        };
        let result = handle(meaning.request(&bytes[head.clone()], body), meaning.facts);
        self.finish(input, end);
        Ok(Progress::Complete(result))
    }

    /// Which part of a request is to come next.
    pub fn stage(&self) -> Stage {
        match &self.state {
            State::Head(scan) if scan.has_begun() => Stage::Head,
            State::Head(_) => Stage::Idle,
            State::Body(..) => Stage::Body,
        }
    }

    /// How to deliver an error in place of the answer to the request that is under way: after one of its
    /// own, or after a deadline. What answers HEAD has no body, be it an error.
    pub fn error_delivery(&self) -> Delivery {
        Delivery { head_only: self.head_only, ..Delivery::AFTER_ERROR }
    }

    /// Forgets where it was, for the next connection. What the last head said it still knows: the same bytes
    /// say the same on any connection.
    pub fn reset(&mut self) {
        self.state = State::Head(HeadScan::default());
        self.head_only = false;
        self.body.clear();
    }

    /// Bytes of memory that it holds on to, used or not.
    pub fn capacity(&self) -> usize {
        self.body.capacity() + self.last.capacity()
    }

    /// Goes on with the body; where it stands, once it is whole.
    fn read_body(&mut self, input: &mut Buffer) -> Result<Option<WholeBody>, Error> {
        let State::Body(head, _, body) = &mut self.state else { return Ok(None) };
        let start = head.end;
        match body {
            Body::Length { end } => {
                let end = *end;
                Ok((input.bytes().len() >= end).then_some(WholeBody::InBuffer(start..end)))
            }
            Body::Chunked(decoder) => {
                let coded = &input.bytes()[start..];
                let Decoded { consumed, done } = decoder.decode(coded, &mut self.body, &self.limits)?;
                if done {
                    // They leave the buffer with the head. Removing them would move all that came behind
                    // them, once for each of many requests that came together.
                    return Ok(Some(WholeBody::PutTogether { end: start + consumed }));
                }
                // The head stays where it is, and the coded bytes make room for more of them.
                input.remove(start, consumed);
                Ok(None)
            }
        }
    }

    fn finish(&mut self, input: &mut Buffer, request_bytes: usize) {
        input.consume(request_bytes);
        self.reset();
    }
}
