//! Responses as no sane handler would write them.

use conformance::reader::{Field, Framing, Transcript};
use http1::{Delivery, Response, Status, Version, encode};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// Every status that a handler can set.
const STATUSES: [Status; 14] = [
    Status::OK,
    Status::NO_CONTENT,
    Status::NOT_MODIFIED,
    Status::BAD_REQUEST,
    Status::NOT_FOUND,
    Status::METHOD_NOT_ALLOWED,
    Status::REQUEST_TIMEOUT,
    Status::CONTENT_TOO_LARGE,
    Status::URI_TOO_LONG,
    Status::REQUEST_HEADER_FIELDS_TOO_LARGE,
    Status::INTERNAL_SERVER_ERROR,
    Status::NOT_IMPLEMENTED,
    Status::SERVICE_UNAVAILABLE,
    Status::HTTP_VERSION_NOT_SUPPORTED,
];

/// The fields that say how an answer is framed and what becomes of the connection, and the date.
const NOT_FOR_HANDLERS: [&str; 5] = ["connection", "content-length", "date", "trailer", "transfer-encoding"];

/// Calls of a handler, in the order in which they are made. As an input each is a byte for the call,
/// and for each text of its a byte that says how long it is, then that much.
#[derive(Clone, Copy, Debug)]
pub enum Call<'a> {
    /// [`Response::set_status`], by the place in the list of all of them.
    Status(u8),
    /// [`Response::add_field`].
    Field(&'a [u8], &'a [u8]),
    /// Appends to [`Response::body_mut`].
    Body(&'a [u8]),
    /// [`Response::text`].
    Text(&'a [u8]),
    /// [`Response::become_error`].
    Error(u8, &'a [u8]),
    /// [`Response::clear`].
    Clear,
}

/// Writes an input: how the answer is delivered, three bits of it, and the calls.
///
/// # Panics
/// If a text is longer than 255 bytes.
pub fn write(delivery: u8, calls: &[Call<'_>]) -> Vec<u8> {
    let mut input = vec![delivery];
    for call in calls {
        let (head, texts): (&[u8], [&[u8]; 2]) = match call {
            Call::Status(status) => (&[0, *status], [&[], &[]]),
            Call::Field(name, value) => (&[1], [name, value]),
            Call::Body(bytes) => (&[2], [bytes, &[]]),
            Call::Text(bytes) => (&[3], [bytes, &[]]),
            Call::Error(status, bytes) => (&[4, *status], [bytes, &[]]),
            Call::Clear => (&[5], [&[], &[]]),
        };
        input.extend_from_slice(head);
        let texts_taken = [0, 2, 1, 1, 1, 0][usize::from(head[0])];
        for text in &texts[..texts_taken] {
            input.push(u8::try_from(text.len()).expect("a short text"));
            input.extend_from_slice(text);
        }
    }
    input
}

/// Reads the next call; `None` at the end of the input.
fn next<'a>(input: &mut &'a [u8]) -> Option<Call<'a>> {
    let call = byte(input)?;
    Some(match call % 6 {
        0 => Call::Status(byte(input)?),
        1 => Call::Field(text(input), text(input)),
        2 => Call::Body(text(input)),
        3 => Call::Text(text(input)),
        4 => Call::Error(byte(input)?, text(input)),
        _ => Call::Clear,
    })
}

fn byte(input: &mut &[u8]) -> Option<u8> {
    let (first, rest) = input.split_first()?;
    *input = rest;
    Some(*first)
}

fn text<'a>(input: &mut &'a [u8]) -> &'a [u8] {
    let length = byte(input).map_or(0, usize::from).min(input.len());
    let (text, rest) = input.split_at(length);
    *input = rest;
    text
}

/// What the client should get, thought out without the code under test.
#[derive(Debug)]
struct Expected {
    status: u16,
    fields: Vec<Field>,
    body: Vec<u8>,
    /// The handler has tried what it may not.
    faulty: bool,
}

/// Encodes what comes of the calls and reads it with a reader that forgives nothing: it is one response
/// with what the handler wrote and nothing else, or a 500 with nothing of it.
pub fn check(input: &[u8]) {
    let Some((&bits, mut rest)) = input.split_first() else { return };
    let version = if bits & 2 == 0 { Version::Http11 } else { Version::Http10 };
    let delivery = Delivery { head_only: bits & 1 != 0, version, keep_alive: bits & 4 != 0 };
    let mut response = Response::new();
    let mut expected = Expected::nothing();
    while let Some(call) = next(&mut rest) {
        make(call, &mut response);
        expected.after(call);
    }
    let mut out = Vec::new();
    encode(&response, delivery, DATE.as_bytes(), &mut out);
    expected.assert_came(&out, delivery);
}

