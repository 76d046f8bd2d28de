//! What a whole head says, as places in its bytes.

use std::ops::Range;

use smallvec::{SmallVec, smallvec};

use crate::line::END_BYTES;
use crate::textbook::Lines;
use crate::{Error, Facts, Fields, Method, Request, Version, field, request_line, work};

/// A head that was read and found right. It borrows nothing, so it can be kept while its bytes move, and
/// for other bytes that are the same.
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    method: Method,
    target: Range<usize>,
    version: Version,
    fields: Range<usize>,
    field_count: usize,
    pub(crate) facts: Facts,
}

impl Meaning {
    /// Reads a whole head, from its request line to its empty line, both included.
    ///
    /// # Errors
    /// Its first fault, in the textbook's words.
    pub(crate) fn read(head: &[u8], field_count: usize) -> Result<Self, Error> {
        let mut lines = Lines(head);
        let line = request_line::parse(lines.next().unwrap_or_default())?;
        let fields = lines.0;
        debug_assert!(
            fields.ends_with(b"\r\n") && fields.len() >= END_BYTES,
            "the scan found the empty line"
        );
        work::note(fields.len());
        // No more of them than there are lines: to make them all would take longer than to read a small head.
        let mut slots: SmallVec<[_; FEW_FIELDS]> = smallvec![httparse::EMPTY_HEADER; field_count];
        match httparse::parse_headers(fields, &mut slots) {
            Ok(httparse::Status::Complete((used, _))) if used == fields.len() => {}
            _ => return Err(what_is_wrong(lines)),
        }
        let split = slots.iter().map(|slot| (slot.name, slot.value));
        let facts = Facts::of(line.method, line.target, line.version, split)?;
        // Exactly one space stands in front of the target.
        let target = line.method_bytes + 1;
        Ok(Self {
            method: line.method,
            target: target..target + line.target.len(),
            version: line.version,
            fields: head.len() - fields.len()..head.len() - END_BYTES,
            field_count,
            facts,
        })
    }

    /// The request whose head stands in `head`, and whose body in `body`.
    pub(crate) fn request<'a>(&self, head: &'a [u8], body: &'a [u8]) -> Request<'a> {
        Request {
            method: self.method,
            // It is ASCII, or it would not have been read.
            target: str::from_utf8(&head[self.target.clone()]).unwrap_or_default(),
            version: self.version,
            fields: Fields::in_place(&head[self.fields.clone()], self.field_count),
            body,
        }
    }
}

/// The head that was read last. Clients repeat themselves, byte for byte, and what the same bytes say need not
/// be found out again. Where no two heads are alike, each costs a comparison and a copy for nothing.
///
/// It outlives [`crate::zerocopy::Parser::reset`], so the next connection's bytes may be compared with those of
/// the one before, whatever secrets are in them. They are compared and never shown.
#[derive(Debug, Default)]
pub(crate) struct LastHead {
    bytes: Vec<u8>,
    meaning: Option<Meaning>,
}

/// Longer heads are not remembered: copying them would cost more than it saves where the next one differs.
const REMEMBERED_BYTES_MAX: usize = 1_024;

impl LastHead {
    /// The length and the meaning of the head that is at the front of `bytes`, if it is this one again.
    ///
    /// A head ends at its first empty line, so bytes that begin with a whole head have that one and no other.
    pub(crate) fn find(&self, bytes: &[u8]) -> Option<(usize, &Meaning)> {
        let meaning = self.meaning.as_ref()?;
        work::note(self.bytes.len().min(bytes.len()));
        bytes.starts_with(&self.bytes).then_some((self.bytes.len(), meaning))
    }

    /// Remembers a head for the next request. Behind one with a body there is more to find out, so it is left.
    pub(crate) fn remember(&mut self, head: &[u8], meaning: &Meaning) {
        if head.len() <= REMEMBERED_BYTES_MAX && !meaning.facts.has_body() {
            work::note(head.len());
            self.bytes.clear();
            self.bytes.extend_from_slice(head);
            self.meaning = Some(meaning.clone());
        }
    }

    /// Bytes of memory that it holds on to, used or not.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

/// As many field lines as have room on the stack; a browser sends about 15.
const FEW_FIELDS: usize = 32;

/// The textbook's words for field lines that httparse has refused.
#[cold]
fn what_is_wrong(mut lines: Lines<'_>) -> Error {
    lines.find_map(|line| field::parse(line).err()).unwrap_or(Error::FieldLine)
}
