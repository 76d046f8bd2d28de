//! The chunked transfer coding (RFC 9112 §7.1), decoded a slice at a time.

use super::response::Malformed;

/// Bytes in a chunk-size line, extensions included.
const LINE_BYTES_MAX: u32 = 4 * 1024;
/// Bytes in the trailer section.
const TRAILER_BYTES_MAX: u32 = 16 * 1024;

/// Where in the coding the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// In the size; its first digit may still have to come.
    Size {
        any: bool,
    },
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// At the start of a trailer line; an empty one ends the body.
    TrailerStart,
    TrailerName,
    TrailerValue,
    LastLf,
}

/// A decoder that may be interrupted after any byte.
#[derive(Debug)]
pub(super) struct Chunked {
    at: At,
    /// Data bytes of the current chunk that are still to come.
    left: u64,
    /// Bytes of the current size line, or of the whole trailer section.
    line_bytes: u32,
}

impl Chunked {
    pub(super) fn new() -> Self {
        Self { at: At::Size { any: false }, left: 0, line_bytes: 0 }
    }

    /// Decodes from the front of `bytes`, handing data to `body` as it stands in the input.
    ///
    /// Returns how many bytes belong to the body and whether they end it.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        mut body: impl FnMut(&[u8]),
    ) -> Result<(usize, bool), Malformed> {
        let mut used = 0;
        while let Some(&byte) = bytes.get(used) {
            if self.at == At::Data {
                let here = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len() - used);
                body(&bytes[used..used + here]);
                used += here;
                self.left -= here as u64;
                if self.left == 0 {
                    self.at = At::DataCr;
                }
                continue;
            }
            used += 1;
            if self.step(byte)? {
                return Ok((used, true));
            }
        }
        Ok((used, false))
    }

    /// Takes one byte of the framing; true after the last one.
    fn step(&mut self, byte: u8) -> Result<bool, Malformed> {
        self.bound_line()?;
        self.at = match (self.at, byte) {
            (At::Size { .. }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                // Zeros may stand before it, as many as the line has room for.
                if self.left >> 60 != 0 {
                    return Err(Malformed("a chunk size beyond 64 bits"));
                }
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                self.left = (self.left << 4) | u64::from(digit);
                At::Size { any: true }
            }
            (At::Size { any: false }, _) => return Err(Malformed("a chunk without a size")),
            (At::Size { .. }, b';' | b' ' | b'\t') => At::Extension,
            (At::Size { .. } | At::Extension, b'\r') => At::SizeLf,
            (At::Extension, other) if other != b'\n' => At::Extension,
            (At::SizeLf, b'\n') => {
                self.line_bytes = 0;
                if self.left == 0 { At::TrailerStart } else { At::Data }
            }
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => {
                self.line_bytes = 0;
                At::Size { any: false }
            }
            (At::TrailerStart, b'\r') => At::LastLf,
            (At::TrailerValue, b'\n') => At::TrailerStart,
            // A value may be folded over lines.
            (At::TrailerStart, b' ' | b'\t') | (At::TrailerName, b':') | (At::TrailerValue, _) => {
                At::TrailerValue
            }
            (At::TrailerStart | At::TrailerName, name) if is_token_byte(name) => At::TrailerName,
            // The start of the next response, say, after a body that lacks its last empty line.
            (At::TrailerStart | At::TrailerName, _) => return Err(Malformed("a trailer that is no field")),
            (At::LastLf, b'\n') => return Ok(true),
            (At::DataCr | At::DataLf, _) => return Err(Malformed("chunk data longer than its size")),
            _ => return Err(Malformed("a broken line in the chunked coding")),
        };
        Ok(false)
    }

    fn bound_line(&mut self) -> Result<(), Malformed> {
        self.line_bytes += 1;
        let in_trailer =
            matches!(self.at, At::TrailerStart | At::TrailerName | At::TrailerValue | At::LastLf);
        let (bytes_max, what) = if in_trailer {
            (TRAILER_BYTES_MAX, "a trailer section of more than 16 KiB")
        } else {
            (LINE_BYTES_MAX, "a chunk size line of more than 4 KiB")
        };
        if self.line_bytes > bytes_max { Err(Malformed(what)) } else { Ok(()) }
    }
}

/// A byte that a field's name may have (RFC 9110 §5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
