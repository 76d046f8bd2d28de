//! The parser that copies nothing: the [`Request`] that it lends points into the [`Buffer`].
//!
//! The fields are split by `httparse`, which looks at many bytes at once. It decides only "yes":
//! a head that it refuses is read again with the textbook's grammar, which says what is wrong with
//! it, so that both parsers answer a broken request with the same words.

use std::ops::Range;

use crate::chunked::{Decoded, Decoder};
use crate::head::{Found, HeadScan};
use crate::line::END_BYTES;
use crate::textbook::{Lines, body_length};
use crate::{
    Buffer, Delivery, Error, Facts, Fields, Framing, Limits, Request, Stage, field, request_line, work,
};

/// Parses requests, one after the other, out of bytes that come in any pieces.
#[derive(Debug)]
pub struct Parser {
    state: State,
    /// Chunked bodies, put together; any other body stays in the buffer.
    body: Vec<u8>,
    limits: Limits,
    /// Whether the request that is under way is a HEAD.
    head_only: bool,
}

#[derive(Debug)]
enum State {
    Head(HeadScan),
    /// The head was read once, and stays at the front of the buffer until the body is whole.
    Body(Found, Body),
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
        Self { state: State::Head(HeadScan::default()), body: Vec::new(), limits, head_only: false }
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
            let found = scan.find_end(input.bytes(), &self.limits);
            self.head_only = scan.asks_for_head_only(input.bytes(), &self.limits);
            let Some(head) = found? else {
                return Ok(Progress::NeedMore);
            };
            let bytes = input.bytes();
            let body_start = head.range.end;
            let mut slots = Slots::new();
            let (request, facts) = read_head(bytes, &head, slots.room(head.field_count))?;
            let body = match facts.framing {
                Framing::Length(length) => {
                    let length = body_length(length, &self.limits)?;
                    let end = body_start.checked_add(length).ok_or(Error::BodyTooLarge)?;
                    // Nearly every request is whole when its head is: it is read this once.
                    if let Some(body) = bytes.get(body_start..end) {
                        let result = handle(Request { body, ..request }, facts);
                        self.finish(input, end);
                        return Ok(Progress::Complete(result));
                    }
                    Body::Length { end }
                }
                Framing::Chunked => Body::Chunked(Decoder::new()),
            };
            let nothing_follows = bytes.len() == body_start;
            self.state = State::Body(head, body);
            if facts.expects_continue && nothing_follows {
                return Ok(Progress::SendContinue);
            }
        }

        let Some(body) = self.read_body(input)? else { return Ok(Progress::NeedMore) };
        let State::Body(head, _) = &self.state else { return Ok(Progress::NeedMore) };
        let bytes = input.bytes();
        let mut slots = Slots::new();
        let (request, facts) = read_head(bytes, head, slots.room(head.field_count))?;
        let (body, end) = match body {
            WholeBody::InBuffer(range) => (&bytes[range.clone()], range.end),
            WholeBody::PutTogether { end } => (&self.body[..], end),
        };
        let result = handle(Request { body, ..request }, facts);
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

    /// Forgets what it has seen, for the next connection.
    pub fn reset(&mut self) {
        self.state = State::Head(HeadScan::default());
        self.head_only = false;
        self.body.clear();
    }

    /// Bytes of memory that it holds on to, used or not.
    pub fn capacity(&self) -> usize {
        self.body.capacity()
    }

    /// Goes on with the body; where it stands, once it is whole.
    fn read_body(&mut self, input: &mut Buffer) -> Result<Option<WholeBody>, Error> {
        let State::Body(head, body) = &mut self.state else { return Ok(None) };
        let start = head.range.end;
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

/// A browser sends about 15 field lines.
const FEW_FIELDS: usize = 32;

/// Room for the field lines of a head: on the stack, unless there are unusually many.
struct Slots<'a> {
    few: [httparse::Header<'a>; FEW_FIELDS],
    many: Vec<httparse::Header<'a>>,
}

impl<'a> Slots<'a> {
    fn new() -> Self {
        Self { few: [httparse::EMPTY_HEADER; FEW_FIELDS], many: Vec::new() }
    }

    fn room(&mut self, count: usize) -> &mut [httparse::Header<'a>] {
        if count <= FEW_FIELDS {
            &mut self.few[..count]
        } else {
            self.many.resize(count, httparse::EMPTY_HEADER);
            &mut self.many
        }
    }
}

/// Reads a whole head that stands in `bytes`. The request's body is left empty.
fn read_head<'a>(
    bytes: &'a [u8],
    head: &Found,
    slots: &'a mut [httparse::Header<'a>],
) -> Result<(Request<'a>, Facts), Error> {
    let mut lines = Lines(&bytes[head.range.clone()]);
    let line = request_line::parse(lines.next().unwrap_or_default())?;
    let fields = lines.0;
    debug_assert!(fields.ends_with(b"\r\n") && fields.len() >= END_BYTES, "the scan found the empty line");
    work::note(fields.len());
    match httparse::parse_headers(fields, slots) {
        Ok(httparse::Status::Complete((used, _))) if used == fields.len() => {}
        _ => return Err(what_is_wrong(lines)),
    }
    let fields = Fields::borrowed(slots);
    let facts = Facts::of(line.method, line.target, line.version, fields)?;
    let request =
        Request { method: line.method, target: line.target, version: line.version, fields, body: &[] };
    Ok((request, facts))
}

/// The textbook's words for field lines that httparse has refused.
#[cold]
fn what_is_wrong(mut lines: Lines<'_>) -> Error {
    lines.find_map(|line| field::parse(line).err()).unwrap_or(Error::FieldLine)
}
