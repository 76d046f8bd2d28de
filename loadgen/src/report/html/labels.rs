//! Names at the ends of their lines, moved apart where they would cover each other.

use plotters::style::text_anchor::HPos;

use super::frame::{Canvas, Drawn, text_width};
use super::paint::Role;

/// Units on the right that names take.
pub(super) const ROOM: u32 = 128;
/// From the end of a line to its name.
const LEADER: i32 = 18;
/// A name's height with a little air.
const LINE_HEIGHT: i32 = 17;

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
    let room = f64::from(ROOM) - f64::from(LEADER);
    let fits = |text: &str| text_width(text) <= room;
    if fits(&short) {
        return short;
    }
    let mut cut = short;
    while !cut.is_empty() && !fits(&format!("{cut}…")) {
        cut.pop();
    }
    cut + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

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
