//! The chunked transfer coding (RFC 9112, section 7.1), both ways.

use crate::line::{self, END_BYTES};
use crate::{Error, Limits, byte, field, work};

/// The longest chunk size in digits; more can't be told from an attempt to overflow it.
const SIZE_DIGITS_MAX: usize = 16;

/// Undoes the coding as its bytes come in.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    state: State,
    /// How far into the current line it has been looked.
    scanned: usize,
    extension_bytes: usize,
    trailer_bytes: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// At the front of a chunk's size line.
    #[default]
    Size,
    /// Inside a chunk's data, of which this much is to come.
    Data(usize),
    /// Behind a chunk's data.
    DataEnd,
    /// At the front of a trailer line, or of the empty line that ends the body.
    Trailer,
}

/// How far one call of [`Decoder::decode`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Coded bytes that were used up. The others are to be handed in again, more behind them.
    pub consumed: usize,
    /// Whether the body has ended.
    pub done: bool,
}

impl Decoder {
    /// A decoder at the front of a body.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes as much of `coded` as it can, to the back of `body`. Trailers are checked, counted
    /// and thrown away: merging them into the head would let a client add fields behind the back
    /// of whoever has checked it (RFC 9110, section 6.5.1).
    ///
    /// # Errors
    /// [`Error::Chunk`], [`Error::ChunkExtension`], [`Error::BareLineEnd`], [`Error::FieldLine`],
    /// [`Error::FieldValue`], and where a limit is passed also [`Error::BodyTooLarge`] and
    /// [`Error::TrailersTooLarge`].
    pub fn decode(&mut self, coded: &[u8], body: &mut Vec<u8>, limits: &Limits) -> Result<Decoded, Error> {
        let mut consumed = 0;
        loop {
            let rest = &coded[consumed..];
            match self.state {
                State::Size => {
                    let Some(length) = self.find_size_line(rest, limits)? else { break };
                    let size = self.read_size_line(&rest[..length], limits)?;
                    consumed += length + END_BYTES;
                    if size > limits.body_bytes_max - body.len().min(limits.body_bytes_max) {
                        return Err(Error::BodyTooLarge);
                    }
                    self.state = if size == 0 { State::Trailer } else { State::Data(size) };
                }
                State::Data(left) => {
                    let n = left.min(rest.len());
                    work::note(n);
                    body.extend_from_slice(&rest[..n]);
                    consumed += n;
                    if n < left {
                        self.state = State::Data(left - n);
                        break;
                    }
                    self.state = State::DataEnd;
                }
                State::DataEnd => match rest {
                    [] | [b'\r'] => break,
                    [b'\r', b'\n', ..] => {
                        consumed += END_BYTES;
                        self.state = State::Size;
                    }
                    _ => return Err(Error::Chunk),
                },
                State::Trailer => {
                    let Some(length) = self.find_trailer_line(rest, limits)? else { break };
                    consumed += length + END_BYTES;
                    if length == 0 {
                        return Ok(Decoded { consumed, done: true });
                    }
                    field::parse(&rest[..length])?;
                    self.trailer_bytes += length + END_BYTES;
                }
            }
        }
        Ok(Decoded { consumed, done: false })
    }

    fn find_size_line(&mut self, rest: &[u8], limits: &Limits) -> Result<Option<usize>, Error> {
        let line_bytes_max = SIZE_DIGITS_MAX + limits.chunk_extension_bytes_max - self.extension_bytes;
        let length = line::find_end(rest, &mut self.scanned, |length| {
            if length > line_bytes_max { Err(Error::ChunkExtension) } else { Ok(()) }
        })?;
        if length.is_some() {
            self.scanned = 0;
        }
        Ok(length)
    }

    fn find_trailer_line(&mut self, rest: &[u8], limits: &Limits) -> Result<Option<usize>, Error> {
        let left = limits.trailer_bytes_max - self.trailer_bytes;
        let length = line::find_end(rest, &mut self.scanned, |length| {
            if length > 0 && length + END_BYTES > left { Err(Error::TrailersTooLarge) } else { Ok(()) }
        })?;
        if length.is_some() {
            self.scanned = 0;
        }
        Ok(length)
    }

