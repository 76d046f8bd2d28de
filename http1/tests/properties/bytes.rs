//! Properties 1, 2, 3, 5 and 6: what must hold for the parsers whatever comes.

use proptest::prelude::*;

use crate::drive::{LIMITS, PARSERS};
use crate::generate::{anything, limits, message, messages, offsets};
use crate::hold;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// 1: no panic, no endless loop, no read out of bounds. That the loop ends, and why, is asserted
    /// where it is, in `drive.rs`.
    #[test]
    fn any_bytes_are_parsed_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..1_000)) {
        for parse in PARSERS {
            parse(&[&bytes], LIMITS);
        }
    }

    /// 1, nearer to what is accepted.
    #[test]
    fn what_is_nearly_a_request_is_parsed_to_an_end(bytes in anything()) {
        for parse in PARSERS {
            parse(&[&bytes], LIMITS);
        }
    }

    /// 2: any chunking gives the same requests, error and consumed offsets.
    #[test]
    fn splits_change_nothing(bytes in anything(), offsets in offsets(), limits in limits()) {
        hold::splits_change_nothing(&bytes, &offsets, limits);
    }

    /// 3: a complete request ignores what follows it; an error never becomes a success with more bytes.
    #[test]
    fn more_bytes_change_nothing(bytes in anything(), offset in 0_usize..500, limits in limits()) {
        hold::more_bytes_change_nothing(&bytes, offset, limits);
    }

    /// 5: the two parsers agree, field by field, error by error.
    #[test]
    fn the_parsers_agree(bytes in anything(), offsets in offsets(), limits in limits()) {
        hold::the_parsers_agree(&bytes, &offsets, limits);
    }

    /// 5: what we accept, httparse accepts.
    #[test]
    fn httparse_accepts_it_too(bytes in messages()) {
        hold::httparse_accepts_it_too(&bytes, LIMITS);
    }

    /// 6: parse(A followed by B) = parse(A), then parse(B).
    #[test]
    fn two_messages_are_parsed_as_each_alone(first in message(), second in anything()) {
        hold::every_request_starts_anew(&[first, second].concat(), 0, LIMITS);
    }

    /// 6, behind the same bytes: a parser that remembers what it has read learns nothing wrong from it.
    #[test]
    fn a_message_is_parsed_alike_each_time(
        message in message(),
        other in anything(),
        offsets in offsets(),
        limits in limits(),
    ) {
        let again = [&message[..], &message, &other, &message, &message, &other].concat();
        hold::every_request_starts_anew(&again, 0, limits);
        hold::every_request_starts_anew(&again, 1, limits);
        hold::the_parsers_agree(&again, &offsets, limits);
        hold::splits_change_nothing(&again, &offsets, limits);
    }

    /// 6, behind any request of several.
    #[test]
    fn every_request_starts_anew(bytes in messages(), index in 0_usize..8) {
        hold::every_request_starts_anew(&bytes, index, LIMITS);
    }
}
