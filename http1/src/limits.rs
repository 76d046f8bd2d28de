//! How large the parts of a request may be.

/// The largest parts of a request that are accepted. Each is exact: `n` is accepted, `n + 1` is
/// answered with the status named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The request line without its CRLF; 414 above.
    pub request_line_bytes_max: usize,
    /// The head from the request line to the empty line, both included; 431 above. The request line and
    /// its CRLF have to fit into it, and it is the line that is named if they do not.
    pub head_bytes_max: usize,
    /// Field lines in the head; 431 above.
    pub fields_max: usize,
    /// The body after its transfer coding is undone; 413 above.
    pub body_bytes_max: usize,
    /// All chunk extensions of one body together; 400 above.
    pub chunk_extension_bytes_max: usize,
    /// All trailer lines of one body together; 431 above.
    pub trailer_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_line_bytes_max: 8 * 1024,
            head_bytes_max: 32 * 1024,
            fields_max: 100,
            body_bytes_max: 1024 * 1024,
            chunk_extension_bytes_max: 4 * 1024,
            trailer_bytes_max: 8 * 1024,
        }
    }
}
