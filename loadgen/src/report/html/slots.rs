//! Pictures with a slot for each server: its name and its number on one line, something drawn below it.
//!
//! Names above what they name leave the whole width to the numbers, on a phone, too.

use plotters::style::text_anchor::HPos;

use super::axis::Axis;
use super::frame::{Canvas, Drawn, Margins, draw};
use super::paint::Role;

/// Units down for each slot.
const SLOT_HEIGHT: u32 = 44;
/// Below the last slot: the axis, its labels and its unit.
const AXIS_HEIGHT: u32 = 56;
/// On the left and the right, half of what a label at the end of an axis takes.
const MARGINS: Margins = Margins { left: 24, right: 24, labels: 0 };
/// Where in its slot a bar begins and ends, from the bottom, of 1.
pub(super) const BAR: (f64, f64) = (0.10, 0.48);

/// A slot's words.
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) value: String,
}

/// Draws `content` into each slot, which is told the height that its slot begins at.
pub(super) fn slots(
    slots: &[Slot],
    axis: Axis,
    unit: &str,
    mut content: impl FnMut(&mut Canvas<'_, '_>, usize, f64) -> Drawn,
) -> String {
    let count = u32::try_from(slots.len()).unwrap_or(u32::MAX);
    let (low, high) = (axis.low(), axis.high());
    let y = Axis::blank(0.0, f64::from(count.max(1)));
    draw(count * SLOT_HEIGHT + AXIS_HEIGHT, MARGINS, (axis, unit), y, |canvas| {
        for (index, slot) in slots.iter().enumerate() {
            let bottom = (slots.len() - 1 - index) as f64;
            let middle_of_words = bottom + 0.72;
            canvas.words(&slot.name, (low, middle_of_words), (0, 0), HPos::Left, Role::Text)?;
            canvas.words(&slot.value, (high, middle_of_words), (0, 0), HPos::Right, Role::Text)?;
            content(canvas, index, bottom)?;
        }
        Ok(())
    })
}
