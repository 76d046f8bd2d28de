//! Both parsers on the bytes of a connection.

#[path = "../../http1/tests/properties/drive.rs"]
mod drive;
#[path = "../../http1/tests/properties/hold.rs"]
mod hold;

use http1::Limits;

use crate::script::Script;

pub(crate) use drive::LIMITS;

/// Each of the six low bits of a choice makes one limit small, so that they meet in every way.
fn limits(choice: u8) -> Limits {
    let limit = |bit: u8, limit: usize| if choice >> bit & 1 == 0 { limit } else { limit / 4 };
    Limits {
        request_line_bytes_max: limit(0, LIMITS.request_line_bytes_max),
        head_bytes_max: limit(1, LIMITS.head_bytes_max),
        fields_max: limit(2, LIMITS.fields_max),
        body_bytes_max: limit(3, LIMITS.body_bytes_max),
        chunk_extension_bytes_max: limit(4, LIMITS.chunk_extension_bytes_max),
        trailer_bytes_max: limit(5, LIMITS.trailer_bytes_max),
    }
}

/// Holds every property of the parsers on what `input` has as a [`Script`]. That they neither panic nor
/// go round in circles is seen on the way.
pub fn check(input: &[u8]) {
    let Script { choice, cuts, bytes } = Script::read(input);
    let limits = limits(choice);
    hold::splits_change_nothing(bytes, &cuts, limits);
    hold::the_parsers_agree(bytes, &cuts, limits);
    if let Some(cut) = cuts.first() {
        hold::more_bytes_change_nothing(bytes, *cut, limits);
    }
    hold::httparse_accepts_it_too(bytes, limits);
    hold::every_request_starts_anew(bytes, usize::from(choice >> 6), limits);
}
