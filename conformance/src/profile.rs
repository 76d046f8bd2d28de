//! What the suite has to know of a server before it can judge it.

use std::time::Duration;

use serde::Serialize;

/// How long a case waits for an answer or a close, if the profile does not say.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// One server as the suite sees it.
#[derive(Clone, Debug, Serialize)]
pub struct Profile {
    /// What reports call it.
    pub name: String,
    /// Whether it serves more than one request on a connection. A server that does not must say
    /// `Connection: close` in every answer and then close.
    pub persists: bool,
    /// Cases under way at the same time. A serial server makes the others wait, so 1 is right for it:
    /// their limit runs from the moment they connect.
    pub parallel: usize,
    /// Longest that one exchange may take; a case without answer and close by then has failed.
    pub answer_limit: Duration,
    /// Whether each case is also sent byte by byte and split in two.
    pub deliveries: bool,
    /// Whether it has the lab's routes (`/echo`, `/headers`, `/bytes` …) besides `/`.
    pub lab_routes: bool,
    /// A target whose handler puts CR, LF and a field named `Injected` into a field of its answer, if
    /// the server has one. Rule 14 can't be seen from outside without it.
    pub injecting_target: Option<String>,
    /// The limits that it promises to keep exactly.
    pub limits: Limits,
}

/// Largest sizes that the server accepts; one more is refused.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Limits {
    /// Request line and fields with every line end and the empty line, in bytes.
    pub head_bytes: usize,
    /// Field lines.
    pub fields: usize,
    /// Request line without its CRLF, in bytes.
    pub request_line_bytes: usize,
    /// Content of one request, in bytes.
    pub body_bytes: usize,
    /// All chunk extensions of one request with their semicolons, in bytes.
    pub chunk_extension_bytes: usize,
    /// All trailer lines of one request with their line ends, in bytes.
    pub trailer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 32 * 1024,
            fields: 100,
            request_line_bytes: 8 * 1024,
            body_bytes: 1024 * 1024,
            chunk_extension_bytes: 4 * 1024,
            trailer_bytes: 8 * 1024,
        }
    }
}

impl Limits {
    /// Small, and none of them anybody's default: with these a server shows that it keeps the limits that
    /// it was told, and not some that were written down twice. Cases that are not about a limit fit in.
    pub const ODD: Self = Self {
        head_bytes: 3_001,
        fields: 37,
        request_line_bytes: 701,
        body_bytes: 600_011,
        chunk_extension_bytes: 101,
        trailer_bytes: 203,
    };

    /// The flags that tell a server of the lab to keep these.
    pub fn lab_flags(&self) -> [String; 6] {
        [
            format!("--head-bytes={}", self.head_bytes),
            format!("--fields={}", self.fields),
            format!("--request-line-bytes={}", self.request_line_bytes),
            format!("--body-bytes={}", self.body_bytes),
            format!("--chunk-extension-bytes={}", self.chunk_extension_bytes),
            format!("--trailer-bytes={}", self.trailer_bytes),
        ]
    }
}

/// The flags that give a server of the lab more time than a case ever takes, even byte by byte on a machine
/// that stands still for a while: no case is about a deadline.
pub const PATIENT_LAB_FLAGS: [&str; 4] =
    ["--idle-timeout=60s", "--head-timeout=60s", "--body-timeout=60s", "--write-timeout=60s"];

impl Profile {
    /// A server that closes after every answer, with the lab's routes and limits.
    pub fn closing(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            persists: false,
            parallel: 8,
            answer_limit: ANSWER_LIMIT,
            deliveries: true,
            lab_routes: true,
            injecting_target: None,
            limits: Limits::default(),
        }
    }

    /// A server that keeps connections and answers pipelined requests, with the lab's routes and limits.
    pub fn persistent(name: impl Into<String>) -> Self {
        Self { persists: true, ..Self::closing(name) }
    }

    /// The same server, one case at a time.
    #[must_use]
    pub fn serially(self) -> Self {
        Self { parallel: 1, ..self }
    }
}
