//! Raw bytes as text that a person can read and a shell can give back.

use std::fmt::Write as _;

/// Bytes shown from each end of a long message; a failure report must stay readable.
pub const SHOWN_BYTES: usize = 600;

/// Renders `bytes` with `\r`, `\n`, `\t`, `\\` and `\xNN` in place of what can't be printed, so that
/// `printf '%b'` sends the same bytes again. A long message keeps its first and last [`SHOWN_BYTES`].
pub fn escape(bytes: &[u8]) -> String {
    if bytes.len() <= 2 * SHOWN_BYTES {
        return escape_all(bytes);
    }
    let (head, tail) = (&bytes[..SHOWN_BYTES], &bytes[bytes.len() - SHOWN_BYTES..]);
    format!("{} […{} bytes…] {}", escape_all(head), bytes.len() - 2 * SHOWN_BYTES, escape_all(tail))
}

fn escape_all(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            0x20..=0x7e => text.push(char::from(byte)),
            _ => write!(text, "\\x{byte:02x}").expect("a String takes every write"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_printed_is_named() {
        assert_eq!(escape(b"GET /\\ \r\n\t\0\x7f\xc3"), "GET /\\\\ \\r\\n\\t\\x00\\x7f\\xc3");
    }

    #[test]
    fn a_long_message_keeps_both_ends() {
        let mut bytes = vec![b'a'; 2 * SHOWN_BYTES + 7];
        *bytes.last_mut().unwrap() = b'z';
        let text = escape(&bytes);
        assert!(text.starts_with("aaa") && text.ends_with("az") && text.contains("[…7 bytes…]"), "{text}");
    }
}
