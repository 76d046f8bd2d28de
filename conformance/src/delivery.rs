//! The same bytes in other pieces. TCP keeps no boundaries, so no server may see a difference.

use std::fmt;

use crate::case::Step;

/// Largest request that is sent byte by byte and split at every point, in bytes.
pub const EVERY_POINT_BYTES_MAX: usize = 512;
/// Points at which a larger request is split.
pub const SPLIT_POINTS_MAX: usize = 48;
/// Largest request that is sent byte by byte; a megabyte would be a million system calls.
pub const BYTE_BY_BYTE_MAX: usize = 10 * 1024;

/// How a case's bytes are cut into writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A write for each step.
    Whole,
    /// A write for each byte.
    ByteByByte,
    /// One cut, so many bytes into all that the case sends.
    SplitAt(usize),
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("in one piece"),
            Self::ByteByByte => f.write_str("byte by byte"),
            Self::SplitAt(point) => write!(f, "split after byte {point}"),
        }
    }
}

impl Delivery {
    /// The pieces of one step's bytes, which follow `before` bytes of earlier steps.
    pub(crate) fn pieces(self, bytes: &[u8], before: usize) -> Vec<&[u8]> {
        match self {
            Self::SplitAt(point) if before < point && point < before + bytes.len() => {
                let (first, second) = bytes.split_at(point - before);
                vec![first, second]
            }
            Self::ByteByByte => bytes.chunks(1).collect(),
            Self::Whole | Self::SplitAt(_) => vec![bytes],
        }
    }
}

/// The deliveries worth trying besides [`Delivery::Whole`] for a case with these steps.
pub(crate) fn others(steps: &[Step]) -> Vec<Delivery> {
    let sends =
        || steps.iter().filter_map(|step| if let Step::Send(bytes) = step { Some(&bytes[..]) } else { None });
    let bytes = sends().flatten().copied().collect::<Vec<u8>>();
    let mut deliveries = Vec::new();
    if (2..=BYTE_BY_BYTE_MAX).contains(&bytes.len()) {
        deliveries.push(Delivery::ByteByByte);
    }
    deliveries.extend(split_points(&bytes).into_iter().map(Delivery::SplitAt));
    deliveries
}

/// Every point of a short request. Of a long one: those around its first line ends and the end of its
/// head, where parsers have their seams, and then evenly spread ones.
fn split_points(bytes: &[u8]) -> Vec<usize> {
    let inner = 1..bytes.len().max(1);
    if bytes.len() <= EVERY_POINT_BYTES_MAX {
        return inner.collect();
    }
    let head_end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(0);
    let first_end = bytes.windows(2).position(|window| window == b"\r\n").unwrap_or(0);
    let seams = (first_end..first_end + 4).chain(head_end..head_end + 6).chain(bytes.len() - 3..bytes.len());
    let even = (1..SPLIT_POINTS_MAX).map(|index| index * bytes.len() / SPLIT_POINTS_MAX);
    let mut points: Vec<usize> =
        seams.filter(|point| inner.contains(point)).take(SPLIT_POINTS_MAX / 2).collect();
    points.extend(even.step_by(2));
    points.sort_unstable();
    points.dedup();
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(bytes: &[u8]) -> Vec<Step> {
        vec![Step::Send(bytes.to_vec())]
    }

    #[test]
    fn a_short_request_is_split_at_every_point() {
        let deliveries = others(&steps(b"abc"));
        assert_eq!(deliveries, [Delivery::ByteByByte, Delivery::SplitAt(1), Delivery::SplitAt(2)]);
    }

    #[test]
    fn nothing_and_a_single_byte_cannot_be_cut() {
        assert!(others(&steps(b"")).is_empty() && others(&steps(b"a")).is_empty());
    }

    #[test]
    fn a_long_request_is_split_at_a_bounded_number_of_points() {
        let deliveries = others(&steps(&[b"GET / HTTP/1.1\r\n\r\n", &vec![b'x'; 1 << 20][..]].concat()));
        assert!((20..=SPLIT_POINTS_MAX).contains(&deliveries.len()), "{}", deliveries.len());
        assert!(deliveries.contains(&Delivery::SplitAt(16)), "no split inside the empty line");
    }

    #[test]
    fn pieces_join_to_the_whole_and_only_the_step_with_the_point_is_cut() {
        assert_eq!(Delivery::SplitAt(4).pieces(b"abc", 0), [b"abc"]);
        assert_eq!(Delivery::SplitAt(4).pieces(b"def", 3), [&b"d"[..], b"ef"]);
        assert_eq!(Delivery::ByteByByte.pieces(b"def", 3).concat(), b"def");
    }
}
