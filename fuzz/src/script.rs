//! An input that is bytes and the places where they are cut.

/// Bytes as they come on a connection, and where they are cut into pieces.
///
/// As an input it is one number that the target is free to use, the number of cuts, two bytes for the
/// place of each, and the rest is what comes. A mutation of any of these is a script again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script<'a> {
    /// What the target chooses by.
    pub choice: u8,
    /// Offsets into `bytes`.
    pub cuts: Vec<usize>,
    /// All that comes.
    pub bytes: &'a [u8],
}

/// More cuts than this make an input longer and show nothing new.
pub const CUTS_MAX: usize = 7;

impl<'a> Script<'a> {
    /// Reads a script; any input is one.
    pub fn read(input: &'a [u8]) -> Self {
        let [choice, count, rest @ ..] = input else { return Self::default() };
        let count = usize::from(*count) % (CUTS_MAX + 1);
        let (places, bytes) = rest.split_at((2 * count).min(rest.len()));
        let places = places.chunks_exact(2).map(|place| usize::from(place[0]) << 8 | usize::from(place[1]));
        // Behind the end, or for no bytes at all, there is nothing to cut.
        let cuts = places.map(|place| place % bytes.len().max(1)).collect();
        Self { choice: *choice, cuts, bytes }
    }

    /// The bytes, cut.
    pub fn pieces(&self) -> Vec<&'a [u8]> {
        let mut cuts = self.cuts.clone();
        cuts.sort_unstable();
        cuts.push(self.bytes.len());
        let mut start = 0;
        cuts.into_iter().map(|end| &self.bytes[std::mem::replace(&mut start, end)..end]).collect()
    }

    /// The input that is read as this script.
    ///
    /// # Panics
    /// If there are more cuts than [`CUTS_MAX`], or one is no place in the bytes.
    pub fn write(&self) -> Vec<u8> {
        assert!(self.cuts.len() <= CUTS_MAX, "{} cuts", self.cuts.len());
        let count = u8::try_from(self.cuts.len()).expect("a few");
        let mut input = vec![self.choice, count];
        for cut in &self.cuts {
            assert!(*cut < self.bytes.len().max(1), "a cut at {cut} of {}", self.bytes.len());
            input.extend_from_slice(&u16::try_from(*cut).expect("within 64 KiB").to_be_bytes());
        }
        input.extend_from_slice(self.bytes);
        input
    }
}

#[cfg(test)]
mod tests {
    use super::Script;

    #[test]
    fn what_was_written_is_read() {
        let script = Script { choice: 3, cuts: vec![1, 299], bytes: &[b'x'; 300] };
        assert_eq!(Script::read(&script.write()), script);
    }

    #[test]
    fn any_bytes_are_a_script() {
        for input in [&b""[..], b"a", b"ab", b"\0\x07abc", b"\xff\xff\xff\xff"] {
            let script = Script::read(input);
            assert!(script.cuts.iter().all(|cut| *cut < script.bytes.len().max(1)), "{script:?}");
        }
    }
}