fn make(call: Call<'_>, response: &mut Response) {
    match call {
        Call::Status(index) => _ = response.set_status(status(index)),
        Call::Field(name, value) => _ = response.add_field(&String::from_utf8_lossy(name), value),
        Call::Body(bytes) => response.body_mut().extend_from_slice(bytes),
        Call::Text(bytes) => _ = response.text(&String::from_utf8_lossy(bytes)),
        Call::Error(index, bytes) => {
            response.become_error(status(index), String::from_utf8_lossy(bytes));
        }
        Call::Clear => response.clear(),
    }
}

fn status(index: u8) -> Status {
    STATUSES[usize::from(index) % STATUSES.len()]
}

impl Expected {
    fn nothing() -> Self {
        Self { status: 200, fields: Vec::new(), body: Vec::new(), faulty: false }
    }

    fn after(&mut self, call: Call<'_>) {
        match call {
            Call::Status(index) => self.status = status(index).code(),
            Call::Field(name, value) => self.add(&String::from_utf8_lossy(name), value),
            Call::Body(bytes) => self.body.extend_from_slice(bytes),
            Call::Text(bytes) => self.write(&String::from_utf8_lossy(bytes)),
            Call::Error(index, bytes) => {
                *self = Self { status: status(index).code(), ..Self::nothing() };
                self.write(&format!("{}\n", String::from_utf8_lossy(bytes)));
            }
            Call::Clear => *self = Self::nothing(),
        }
    }

    fn add(&mut self, name: &str, value: &[u8]) {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let name_fits = !name.is_empty() && name.bytes().all(is_token);
        let value_fits = value.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f));
        if !name_fits || !value_fits || NOT_FOR_HANDLERS.contains(&&*name.to_ascii_lowercase()) {
            self.faulty = true;
        } else {
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
            let start = value.iter().take_while(|byte| blank(byte)).count();
            let end = value[start..].iter().rev().take_while(|byte| blank(byte)).count();
            let value = value[start..value.len() - end].to_vec();
            self.fields.push(Field { name: name.to_owned(), value });
        }
    }

    fn write(&mut self, text: &str) {
        self.body.extend_from_slice(text.as_bytes());
        if !self.has_type() {
            self.add("Content-Type", b"text/plain; charset=utf-8");
        }
    }

    fn has_type(&self) -> bool {
        self.fields.iter().any(|field| field.name.eq_ignore_ascii_case("content-type"))
    }

    fn assert_came(mut self, out: &[u8], delivery: Delivery) {
        if self.faulty {
            self = Self { status: 500, ..Self::nothing() };
            self.write("the handler wrote a field that can't be sent\n");
        }
        let mut reader = Transcript::new(&[if delivery.head_only { "HEAD" } else { "GET" }]);
        assert_eq!(reader.push(out), Ok(()), "{}", out.escape_ascii());
        let [answer] = reader.answers() else { panic!("{} answers", reader.answers().len()) };
        assert!(reader.rest().is_empty(), "{} bytes follow the answer", reader.rest().len());
        assert!(answer.interim.is_empty(), "something came before the answer");
        assert_eq!(answer.head.status, self.status);

        let has_no_body = matches!(self.status, 204 | 304);
        let is_sent = !has_no_body && !delivery.head_only;
        assert_eq!(answer.body, if is_sent { &self.body[..] } else { &[] });
        let framing = if is_sent { Framing::Length(self.body.len()) } else { Framing::Bodyless };
        assert_eq!(answer.framing, framing);

        let mut fields = vec![Field { name: "Date".into(), value: DATE.into() }];
        let connection = match (delivery.keep_alive, delivery.version) {
            (false, _) => Some("close"),
            (true, Version::Http10) => Some("keep-alive"),
            (true, Version::Http11) => None,
        };
        let connection = connection.map(|value| Field { name: "Connection".into(), value: value.into() });
        fields.extend(connection);
        let has_type = self.has_type();
        fields.append(&mut self.fields);
        if !has_no_body {
            if !has_type {
                fields.push(Field { name: "Content-Type".into(), value: "application/octet-stream".into() });
            }
            let length = self.body.len().to_string().into_bytes();
            fields.push(Field { name: "Content-Length".into(), value: length });
        }
        assert_eq!(answer.head.fields, fields);
    }
}
