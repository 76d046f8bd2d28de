//! Heads that are the same bytes as the last one say the same, so they need no parser.

use super::head::{self, Head};
use super::response::Malformed;

/// Longer heads are parsed each time: comparing is for the usual ones.
const REMEMBERED_BYTES_MAX: usize = 1_024;

/// Parses heads and remembers the last one.
///
/// Servers repeat themselves: on a connection most heads differ only when the Date does, once a second.
/// Every byte is still looked at; a head of which one differs goes to the parser.
#[derive(Debug, Default)]
pub(super) struct KnownHead {
    bytes: Vec<u8>,
    head: Option<Head>,
}

impl KnownHead {
    /// What [`head::parse`] says of the front of `bytes`.
    pub(super) fn parse(&mut self, bytes: &[u8], to_head: bool) -> Result<Option<(Head, usize)>, Malformed> {
        // A head ends with its empty line, so what follows these bytes can't change what they say.
        if let Some(head) = self.head
            && bytes.starts_with(&self.bytes)
        {
            return Ok(Some((head, self.bytes.len())));
        }
        let parsed = head::parse(bytes, to_head)?;
        if let Some((head, length)) = parsed
            && length <= REMEMBERED_BYTES_MAX
        {
            self.bytes.clear();
            self.bytes.extend_from_slice(&bytes[..length]);
            self.head = Some(head);
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        let pieces = [
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 404 No\r\n",
            "Content-Length: 1\r\n",
            "Date: x\r\n",
            "\r\n",
            "!",
        ];
        prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..6).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn it_says_what_the_parser_says_whatever_came_before(texts in prop::collection::vec(text(), 1..8)) {
            let mut known = KnownHead::default();
            for text in texts {
                prop_assert_eq!(known.parse(text.as_bytes(), false), head::parse(text.as_bytes(), false));
            }
        }
    }

    #[test]
    fn a_head_that_goes_on_where_the_last_one_ended_is_another_one() {
        let mut known = KnownHead::default();
        let short = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";
        let long = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n";
        assert!(known.parse(short, false).unwrap().unwrap().0.keep_alive);
        assert!(!known.parse(long, false).unwrap().unwrap().0.keep_alive);
        assert_eq!(known.parse(&short[..20], false), Ok(None));
    }
}
