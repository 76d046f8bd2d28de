//! A gate as files for people.

use super::outcome::Outcome;
use super::{markdown, page};
use crate::report::Drawing;

/// What a drawing of a gate is called in its folder.
pub(crate) fn file_name(drawing: Drawing) -> &'static str {
    match drawing {
        Drawing::Md => "gate.md",
        Drawing::Html => "gate.html",
    }
}

/// Draws it.
pub(crate) fn draw(drawing: Drawing, outcome: &Outcome) -> String {
    match drawing {
        Drawing::Md => markdown::markdown(outcome),
        Drawing::Html => page::html(outcome),
    }
}
