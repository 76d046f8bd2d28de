//! A request that owns its parts.

use crate::{Facts, Fields, Method, Request, Version};

/// One request, copied out of the bytes it came in. It can be parsed into again and again: what it
/// allocated for one request is there for the next.
#[derive(Debug)]
pub struct OwnedRequest {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) version: Version,
    /// The first `field_count` of these are the request's; the others only keep their capacity.
    lines: Vec<(String, Vec<u8>)>,
    field_count: usize,
    pub(crate) body: Vec<u8>,
    pub(crate) facts: Facts,
}

impl OwnedRequest {
    /// A request with nothing in it, to be parsed into.
    pub fn new() -> Self {
        Self {
            method: Method::Get,
            target: String::new(),
            version: Version::Http11,
            lines: Vec::new(),
            field_count: 0,
            body: Vec::new(),
            facts: Facts::default(),
        }
    }

    /// The request as a handler sees it.
    pub fn as_request(&self) -> Request<'_> {
        Request {
            method: self.method,
            target: &self.target,
            version: self.version,
            fields: Fields::owned(self),
            body: &self.body,
        }
    }

    /// What its fields say about its framing and its connection.
    pub fn facts(&self) -> Facts {
        self.facts
    }

    /// Empties it and keeps what it allocated.
    pub fn clear(&mut self) {
        self.target.clear();
        self.field_count = 0;
        self.body.clear();
    }

    /// Bytes of memory that it holds on to, used or not.
    pub fn capacity(&self) -> usize {
        let lines: usize = self.lines.iter().map(|(name, value)| name.capacity() + value.capacity()).sum();
        let slots = self.lines.capacity() * size_of::<(String, Vec<u8>)>();
        self.target.capacity() + self.body.capacity() + slots + lines
    }

    pub(crate) fn push_field(&mut self, name: &str, value: &[u8]) {
        if let Some((line_name, line_value)) = self.lines.get_mut(self.field_count) {
            line_name.clear();
            line_name.push_str(name);
            line_value.clear();
            line_value.extend_from_slice(value);
        } else {
            self.lines.push((name.to_owned(), value.to_owned()));
        }
        self.field_count += 1;
    }

    pub(crate) fn field_count(&self) -> usize {
        self.field_count
    }

    pub(crate) fn field_line(&self, index: usize) -> (&str, &[u8]) {
        let (name, value) = &self.lines[..self.field_count][index];
        (name, value)
    }
}

impl Default for OwnedRequest {
    fn default() -> Self {
        Self::new()
    }
}
