//! HTTP/1.1 as pure functions: bytes in, messages out.
//!
//! No socket, no clock and no thread lives here. A server reads bytes into a [`Buffer`], hands it
//! to a parser, and is told one of four things: the request is whole, more bytes are needed, the
//! client waits for a `100 Continue`, or the bytes are wrong and with which status to say so.
//! Running out of bytes is never an error.
//!
//! # Layout
//!
//! | module | its one job |
//! |---|---|
//! | [`buffer`] | bytes that arrived and were not yet used |
//! | `line`, `head` | where a line and a head end, and whether they are too long |
//! | `byte`, `request_line`, `field` | the grammar of one line |
//! | `facts` | what the fields of a whole head mean for its framing and its connection |
//! | [`textbook`] | the parser to read first: it copies every part into an [`OwnedRequest`] |
//! | `meaning` | what a whole head says, as places in its bytes |
//! | [`zerocopy`] | the parser that copies nothing: its [`Request`] points into the buffer |
//! | [`chunked`] | the chunked transfer coding, both ways |
//! | [`response`], [`mod@encode`] | what a handler answers, and its bytes |
//! | `work` | for tests: how many bytes were looked at, to show that the work is linear |
//!
//! Both parsers share the modules above them in the table, so that they can differ in how they
//! hold a request but not in what they accept.

pub mod buffer;
mod byte;
pub mod chunked;
pub mod encode;
mod error;
mod facts;
mod field;
mod head;
mod limits;
mod line;
mod meaning;
mod owned;
mod request;
mod request_line;
pub mod response;
mod status;
pub mod textbook;
mod work;
pub mod zerocopy;

pub use buffer::Buffer;
pub use encode::{Delivery, encode};
pub use error::Error;
pub use facts::{Facts, Framing};
pub use limits::Limits;
pub use owned::OwnedRequest;
pub use request::{Fields, Method, Request, Version};
pub use response::Response;
pub use status::Status;

/// Which part of a request is to come next on a connection. Each has a deadline of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No byte of a request has come.
    Idle,
    /// The head has begun.
    Head,
    /// The head is whole and the body is not.
    Body,
}

/// The interim response for a client that asked, with `Expect: 100-continue`, whether its body is
/// welcome (RFC 9110, section 10.1.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
