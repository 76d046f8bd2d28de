//! All that came back on one connection, as answers in order.

use super::{Framing, HEAD_BYTES_MAX, Head, Malformed, body, head};
use crate::escape::escape;

/// One whole response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status and fields.
    pub head: Head,
    /// The body, chunk framing removed.
    pub body: Vec<u8>,
    /// How the body's end was found.
    pub framing: Framing,
    /// The 1xx responses that came before this one.
    pub interim: Vec<Head>,
}

/// The answers read so far from one connection.
///
/// It has to know the methods that were sent, in order: an answer to HEAD has no body whatever its
/// fields say. An answer beyond the last known method is read as one to GET.
#[derive(Debug)]
pub struct Transcript {
    methods: Vec<&'static str>,
    bytes: Vec<u8>,
    /// Start of what has not been read into a response.
    offset: usize,
    answers: Vec<Response>,
    interim: Vec<Head>,
}

impl Transcript {
    /// An empty transcript of a connection on which `methods` are sent.
    pub fn new(methods: &[&'static str]) -> Self {
        let methods = methods.to_vec();
        Self { methods, bytes: Vec::new(), offset: 0, answers: Vec::new(), interim: Vec::new() }
    }

    /// Takes bytes as they arrive. An error is final.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        self.bytes.extend_from_slice(bytes);
        self.read(false)
    }

    /// Tells it that the peer closed in order, which ends a body that nothing else delimits.
    pub fn finish(&mut self) -> Result<(), Malformed> {
        self.read(true)
    }

    /// The final answers read whole, in order.
    pub fn answers(&self) -> &[Response] {
        &self.answers
    }

    /// The 1xx responses that no final answer has followed yet.
    pub fn pending_interim(&self) -> &[Head] {
        &self.interim
    }

    /// Everything received.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The received bytes that make no whole response yet.
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.offset..]
    }

    fn read(&mut self, ended: bool) -> Result<(), Malformed> {
        while !self.rest().is_empty() {
            if self.answers.last().is_some_and(|last| last.head.lists("connection", "close")) {
                return Err(Malformed::AfterClose(escape(self.rest())));
            }
            let Some((head, length)) = head::parse(self.rest())? else {
                let too_large = self.rest().len() > HEAD_BYTES_MAX;
                return if too_large { Err(Malformed::TooLarge("head")) } else { Ok(()) };
            };
            let framing = head.framing(self.methods.get(self.answers.len()).unwrap_or(&"GET"))?;
            let start = self.offset + length;
            let Some((body, length)) = body::parse(&self.bytes[start..], framing, ended)? else {
                return Ok(());
            };
            self.offset = start + length;
            // 101 is no interim response here: what follows it would no longer be HTTP/1.1.
            if head.status < 200 && head.status != 101 {
                self.interim.push(head);
            } else {
                let interim = std::mem::take(&mut self.interim);
                self.answers.push(Response { head, body, framing, interim });
            }
        }
        Ok(())
    }
}
