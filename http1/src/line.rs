//! Where a line ends.

use memchr::memchr2;

use crate::{Error, work};

/// Looks for the CRLF that ends the line at the front of `bytes`. Returns how long the line is
/// without it, or `None` while it has not come.
///
/// `scanned` is how far earlier calls have looked, so that bytes which come one by one are looked
/// at once each; the caller sets it to 0 for the next line.
///
/// `judge` is given a number of bytes that the line has at least and may refuse it as too long. It
/// is asked before the line's end is looked at, so that the first fault by position wins however
/// the bytes were split.
///
/// # Errors
/// What `judge` says, or [`Error::BareLineEnd`] for a CR or LF alone.
pub(crate) fn find_end(
    bytes: &[u8],
    scanned: &mut usize,
    judge: impl Fn(usize) -> Result<(), Error>,
) -> Result<Option<usize>, Error> {
    let before = *scanned;
    let length = memchr2(b'\r', b'\n', &bytes[*scanned..]).map_or(bytes.len(), |found| *scanned + found);
    *scanned = length;
    work::note(length - before + 1);
    judge(length)?;
    match (bytes.get(length), bytes.get(length + 1)) {
        (None, _) | (Some(b'\r'), None) => Ok(None),
        (Some(b'\r'), Some(b'\n')) => Ok(Some(length)),
        _ => Err(Error::BareLineEnd),
    }
}

/// The bytes that a line's CRLF takes.
pub(crate) const END_BYTES: usize = 2;
