//! Both parsers on the bytes of a connection.

#[path = "../../http1/tests/properties/drive.rs"]
mod drive;
#[path = "../../http1/tests/properties/hold.rs"]
mod hold;

use crate::script::Script;

pub(crate) use drive::LIMITS;

/// Holds every property of the parsers on what `input` has as a [`Script`]. That they neither panic nor
/// go round in circles is seen on the way.
pub fn check(input: &[u8]) {
    let Script { choice, cuts, bytes } = Script::read(input);
    hold::splits_change_nothing(bytes, &cuts);
    hold::the_parsers_agree(bytes, &cuts);
    for cut in &cuts {
        hold::more_bytes_change_nothing(bytes, *cut);
    }
    hold::httparse_accepts_it_too(bytes);
    hold::every_request_starts_anew(bytes, choice.into());
}
