//! What a byte may be part of: looked up in a table, because every byte of a head is asked.

/// Bytes of a token: a method, a field name, a coding (RFC 9110, section 5.6.2).
pub(crate) const TOKEN: u8 = 1;
/// Bytes of a field value: visible ASCII, space, tab and those above ASCII.
pub(crate) const VALUE: u8 = 1 << 1;
/// Letters, digits and marks of RFC 3986, its `unreserved` and `sub-delims`.
pub(crate) const NAME: u8 = 1 << 2;
/// Bytes of a target: visible ASCII but for '#', which would start a fragment. That is the client's own
/// business and never sent.
pub(crate) const TARGET: u8 = 1 << 3;

/// Whether a byte is of the class.
pub(crate) fn is(byte: u8, class: u8) -> bool {
    CLASSES[byte as usize] & class != 0
}

/// Whether all `bytes` are of the class; none are.
pub(crate) fn all(bytes: &[u8], class: u8) -> bool {
    // Without a branch for each byte: nearly all are what they should be.
    bytes.iter().fold(class, |common, &byte| common & CLASSES[byte as usize]) != 0
}

/// The classes of each byte.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        let is_visible = byte.is_ascii_graphic();
        let is_alphanumeric = byte.is_ascii_alphanumeric();
        let mut class = 0;
        if is_alphanumeric || is_one_of(byte, b"!#$%&'*+-.^_`|~") {
            class |= TOKEN;
        }
        if byte == b'\t' || (byte >= b' ' && byte != 0x7f) {
            class |= VALUE;
        }
        if is_alphanumeric || is_one_of(byte, b"-._~!$&'()*+,;=") {
            class |= NAME;
        }
        if is_visible && byte != b'#' {
            class |= TARGET;
        }
        classes[byte as usize] = class;
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

const fn is_one_of(byte: u8, marks: &[u8]) -> bool {
    let mut index = 0;
    while index < marks.len() {
        if marks[index] == byte {
            return true;
        }
        index += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{NAME, TARGET, TOKEN, VALUE, all, is};

    /// All bytes of a class.
    fn members(class: u8) -> Vec<u8> {
        (0..=u8::MAX).filter(|&byte| is(byte, class)).collect()
    }

    #[test]
    fn the_classes_are_those_of_the_grammars() {
        let alphanumeric = 2 * 26 + 10;
        assert_eq!(members(TOKEN).len(), alphanumeric + 15);
        assert_eq!(members(NAME).len(), alphanumeric + 15);
        assert_eq!(members(VALUE).len(), 256 - 32 - 1 + 1);
        assert_eq!(members(TARGET).len(), 94 - 1);
        assert!(all(b"", TOKEN) && all(b"x-y", TOKEN) && !all(b"x y", TOKEN) && !all(b"x/y", TOKEN));
        assert!(all(b"a b\t\xff", VALUE) && !all(b"a\0", VALUE) && !all(b"a\x7f", VALUE));
        assert!(all(b"a.b", NAME) && !all(b"a%41", NAME) && !all(b"a:1", NAME));
        assert!(all(b"/a?b=%41", TARGET) && !all(b"/a#b", TARGET) && !all(b"/\xff", TARGET));
    }
}
