//! What a handler answers.

use std::fmt::Display;
use std::io::Write as _;

use crate::{Status, byte, field};

/// A response that a handler writes into. It can be cleared and written again and again: what it
/// allocated for one is there for the next.
///
/// How it is framed and whether the connection lives on is not the handler's to say, so it can't
/// set those fields; and whatever it does, it can't inject a line into the head. A handler that
/// tries either has a bug, and the client gets a 500 instead of half an answer.
#[derive(Debug)]
pub struct Response {
    status: Status,
    /// Whole field lines, each with its CRLF.
    fields: Vec<u8>,
    has_content_type: bool,
    body: Vec<u8>,
    faulty: bool,
}

/// Fields that the encoder sets, and nobody else.
const ENCODERS_OWN: [&str; 5] = ["connection", "content-length", "date", "transfer-encoding", "trailer"];

/// What most answers are. It needs no check, and it is one piece.
const PLAIN_TEXT: &[u8] = b"Content-Type: text/plain; charset=utf-8\r\n";

impl Response {
    /// `200 OK` without a body.
    pub fn new() -> Self {
        Self {
            status: Status::OK,
            fields: Vec::new(),
            has_content_type: false,
            body: Vec::new(),
            faulty: false,
        }
    }

    /// Sets the status.
    pub fn set_status(&mut self, status: Status) -> &mut Self {
        self.status = status;
        self
    }

    /// The status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Adds a field line.
    pub fn add_field(&mut self, name: &str, value: impl AsRef<[u8]>) -> &mut Self {
        let value = value.as_ref();
        let is_ours = ENCODERS_OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
        if is_ours || !field::is_token(name.as_bytes()) || !byte::all(value, byte::VALUE) {
            self.faulty = true;
            return self;
        }
        self.has_content_type |= name.eq_ignore_ascii_case("content-type");
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            self.fields.extend_from_slice(part);
        }
        self
    }

    /// Appends plain text to the body.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.body.extend_from_slice(text.as_bytes());
        self.plain_text()
    }

    /// Appends something as plain text to the body.
    pub fn text_of(&mut self, value: impl Display) -> &mut Self {
        // A Vec takes all that is written to it.
        let _ = write!(self.body, "{value}");
        self.plain_text()
    }

    /// Says what the body is, unless that was said.
    fn plain_text(&mut self) -> &mut Self {
        if !self.has_content_type {
            self.has_content_type = true;
            self.fields.extend_from_slice(PLAIN_TEXT);
        }
        self
    }

    /// The body, to be written to.
    pub fn body_mut(&mut self) -> &mut Vec<u8> {
        &mut self.body
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Turns it into the plain-text page of an error, whatever it was before.
    pub fn become_error(&mut self, status: Status, explanation: impl Display) -> &mut Self {
        self.clear();
        self.set_status(status).text_of(format_args!("{explanation}\n"))
    }

    /// Empties it and keeps what it allocated.
    pub fn clear(&mut self) {
        self.status = Status::OK;
        self.fields.clear();
        self.has_content_type = false;
        self.body.clear();
        self.faulty = false;
    }

    /// Whether the handler tried what it may not: a field that is the encoder's, or bytes that
    /// would end a field line.
    pub fn is_faulty(&self) -> bool {
        self.faulty
    }

    /// Bytes of memory that it holds on to, used or not.
    pub fn capacity(&self) -> usize {
        self.fields.capacity() + self.body.capacity()
    }

    pub(crate) fn field_lines(&self) -> &[u8] {
        &self.fields
    }

    pub(crate) fn has_content_type(&self) -> bool {
        self.has_content_type
    }
}

impl Default for Response {
    fn default() -> Self {
        Self::new()
    }
}
