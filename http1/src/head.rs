//! Where a head ends.

use std::ops::Range;

use crate::line::{self, END_BYTES};
use crate::{Error, Limits};

/// Empty lines that are skipped before a request line, for clients that send one too many after a
/// body (RFC 9112, section 2.2).
pub(crate) const EMPTY_LINES_MAX: usize = 2;

/// The search for the end of one head: what it has seen so far, so that no byte is looked at twice.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadScan {
    /// Where the request line starts, behind the empty lines that were skipped.
    start: usize,
    /// Where the line starts that is being looked at.
    line_start: usize,
    /// How far into that line it has been looked.
    scanned: usize,
    empty_lines: usize,
    /// Lines that ended, the request line among them.
    lines: usize,
}

/// A whole head, found but not yet read.
#[derive(Debug)]
pub(crate) struct Found {
    /// From the request line to the empty line, both included.
    pub(crate) range: Range<usize>,
    pub(crate) field_count: usize,
}

impl HeadScan {
    /// Looks for the end of the head in all the bytes that have come since the last request.
    /// `None` while it has not come.
    ///
    /// # Errors
    /// For a head, a line or a number of lines above the limits, and for line ends that are not
    /// CRLF. The first by position wins, so the error does not depend on how the bytes were split.
    pub(crate) fn find_end(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<Found>, Error> {
        loop {
            let before = self.line_start - self.start;
            // One fault for each line: of two, the one that is met would depend on how many bytes came at
            // once.
            let judge = |length: usize| {
                let overfills_head = before + length + END_BYTES > limits.head_bytes_max;
                match self.lines {
                    0 if length > 0 && (overfills_head || length > limits.request_line_bytes_max) => {
                        Err(Error::RequestLineTooLong)
                    }
                    1.. if overfills_head => Err(Error::HeadTooLarge),
                    _ => Ok(()),
                }
            };
            let Some(length) = line::find_end(&bytes[self.line_start..], &mut self.scanned, judge)? else {
                return Ok(None);
            };
            self.line_start += length + END_BYTES;
            self.scanned = 0;
            match (length, self.lines) {
                (0, 0) => {
                    self.empty_lines += 1;
                    if self.empty_lines > EMPTY_LINES_MAX {
                        return Err(Error::TooManyEmptyLines);
                    }
                    self.start = self.line_start;
                }
                (0, lines) => {
                    return Ok(Some(Found { range: self.start..self.line_start, field_count: lines - 1 }));
                }
                (_, lines) if lines > limits.fields_max => return Err(Error::TooManyFields),
                _ => self.lines += 1,
            }
        }
    }

    /// Whether it is the head of a HEAD request, going by the beginning of its request line, so that this
    /// is known of broken requests, too.
    pub(crate) fn asks_for_head_only(&self, bytes: &[u8], limits: &Limits) -> bool {
        const METHOD: &[u8] = b"HEAD ";

        // A limit below that is met before it has come, or not, depending on how the bytes were split.
        let room = limits.request_line_bytes_max.min(limits.head_bytes_max.saturating_sub(END_BYTES));
        room >= METHOD.len() && bytes[self.start..].starts_with(METHOD)
    }

    /// Whether the request line has begun: what came so far is more than empty lines.
    pub(crate) fn has_begun(&self) -> bool {
        self.lines > 0 || self.scanned > 0
    }
}

#[cfg(test)]
mod tests {
    use super::HeadScan;
    use crate::{Error, Limits};

    const LIMITS: Limits = Limits {
        request_line_bytes_max: 16,
        head_bytes_max: 64,
        fields_max: 2,
        body_bytes_max: 0,
        chunk_extension_bytes_max: 0,
        trailer_bytes_max: 0,
    };

    /// Feeds `bytes` whole and byte by byte, holds the two equal, and returns where the head stands.
    fn find(bytes: &[u8]) -> Result<Option<(usize, usize)>, Error> {
        let range = |found: super::Found| (found.range.start, found.range.end);
        let whole = HeadScan::default().find_end(bytes, &LIMITS).map(|found| found.map(range));
        let mut scan = HeadScan::default();
        let mut split = Ok(None);
        for end in 0..=bytes.len() {
            split = scan.find_end(&bytes[..end], &LIMITS).map(|found| found.map(range));
            if split != Ok(None) {
                break;
            }
        }
        assert_eq!(whole, split, "split invariance on {}", bytes.escape_ascii());
        whole
    }

    #[test]
    fn a_head_ends_at_its_empty_line() {
        assert_eq!(find(b"GET / HTTP/1.1\r\nA: b\r\n\r\nrest"), Ok(Some((0, 24))));
        assert_eq!(find(b"GET / HTTP/1.1\r\nA: b\r\n\r"), Ok(None));
    }

    #[test]
    fn two_empty_lines_before_it_are_skipped_and_a_third_is_not() {
        assert_eq!(find(b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"), Ok(Some((4, 22))));
        assert_eq!(find(b"\r\n\r\n\r\n"), Err(Error::TooManyEmptyLines));
    }

    #[test]
    fn a_line_ends_in_both_bytes_or_is_refused() {
        assert_eq!(find(b"GET / HTTP/1.1\n"), Err(Error::BareLineEnd));
        assert_eq!(find(b"GET / HTTP/1.1\rH"), Err(Error::BareLineEnd));
    }

    #[test]
    fn the_request_line_limit_is_exact() {
        assert_eq!(find(b"GET /12 HTTP/1.1\r\n\r\n"), Ok(Some((0, 20))));
        assert_eq!(find(b"GET /123 HTTP/1.1\r\n\r\n"), Err(Error::RequestLineTooLong));
    }

    #[test]
    fn a_request_line_for_which_the_head_has_no_room_is_what_is_named() {
        let limits = Limits { head_bytes_max: 16, ..LIMITS };
        for end in [15, 16, 17] {
            let found = HeadScan::default().find_end(&b"GET / HTTP/1.1234"[..end], &limits);
            assert_eq!(found.map(|_| ()), Err(Error::RequestLineTooLong), "{end} bytes at once");
        }
    }

    #[test]
    fn the_head_limit_is_exact() {
        let head = |filler: usize| format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(filler));
        assert_eq!(head(41).len(), 64);
        assert_eq!(find(head(41).as_bytes()), Ok(Some((0, 64))));
        assert_eq!(find(head(42).as_bytes()), Err(Error::HeadTooLarge));
    }

    #[test]
    fn the_field_limit_is_exact() {
        assert_eq!(find(b"GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\n"), Ok(Some((0, 30))));
        assert_eq!(find(b"GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\n"), Err(Error::TooManyFields));
    }
}
