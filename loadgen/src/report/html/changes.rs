//! Upright lines where a level changed, with letters, and what each letter stands for.

use plotters::style::text_anchor::HPos;

use super::super::history::{Change, OfMachine, since, values};
use super::frame::{Canvas, Drawn, text_width};
use super::paint::Role;

/// Units between the lines of letters that would cover each other in one.
const ROW_HEIGHT: i32 = 16;
/// Beside a letter.
const GAP: f64 = 4.0;
/// Above how many lines of letters further ones start again.
const ROWS_MAX: usize = 3;

/// A line, and all that changed there.
pub(super) struct Mark<'a> {
    /// Which of the machine's runs, from 0.
    run: usize,
    letter: String,
    changes: Vec<&'a Change>,
}

/// The marks of a picture whose rows these are, from left to right.
pub(super) fn marks<'a>(machine: Option<&'a OfMachine>, scenario: &str, from: usize) -> Vec<Mark<'a>> {
    let mut marks: Vec<Mark<'a>> = Vec::new();
    let all = machine.into_iter().flat_map(|machine| &machine.changes);
    let mut all: Vec<&Change> =
        all.filter(|change| change.scenario == scenario && change.first_after.number > from).collect();
    all.sort_by_key(|change| change.first_after.number);
    for change in all {
        let run = change.first_after.number - 1;
        match marks.last_mut() {
            Some(mark) if mark.run == run => mark.changes.push(change),
            _ => marks.push(Mark { run, letter: letter(marks.len()), changes: vec![change] }),
        }
    }
    marks
}

/// A to Z, then numbers.
fn letter(index: usize) -> String {
    u8::try_from(index)
        .ok()
        .filter(|index| *index < 26)
        .map_or_else(|| (index + 1).to_string(), |index| char::from(b'A' + index).to_string())
}

/// Room that letters take above what is drawn, as a share of how high that is.
pub(super) fn room(marks: &[Mark<'_>]) -> f64 {
    if marks.is_empty() { 0.0 } else { 0.15 }
}

/// Draws them; a letter that would cover the one before it stands lower.
pub(super) fn draw(canvas: &mut Canvas<'_, '_>, marks: &[Mark<'_>], y: f64) -> Drawn {
    let (top, _) = canvas.heights();
    let mut ends = [f64::NEG_INFINITY; ROWS_MAX];
    for mark in marks {
        // Between the last run of the one level and the first of the other.
        let x = mark.run as f64 - 0.5;
        canvas.upright(x, Role::Muted)?;
        let (left, height) = canvas.pixel((x, y));
        let left = f64::from(left) + GAP;
        let row = ends.iter().position(|end| *end <= left).unwrap_or(0);
        ends[row] = left + text_width(&mark.letter) + GAP;
        #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a few")]
        let down = top + ROW_HEIGHT / 2 + ROW_HEIGHT * row as i32 - height;
        #[expect(clippy::cast_possible_truncation, reason = "a few")]
        canvas.words(&mark.letter, (x, y), (GAP as i32, down), HPos::Left, Role::Text)?;
    }
    Ok(())
}

/// What each letter stands for, in a sentence; `None` where there are none.
pub(super) fn words(marks: &[Mark<'_>]) -> Option<String> {
    let change = |change: &&Change| {
        format!("{}, {} {}, {}", change.row, change.metric.name(), values(change), since(change))
    };
    let each = marks.iter().map(|mark| {
        format!("{}: {}", mark.letter, mark.changes.iter().map(change).collect::<Vec<_>>().join("; "))
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| format!("An upright line is where a level changed. {}.", each.join(". ")))
}
