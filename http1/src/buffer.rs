//! Bytes that arrived and were not yet used.

use crate::work;

/// A buffer that a socket fills at the back and a parser empties from the front.
///
/// It has no upper bound of its own: whoever fills it parses in between, and the parsers answer
/// with an error before more than a head, or for [`crate::zerocopy`] a head and a body, of the
/// largest accepted size has piled up. At most one read's worth of later bytes stands behind that.
#[derive(Debug)]
pub struct Buffer {
    /// Initialised in full, so that a socket can be read straight into it.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// What [`Buffer::new`] starts with: an ordinary request fits, and so do 40 pipelined small ones.
    pub const CAPACITY_BYTES: usize = 4 * 1024;

    /// An empty buffer of [`Buffer::CAPACITY_BYTES`].
    pub fn new() -> Self {
        Self::with_capacity(Self::CAPACITY_BYTES)
    }

    /// An empty buffer with room for `capacity` bytes, at least one.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: vec![0; capacity.max(1)], start: 0, end: 0 }
    }

    /// The bytes that arrived and were not yet consumed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Whether [`Buffer::bytes`] is empty.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Room to read into, never empty: full buffers move their bytes to the front or grow.
    pub fn space(&mut self) -> &mut [u8] {
        let capacity = self.bytes.len();
        // Before the room behind the bytes is too small for a read that is worth its system call.
        if self.start > 0 && capacity - self.end < capacity / 4 {
            work::note(self.end - self.start);
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        } else if self.end == capacity {
            work::note(2 * capacity);
            self.bytes.resize(capacity * 2, 0);
        }
        &mut self.bytes[self.end..]
    }

    /// Says that the first `n` bytes of [`Buffer::space`] were filled.
    ///
    /// # Panics
    /// If `n` is more than that space.
    pub fn filled(&mut self, n: usize) {
        assert!(n <= self.bytes.len() - self.end, "more bytes filled than there was space");
        self.end += n;
    }

    /// Copies `bytes` to the back, growing as needed.
    pub fn extend(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = self.space();
            let n = space.len().min(bytes.len());
            work::note(n);
            space[..n].copy_from_slice(&bytes[..n]);
            self.filled(n);
            bytes = &bytes[n..];
        }
    }

    /// Drops the first `n` bytes.
    ///
    /// # Panics
    /// If `n` is more than there are.
    pub fn consume(&mut self, n: usize) {
        assert!(n <= self.end - self.start, "more bytes consumed than there were");
        self.start += n;
        if self.start == self.end {
            self.clear();
        }
    }

    /// Drops the `n` bytes that stand `at` bytes behind the front, and keeps those before them.
    ///
    /// # Panics
    /// If there are fewer than `at + n`.
    pub fn remove(&mut self, at: usize, n: usize) {
        let from = self.start + at;
        assert!(from + n <= self.end, "more bytes removed than there were");
        // A line that comes byte by byte removes nothing each time, and must not be moved each time.
        if n > 0 {
            work::note(self.end - (from + n));
            self.bytes.copy_within(from + n..self.end, from);
            self.end -= n;
        }
    }

    /// Drops all bytes and keeps the capacity.
    pub fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Bytes of memory that it holds on to.
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Buffer;

    #[test]
    fn what_is_put_in_at_the_back_comes_out_at_the_front() {
        let mut buffer = Buffer::with_capacity(4);
        buffer.extend(b"abcdefg");
        buffer.consume(2);
        buffer.extend(b"h");
        assert_eq!(buffer.bytes(), b"cdefgh");
    }

    #[test]
    fn a_full_buffer_reuses_its_front_before_it_grows() {
        let mut buffer = Buffer::with_capacity(4);
        buffer.extend(b"abcd");
        buffer.consume(3);
        assert_eq!(buffer.space().len(), 3);
        assert_eq!((buffer.bytes(), buffer.capacity()), (&b"d"[..], 4));
    }

    #[test]
    fn bytes_are_removed_from_the_middle() {
        let mut buffer = Buffer::new();
        buffer.extend(b"xabcdef");
        buffer.consume(1);
        buffer.remove(2, 3);
        assert_eq!(buffer.bytes(), b"abf");
    }
}