    /// Reads `1*HEXDIG *( ";" extension )`. The grammar's white space around `;` and `=` is one
    /// that no sender may produce, and is refused.
    fn read_size_line(&mut self, line: &[u8], limits: &Limits) -> Result<usize, Error> {
        work::note(line.len());
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if digits == 0 || digits > SIZE_DIGITS_MAX {
            return Err(Error::Chunk);
        }
        let (digits, extensions) = line.split_at(digits);
        if !extensions.is_empty() && extensions[0] != b';' {
            return Err(Error::Chunk);
        }
        self.extension_bytes += extensions.len();
        if self.extension_bytes > limits.chunk_extension_bytes_max || !are_extensions(extensions) {
            return Err(Error::ChunkExtension);
        }
        let size = digits.iter().fold(0_u64, |size, digit| size << 4 | u64::from(hex_value(*digit)));
        usize::try_from(size).map_err(|_| Error::BodyTooLarge)
    }
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

/// Whether `rest` is `*( ";" name [ "=" value ] )`, a value being a token or a quoted string.
fn are_extensions(mut rest: &[u8]) -> bool {
    let token_length = |bytes: &[u8]| bytes.iter().take_while(|byte| field::is_token(&[**byte])).count();
    while let [b';', tail @ ..] = rest {
        let name = token_length(tail);
        if name == 0 {
            return false;
        }
        rest = &tail[name..];
        if let [b'=', tail @ ..] = rest {
            let value = if tail.first() == Some(&b'"') { quoted_length(tail) } else { token_length(tail) };
            if value == 0 {
                return false;
            }
            rest = &tail[value..];
        }
    }
    rest.is_empty()
}

/// How long the quoted string at the front is, its quotes included; 0 where there is no whole one.
fn quoted_length(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (at, &byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if !byte::is(byte, byte::VALUE) => return 0,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    0
}

/// Appends `data` to `out` as one chunk. An empty chunk would end the body, so nothing is appended
/// for empty data.
pub fn encode_chunk(data: &[u8], out: &mut Vec<u8>) {
    if !data.is_empty() {
        out.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
        out.extend_from_slice(data);
        out.extend_from_slice(b"\r\n");
    }
}

/// What follows the last chunk.
pub const END: &[u8] = b"0\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::{Decoder, END, encode_chunk};
    use crate::{Error, Limits};

    const LIMITS: Limits = Limits {
        request_line_bytes_max: 0,
        head_bytes_max: 0,
        fields_max: 0,
        body_bytes_max: 32,
        chunk_extension_bytes_max: 8,
        trailer_bytes_max: 12,
    };

    /// Decodes whole and byte by byte, holds the two equal, and returns the body and what is left.
    fn decode(coded: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Error> {
        let mut body = Vec::new();
        let whole = Decoder::new()
            .decode(coded, &mut body, &LIMITS)
            .map(|step| step.done.then(|| (body, coded.len() - step.consumed)));

        let mut decoder = Decoder::new();
        let (mut body, mut consumed, mut split) = (Vec::new(), 0, Ok(None));
        for end in 0..=coded.len() {
            match decoder.decode(&coded[consumed..end], &mut body, &LIMITS) {
                Ok(step) => consumed += step.consumed,
                Err(error) => split = Err(error),
            }
            if split.is_err() {
                break;
            }
            if coded[..consumed].ends_with(b"\r\n\r\n") && decoder.state == super::State::Trailer {
                split = Ok(Some((body, coded.len() - consumed)));
                break;
            }
        }
        assert_eq!(whole, split, "split invariance on {}", coded.escape_ascii());
        whole
    }

    fn body(coded: &[u8]) -> Vec<u8> {
        decode(coded).expect("well-formed").expect("whole").0
    }

    #[test]
    fn chunks_are_joined() {
        assert_eq!(body(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), b"hello world");
        assert_eq!(body(b"A\r\n0123456789\r\n000\r\n\r\n"), b"0123456789");
        assert_eq!(decode(b"0\r\n\r\nGET"), Ok(Some((vec![], 3))));
    }

    #[test]
    fn what_was_encoded_decodes_to_the_same() {
        let mut coded = Vec::new();
        for part in [&b"a"[..], b"", b"seventeen letters"] {
            encode_chunk(part, &mut coded);
        }
        coded.extend_from_slice(END);
        assert_eq!(body(&coded), b"aseventeen letters");
    }

    #[test]
    fn a_size_is_plain_hexadecimal() {
        for coded in
            ["0x5\r\n", "+5\r\n", "-5\r\n", "5_0\r\n", " 5\r\n", "5 \r\n", "\r\n", "g\r\n", "5 ;a\r\n"]
        {
            assert_eq!(decode(coded.as_bytes()), Err(Error::Chunk), "{coded}");
        }
        assert_eq!(decode(b"10000000000000005\r\n"), Err(Error::Chunk));
        assert_eq!(decode(b"ffffffffffffffff\r\n"), Err(Error::BodyTooLarge));
    }

    #[test]
    fn data_ends_where_its_size_says() {
        assert_eq!(decode(b"3\r\nabcd\r\n0\r\n\r\n"), Err(Error::Chunk));
        assert_eq!(decode(b"3\r\nabc\n0\r\n\r\n"), Err(Error::Chunk));
        assert_eq!(decode(b"3\n"), Err(Error::BareLineEnd));
    }

    #[test]
    fn well_formed_extensions_are_ignored_and_others_are_not() {
        assert_eq!(body(b"1;a=b\r\nx\r\n0\r\n\r\n"), b"x");
        assert_eq!(body(b"1;a=\"; \"\r\nx\r\n0\r\n\r\n"), b"x");
        for coded in ["1;\r\n", "1;a=\r\n", "1;;a\r\n", "1;a=\"b\r\n", "1; a\r\n", "1;a\0\r\n"] {
            assert_eq!(decode(coded.as_bytes()), Err(Error::ChunkExtension), "{coded}");
        }
    }

    #[test]
    fn extensions_are_bounded_over_the_whole_body() {
        assert_eq!(body(b"1;abc\r\nx\r\n1;abc\r\nx\r\n0\r\n\r\n"), b"xx");
        assert_eq!(decode(b"1;abc\r\nx\r\n1;abcd\r\n"), Err(Error::ChunkExtension));
    }

    #[test]
    fn trailers_are_checked_bounded_and_dropped() {
        assert_eq!(body(b"1\r\nx\r\n0\r\nA: 1234567\r\n\r\n").len(), 1);
        assert_eq!(decode(b"0\r\nA: 12345678\r\n\r\n"), Err(Error::TrailersTooLarge));
        assert_eq!(decode(b"0\r\nA b\r\n\r\n"), Err(Error::FieldLine));
    }

    #[test]
    fn the_body_limit_is_exact() {
        let coded = |n: usize| format!("{n:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(n)).into_bytes();
        assert_eq!(body(&coded(32)).len(), 32);
        assert_eq!(decode(&coded(33)), Err(Error::BodyTooLarge));
    }
}
