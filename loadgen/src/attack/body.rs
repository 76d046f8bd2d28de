//! The body of the request: text, a file, or what comes on standard input.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};

use super::AttackError;

/// Bytes of a body. All of it is held in memory, and sent again and again.
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of a chunk, where the body is sent in chunks: what programs that stream a body tend to write.
const CHUNK_BYTES: usize = 16 * 1024;
/// The file name that means standard input.
const STDIN: &str = "-";

/// The bytes that the `text` of a flag stands for: itself, or with an `@` before it a file's or standard input's.
pub(super) fn read(flag: &str, text: &str) -> Result<Vec<u8>, AttackError> {
    match text.strip_prefix('@') {
        None => Ok(text.as_bytes().to_vec()),
        Some(STDIN) => read_from(flag, text, "standard input", Ok(io::stdin().lock())),
        Some(file) => read_from(flag, text, &format!("{file:?}"), File::open(file)),
    }
}

fn read_from(
    flag: &str,
    text: &str,
    name: &str,
    source: io::Result<impl Read>,
) -> Result<Vec<u8>, AttackError> {
    let bad = |why: String| AttackError::Argument(format!("{flag} {text}: {why}"));
    let mut bytes = Vec::new();
    source
        .and_then(|source| source.take(BODY_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| bad(format!("can't read {name}: {error}")))?;
    if bytes.len() as u64 > BODY_BYTES_MAX {
        return Err(bad(format!("{name} holds more than {} MiB, which is the limit", BODY_BYTES_MAX >> 20)));
    }
    Ok(bytes)
}

/// `body` in the chunked transfer coding (RFC 9112 §7.1).
pub(super) fn chunked(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + body.len() / CHUNK_BYTES * 16 + 32);
    let mut size = String::new();
    for chunk in body.chunks(CHUNK_BYTES) {
        size.clear();
        let _ = write!(size, "{:x}\r\n", chunk.len());
        out.extend_from_slice(size.as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_the_text_or_what_the_file_holds() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"a\0b").unwrap();
        assert_eq!(read("-b", "text").unwrap(), b"text");
        assert_eq!(read("-b", &format!("@{}", file.path().display())).unwrap(), b"a\0b");
        let error = read("-b", "@/no/such/file").unwrap_err().to_string();
        assert!(error.starts_with("-b @/no/such/file: can't read"), "{error}");
    }

    #[test]
    fn a_file_without_end_is_refused() {
        let error = read("-b", "@/dev/zero").unwrap_err().to_string();
        assert!(error.contains("more than 64 MiB"), "{error}");
    }

    #[test]
    fn chunks_have_their_sizes_and_an_end() {
        assert_eq!(chunked(b"hello"), b"5\r\nhello\r\n0\r\n\r\n");
        assert_eq!(chunked(b""), b"0\r\n\r\n");
        let two = chunked(&vec![b'x'; CHUNK_BYTES + 1]);
        assert!(two.starts_with(b"4000\r\nx") && two.ends_with(b"\r\n1\r\nx\r\n0\r\n\r\n"));
    }
}
