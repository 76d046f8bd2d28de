//! Names at the ends of their lines, moved apart where they would cover each other.

use plotters::style::text_anchor::HPos;

use super::frame::{Canvas, Drawn};
use super::paint::Role;
use super::slots::cut;

/// Units on the right that names take.
pub(super) const ROOM: u32 = 128;
/// From the end of a line to its name.
const LEADER: i32 = 18;
/// A name's height with a little air.
const LINE_HEIGHT: i32 = 17;
/// Above and below the names: the axis and its unit.
const AROUND: u32 = 70;

/// How high a picture is to be so that there is room for the names of all its lines.
pub(super) fn height(lines: usize, least: u32) -> u32 {
    let lines = u32::try_from(lines).unwrap_or(u32::MAX / 100);
    least.max(lines * LINE_HEIGHT.unsigned_abs() + AROUND)
}

/// A name and where its line ends.
pub(super) struct Label {
    pub(super) text: String,
    pub(super) role: Role,
    pub(super) at: (f64, f64),
}

/// Writes names beside `x`, each as near to the height of its line's end as the others allow.
pub(super) fn draw(canvas: &mut Canvas<'_, '_>, mut labels: Vec<Label>, x: f64, side: HPos) -> Drawn {
    labels.sort_by(|a, b| b.at.1.total_cmp(&a.at.1));
    let wanted: Vec<i32> = labels.iter().map(|label| canvas.pixel((x, label.at.1)).1).collect();
    let places = apart(&wanted, canvas.heights());
    for (label, (place, wanted)) in labels.iter().zip(places.into_iter().zip(wanted)) {
        let by = place - wanted;
        canvas.leader(label.at, (x, label.at.1), (LEADER - 4, by), label.role)?;
        canvas.words(&label.text, (x, label.at.1), (LEADER, by), side, label.role)?;
    }
    Ok(())
}

/// `wanted`, from the top, with a line's height between each two and all within `(top, bottom)`.
fn apart(wanted: &[i32], (top, bottom): (i32, i32)) -> Vec<i32> {
    let mut places = wanted.to_vec();
    let mut least = top;
    for place in &mut places {
        *place = (*place).max(least);
        least = *place + LINE_HEIGHT;
    }
    let mut most = bottom;
    for place in places.iter_mut().rev() {
        *place = (*place).min(most);
        most = *place - LINE_HEIGHT;
    }
    places
}

/// A server's name as short as a line's end allows; the table beside the picture has it whole.
pub(super) fn short_name(name: &str) -> String {
    let short = match name.strip_prefix("phase").and_then(|rest| rest.split_once('-')) {
        // An option says more than the name of the phase that it belongs to.
        Some((number, rest)) => match rest.split_once(' ') {
            Some((_, options)) => format!("{number} {options}"),
            None => format!("{number} {rest}"),
        },
        None => name.to_owned(),
    };
    cut(&short, f64::from(ROOM) - f64::from(LEADER))
}

#[cfg(test)]
mod tests {
    use super::super::axis::Axis;
    use super::super::frame::{self, Margins, WIDTH};
    use super::*;

    #[test]
    fn a_name_stands_clear_of_the_line_that_it_names() {
        let axis = || Axis::blank(0.0, 10.0);
        let margins = Margins { left: 4, right: ROOM, labels: 60 };
        let label = |text: &str, y| Label { text: text.into(), role: Role::Phase(1), at: (10.0, y) };
        let ends = vec![label("first", 5.0), label("second", 5.1)];
        let svg =
            frame::draw(200, margins, (axis(), "x"), axis(), |canvas| draw(canvas, ends, 10.0, HPos::Left));
        for name in ["first", "second"] {
            let element = svg.split("<text").find(|element| element.contains(name)).expect("it is written");
            let x = element.split_once("x=\"").and_then(|(_, rest)| rest.split('"').next()).expect("a place");
            let x: u32 = x.parse().expect("a number");
            assert!(x >= WIDTH - ROOM + 14, "{name} begins at {x}");
        }
    }

    #[test]
    fn names_that_would_cover_each_other_move_apart_and_stay_inside() {
        assert_eq!(apart(&[10, 12, 100], (0, 200)), [10, 27, 100]);
        assert_eq!(apart(&[195, 196], (0, 200)), [183, 200]);
    }

    #[test]
    fn names_are_short_and_still_tell_who_it_is() {
        assert_eq!(short_name("phase0-serial"), "0 serial");
        assert_eq!(short_name("phase1-threads --spawn"), "1 --spawn");
        let long = short_name("phase4-keepalive --parser textbook");
        assert!(long.starts_with("4 --parser") && long.ends_with('…'), "{long}");
        assert_eq!(short_name("nginx"), "nginx");
    }
}
