//! Names at the ends of their lines, moved apart where they would cover each other.

use plotters::style::text_anchor::HPos;

use super::frame::{Canvas, Drawn, text_width};
use super::paint::Role;
use super::slots::cut;

/// Units on the right that names take.
pub(super) const ROOM: u32 = 168;
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

/// Names as short as the ends of lines allow, no two of them alike; the table beside the picture has them whole.
pub(super) fn short_names(names: &[&str]) -> Vec<String> {
    let room = f64::from(ROOM) - f64::from(LEADER);
    let choices: Vec<Vec<String>> = names.iter().map(|name| choices(name, room)).collect();
    // What another one might be called, too, tells nobody who it is.
    let is_plain = |own: usize, choice: &String| {
        text_width(choice) <= room
            && choices.iter().enumerate().all(|(other, theirs)| other == own || !theirs.contains(choice))
    };
    let mut short: Vec<String> = Vec::new();
    for (index, own) in choices.iter().enumerate() {
        let plain = own.iter().find(|choice| is_plain(index, choice));
        // As the last resort, the place in the table.
        let numbered = || {
            let number = format!(" #{}", index + 1);
            cut(&own[0], room - text_width(&number)) + &number
        };
        short.push(plain.cloned().unwrap_or_else(numbered));
    }
    short
}

/// What a server may be called, the best first.
fn choices(name: &str, room: f64) -> Vec<String> {
    let (whole, head, options) = match name.strip_prefix("phase").and_then(|rest| rest.split_once('-')) {
        // An option says more than the name of the phase that it belongs to.
        Some((number, rest)) => match rest.split_once(' ') {
            Some((_, options)) => (format!("{number} {options}"), format!("{number} "), options),
            None => (format!("{number} {rest}"), format!("{number} "), ""),
        },
        None => (name.to_owned(), String::new(), name.split_once(' ').map_or("", |(_, options)| options)),
    };
    let mut all = vec![whole.clone()];
    if let Some((_, last)) = options.rsplit_once("--") {
        // The options before it are what it has in common with others.
        all.extend([format!("{head}… --{last}"), format!("{head}… {last}")]);
        all.extend(last.split_once(' ').map(|(_, value)| format!("{head}… {value}")));
    }
    all.extend([cut(&whole, room), end(&whole, room)]);
    all
}

/// As much of the end of `text` as there is room for.
fn end(text: &str, room: f64) -> String {
    let ends = text.char_indices().map(|(index, _)| format!("…{}", &text[index..]));
    ends.skip(1).find(|end| text_width(end) <= room).unwrap_or_else(|| text.to_owned())
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
        let names = [
            "phase0-serial",
            "phase1-threads --spawn",
            "nginx",
            "phase4-keepalive --read-every-head",
            "phase4-keepalive --read-every-head --parser textbook",
            "phase4-keepalive --read-every-head --fresh-buffers",
        ];
        let short = [
            "0 serial",
            "1 --spawn",
            "nginx",
            "4 --read-every-head",
            "4 … parser textbook",
            "4 … --fresh-buffers",
        ];
        assert_eq!(short_names(&names), short);
    }

    #[test]
    fn names_that_are_too_long_are_cut_where_they_are_alike() {
        let long = |end: &str| format!("{}{end}", "w".repeat(70));
        let (first, second) = (long("0"), long("1"));
        let short = short_names(&[&first, &second, "another-of-just-forty-characters-and-more"]);
        assert!(short[0].starts_with('…') && short[0].ends_with("w0"), "{short:?}");
        assert!(short[1].ends_with("w1") && short[2].starts_with("another-of"), "{short:?}");
    }

    #[test]
    fn names_that_differ_in_their_middle_alone_are_told_by_their_places() {
        let long = |middle: &str| format!("{}{middle}{}", "a".repeat(40), "z".repeat(40));
        let short = short_names(&[&long("0"), &long("1")]);
        assert!(short[0].ends_with("… #1") && short[1].ends_with("… #2"), "{short:?}");
        assert!(
            short.iter().all(|name| text_width(name) <= f64::from(ROOM) - f64::from(LEADER)),
            "{short:?}"
        );
    }
}
