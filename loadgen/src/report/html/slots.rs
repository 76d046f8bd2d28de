//! Pictures with a slot for each server: its name and its number on one line, something drawn below it.
//!
//! Names above what they name leave the whole width to the numbers, on a phone, too.

use plotters::style::text_anchor::HPos;

use super::axis::Axis;
use super::frame::{Canvas, Drawn, Margins, WIDTH, draw, text_width};
use super::paint::Role;

/// Units down for each slot.
const SLOT_HEIGHT: u32 = 44;
/// The same where the number has a line of its own.
const TALL_SLOT_HEIGHT: u32 = 62;
/// Below the last slot: the axis, its labels and its unit.
const AXIS_HEIGHT: u32 = 56;
/// On the left and the right, half of what a label at the end of an axis takes.
const MARGINS: Margins = Margins { left: 24, right: 24, labels: 0 };
/// Between a name and its number.
const GAP: f64 = 8.0;
/// Where in its slot a bar begins and ends, from the bottom, in heights of a slot with one line.
pub(super) const BAR: (f64, f64) = (0.10, 0.48);
/// Where the words above it are.
const FIRST_LINE: f64 = 0.72;
/// Where they go on above that.
const SECOND_LINE: f64 = 1.13;

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
    let room = f64::from(WIDTH - MARGINS.left - MARGINS.right);
    // All slots of a picture are alike: a name that leaves no room for its number moves all numbers below.
    let tall = slots.iter().any(|slot| text_width(&slot.name) + GAP + text_width(&slot.value) > room);
    let slot_height = if tall { TALL_SLOT_HEIGHT } else { SLOT_HEIGHT };
    let height_of_slot = f64::from(slot_height) / f64::from(SLOT_HEIGHT);
    let (low, high) = (axis.low(), axis.high());
    let y = Axis::blank(0.0, f64::from(count.max(1)) * height_of_slot);
    draw(count * slot_height + AXIS_HEIGHT, MARGINS, (axis, unit), y, |canvas| {
        for (index, slot) in slots.iter().enumerate() {
            let bottom = (slots.len() - 1 - index) as f64 * height_of_slot;
            let name = cut(&slot.name, room);
            let (name_at, value_at, side) = if tall {
                ((low, bottom + SECOND_LINE), (low, bottom + FIRST_LINE), HPos::Left)
            } else {
                ((low, bottom + FIRST_LINE), (high, bottom + FIRST_LINE), HPos::Right)
            };
            canvas.words(&name, name_at, (0, 0), HPos::Left, Role::Text)?;
            canvas.words(&slot.value, value_at, (0, 0), side, Role::Text)?;
            content(canvas, index, bottom)?;
        }
        Ok(())
    })
}

/// As much of `text` as there is room for.
pub(super) fn cut(text: &str, room: f64) -> String {
    if text_width(text) <= room {
        return text.to_owned();
    }
    let mut cut = text.to_owned();
    while !cut.is_empty() && text_width(&format!("{cut}…")) > room {
        cut.pop();
    }
    cut + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(name: &str) -> String {
        let slot = Slot { name: name.into(), value: "24.9 µs = 1.8 + 23.1".into() };
        slots(&[slot], Axis::linear(1.0, |_| String::new()), "µs", |_, _, _| Ok(()))
    }

    /// The heights at which a text is written.
    fn height(svg: &str, text: &str) -> i32 {
        let element = svg.split("<text").find(|element| element.contains(text)).expect("it is written");
        let y = element.split_once("y=\"").and_then(|(_, rest)| rest.split('"').next()).expect("a place");
        y.parse().expect("a number")
    }

    #[test]
    fn a_name_and_its_number_share_a_line_while_there_is_room() {
        let short = drawn("nginx");
        assert_eq!(height(&short, "nginx"), height(&short, "24.9"));
        let name = "a-name-of-forty-characters-and-not-less-";
        let long = drawn(name);
        assert!(height(&long, name) + 14 < height(&long, "24.9"), "the number is below: {long}");
    }

    #[test]
    fn a_name_that_is_longer_than_a_line_is_cut() {
        let name = cut(&"n".repeat(100), 432.0);
        assert!(name.ends_with('…') && text_width(&name) <= 432.0, "{name}");
        assert_eq!(cut("nginx", 432.0), "nginx");
    }
}
