//! What can be wrong with the bytes of a request.

use crate::Status;

/// Why the bytes are not a request that is served here. After any of these the connection's
/// framing is lost: answer with [`Error::status`], then close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Error {
    /// More than two empty lines before the request line.
    #[error("too many empty lines before the request line")]
    TooManyEmptyLines,
    /// A CR without its LF or a LF without its CR (RFC 9112, section 2.2).
    #[error("a line ends in CR or LF alone instead of CRLF")]
    BareLineEnd,
    /// The request line is longer than [`crate::Limits::request_line_bytes_max`].
    #[error("the request line is too long")]
    RequestLineTooLong,
    /// The head is longer than [`crate::Limits::head_bytes_max`].
    #[error("the head of the request is too large")]
    HeadTooLarge,
    /// There are more field lines than [`crate::Limits::fields_max`].
    #[error("the request has too many header fields")]
    TooManyFields,
    /// Not `method SP target SP version` (RFC 9112, section 3).
    #[error("the request line is not \"METHOD target HTTP/1.1\"")]
    RequestLine,
    /// A target that is none of the four forms, or has a byte that no URI has (RFC 9112, 3.2).
    #[error("the request target is malformed")]
    Target,
    /// A version that is well-formed, but not 1.x.
    #[error("only HTTP/1.x is spoken here")]
    VersionNotSupported,
    /// A method that this server does not know (RFC 9110, section 9.1).
    #[error("the method is not implemented")]
    MethodNotImplemented,
    /// A field line without colon, with white space around its name, folded, or with a name that
    /// is no token (RFC 9112, section 5).
    #[error("a header field line is malformed")]
    FieldLine,
    /// A control byte in a field value (RFC 9110, section 5.5).
    #[error("a header field value has a control character")]
    FieldValue,
    /// No `Host`, more than one, or one that is no authority (RFC 9112, section 3.2).
    #[error("the Host field is missing, repeated or malformed")]
    Host,
    /// A `Content-Length` that is not one plain decimal number (RFC 9112, section 6.3).
    #[error("the Content-Length is malformed or repeated")]
    ContentLength,
    /// Two framings for one body (RFC 9112, section 6.1).
    #[error("Content-Length and Transfer-Encoding together")]
    TwoFramings,
    /// A `Transfer-Encoding` whose body has no certain end (RFC 9112, section 6.1).
    #[error("the Transfer-Encoding is malformed")]
    TransferEncoding,
    /// A transfer coding other than chunked.
    #[error("the transfer coding is not implemented")]
    CodingNotImplemented,
    /// The body is longer than [`crate::Limits::body_bytes_max`].
    #[error("the body is too large")]
    BodyTooLarge,
    /// A chunk size that is not plain hexadecimal, or chunk data that does not end where it said
    /// (RFC 9112, section 7.1).
    #[error("the chunked body is malformed")]
    Chunk,
    /// A chunk extension that is malformed, or more of them than
    /// [`crate::Limits::chunk_extension_bytes_max`] (RFC 9112, section 7.1.1).
    #[error("a chunk extension is malformed or too long")]
    ChunkExtension,
    /// More trailer lines than [`crate::Limits::trailer_bytes_max`].
    #[error("the trailers are too large")]
    TrailersTooLarge,
}

impl Error {
    /// The status to answer with before closing.
    pub fn status(self) -> Status {
        match self {
            Self::TooManyEmptyLines
            | Self::BareLineEnd
            | Self::RequestLine
            | Self::Target
            | Self::FieldLine
            | Self::FieldValue
            | Self::Host
            | Self::ContentLength
            | Self::TwoFramings
            | Self::TransferEncoding
            | Self::Chunk
            | Self::ChunkExtension => Status::BAD_REQUEST,
            Self::BodyTooLarge => Status::CONTENT_TOO_LARGE,
            Self::RequestLineTooLong => Status::URI_TOO_LONG,
            Self::HeadTooLarge | Self::TooManyFields | Self::TrailersTooLarge => {
                Status::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::MethodNotImplemented | Self::CodingNotImplemented => Status::NOT_IMPLEMENTED,
            Self::VersionNotSupported => Status::HTTP_VERSION_NOT_SUPPORTED,
        }
    }
}
