//! A failure as it is shown: what was expected, what came, and where.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::errors::ErrorKind;
use super::written;

/// Bytes of a response that a failure shows.
const SHOWN_BYTES_MAX: usize = 4 * 1024;
/// Bytes that all connections of a thread together keep of responses that come in pieces, so that ten
/// thousand of them cost no more memory than a hundred.
const KEPT_BYTES_MAX: usize = 1024 * 1024;
/// Bytes that even the last of them may keep: a head, mostly.
const KEPT_BYTES_MIN: usize = 256;
/// Bytes shown where there is only a line for it.
const EXCERPT_BYTES_MAX: usize = 160;

/// A request that failed, for people to read. Only the first few of a run are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The kind that it was counted under.
    pub kind: ErrorKind,
    /// What was expected, and what happened instead.
    pub what: String,
    /// The connection among those of the plan, from 1.
    pub connection: usize,
    /// The request among those that this connection sent since it was last opened, from 1.
    pub request: u64,
    /// The client's end of that connection, as a packet capture shows it.
    pub local: Option<SocketAddr>,
    /// From the start of the run, warm-up included.
    #[serde(with = "written::nanos", rename = "after_ns")]
    pub after: Duration,
    /// The response from its first byte on, as far as it came and up to four KiB of it. Where a long one was
    /// whole, and more came than that, only this.
    #[serde(with = "written::base64")]
    pub received: Vec<u8>,
    /// How much of it came.
    pub received_bytes: u64,
}

impl Failure {
    /// Says the same of another request: shown once, that is enough.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        (self.kind, &self.what, &self.received) == (other.kind, &other.what, &other.received)
    }
}

/// One line, however much was received.
impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.kind.name(), self.what)?;
        if self.received.is_empty() {
            return Ok(());
        }
        let shown = &self.received[..self.received.len().min(EXCERPT_BYTES_MAX)];
        let dots = if (shown.len() as u64) < self.received_bytes { "…" } else { "" };
        write!(out, ": \"{}{dots}\"", shown.escape_ascii())
    }
}

/// What of the current response was at hand in earlier reads.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Its beginning.
    kept: Vec<u8>,
    /// All of it that has passed by.
    passed_bytes: u64,
}

impl Evidence {
    /// Keeps of `bytes` what there is room for; nothing is allocated once a connection has done so.
    pub(super) fn keep(&mut self, bytes: &[u8], kept_bytes_max: usize) {
        if self.passed_bytes == self.kept.len() as u64 {
            let room = kept_bytes_max - self.kept.len();
            if self.kept.capacity() < kept_bytes_max {
                self.kept.reserve_exact(room);
            }
            self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        self.passed_bytes += bytes.len() as u64;
    }

    /// The response ends with `bytes`. It is shown before what may come after it, if it is short; `more` says
    /// that something has come, so that more of it may be kept.
    pub(super) fn end(&mut self, bytes: &[u8], kept_bytes_max: usize, more: bool) {
        let short = if more { kept_bytes_max } else { KEPT_BYTES_MIN } / 2;
        if self.passed_bytes + bytes.len() as u64 <= short as u64 {
            self.keep(bytes, kept_bytes_max);
        } else {
            self.clear();
        }
    }

    /// The next response begins.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
        self.passed_bytes = 0;
    }

    /// The beginning of the response that goes on with `bytes`, and its length so far.
    pub(super) fn with(&self, bytes: &[u8]) -> (Vec<u8>, u64) {
        let mut received = self.kept.clone();
        if self.passed_bytes == received.len() as u64 {
            let room = SHOWN_BYTES_MAX.saturating_sub(received.len());
            received.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        (received, self.passed_bytes + bytes.len() as u64)
    }
}

/// Bytes of a response in pieces that each of a thread's `connections` may keep.
pub(super) fn kept_bytes_max(connections: usize) -> usize {
    (KEPT_BYTES_MAX / connections.max(1)).clamp(KEPT_BYTES_MIN, SHOWN_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_in_pieces_is_put_together_up_to_a_limit() {
        let mut evidence = Evidence::default();
        evidence.keep(b"abc", 5);
        assert_eq!(evidence.with(b"de"), (b"abcde".to_vec(), 5));
        evidence.keep(b"defg", 5);
        assert_eq!(evidence.with(b"hi"), (b"abcde".to_vec(), 9), "no hole between what is shown");
        evidence.clear();
        assert_eq!(evidence.with(&[b'x'; 5_000]), (vec![b'x'; SHOWN_BYTES_MAX], 5_000));
    }

    #[test]
    fn a_response_that_is_whole_is_kept_if_it_is_short_and_leaves_room_if_it_is_long() {
        let mut evidence = Evidence::default();
        evidence.keep(b"sho", 4_096);
        evidence.end(b"rt", 4_096, false);
        assert_eq!(evidence.with(b"more"), (b"shortmore".to_vec(), 9));
        for (length, more, kept) in
            [(128, false, 128), (129, false, 0), (2_048, true, 2_048), (2_049, true, 0)]
        {
            evidence.clear();
            evidence.end(&vec![b'x'; length], 4_096, more);
            assert_eq!(evidence.with(b"").1, kept, "{length} {more}");
            assert!(evidence.with(b"more").0.ends_with(b"more"));
        }
    }

    #[test]
    fn many_connections_keep_no_more_than_a_few() {
        assert_eq!(kept_bytes_max(1), SHOWN_BYTES_MAX);
        assert!(10_000 * kept_bytes_max(10_000) <= 4 * KEPT_BYTES_MAX);
    }
}
