//! A strict reader of responses, and the suite's own: it shares no code with any server under test,
//! because two copies of one mistake agree with each other.
//!
//! [`Transcript`] is fed what arrives and yields the answers in order; `head` reads one status line
//! and its fields; `body` finds where the body ends. Whatever the RFCs forbid a server to send is an
//! error here, never something to be worked around.

mod body;
mod head;
mod transcript;

pub use head::{Field, Head};
pub use transcript::{Response, Transcript};

/// Longest response head that the reader takes, in bytes.
pub const HEAD_BYTES_MAX: usize = 128 * 1024;
/// Longest response body that the reader takes, in bytes.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How the end of a response body was, or will be, found (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// No body can follow: an answer to HEAD, a 1xx, 204 or 304.
    Bodyless,
    /// `Content-Length`, in bytes.
    Length(usize),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// Neither field: the body lasts until the connection ends, and can't be told from one cut short.
    UntilClose,
}

/// Why the bytes that arrived are no HTTP/1.1 response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The first line is not `HTTP/1.x NNN reason`.
    #[error("the status line is malformed: \"{0}\"")]
    StatusLine(String),
    /// A line of the head is not `name: value`.
    #[error("a field line is malformed: \"{0}\"")]
    FieldLine(String),
    /// A CR without LF, or an LF without CR.
    #[error("a bare {0} stands in the head or the chunk framing")]
    BareLineEnd(&'static str),
    /// A `Content-Length` that is no number, or one of two.
    #[error("Content-Length is malformed or repeated: \"{0}\"")]
    ContentLength(String),
    /// A `Transfer-Encoding` other than one `chunked`.
    #[error("Transfer-Encoding is not exactly one `chunked`: \"{0}\"")]
    TransferEncoding(String),
    /// Both framing fields at once.
    #[error("Content-Length stands beside Transfer-Encoding")]
    TwoFramings,
    /// A framing field where none may be (RFC 9110 section 8.6, RFC 9112 section 6.1).
    #[error("a {status} answer carries {field}")]
    FramingForbidden {
        /// The answer's status.
        status: u16,
        /// The field's name.
        field: &'static str,
    },
    /// A chunk-size line, the data's end or a trailer is not as RFC 9112 section 7.1 has it.
    #[error("the chunked body is malformed: {0}")]
    Chunk(&'static str),
    /// More than [`HEAD_BYTES_MAX`] or [`BODY_BYTES_MAX`].
    #[error("the {0} exceeds what the suite reads")]
    TooLarge(&'static str),
    /// Bytes behind an answer that said that it was the last.
    #[error("bytes follow an answer that said `Connection: close`: \"{0}\"")]
    AfterClose(String),
}
