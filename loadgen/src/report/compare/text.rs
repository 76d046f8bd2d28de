//! A comparison on a terminal.

use super::super::format::{NONE, or_none, rate, times};
use super::super::terminal::wrap;
use super::{Change, Comparison, Origin, Pair};

/// Prose reads badly in longer lines.
const PROSE_MAX: usize = 100;
/// Blanks between columns.
const GAP: usize = 2;
/// How far numbers are moved in where the name has a line of its own.
const INDENT: usize = 2;

/// The whole comparison in at most `width` columns.
pub fn text(comparison: &Comparison, width: usize) -> String {
    let mut lines = Vec::new();
    for (name, origin) in [("A", &comparison.a), ("B", &comparison.b)] {
        lines.extend(wrap(&format!("{name}  {}", describe(origin)), width));
    }
    for pair in &comparison.scenarios {
        lines.push(String::new());
        lines.extend(table(pair, width));
    }
    let lone = [("A", &comparison.only_a), ("B", &comparison.only_b)];
    for (name, lone) in lone.iter().filter(|(_, lone)| !lone.is_empty()) {
        lines.push(String::new());
        lines.extend(wrap(&format!("Only in {name}: {}.", lone.join("; ")), width));
    }
    lines.push(String::new());
    let meaning = "B/A is the ratio of the medians. Where intervals overlap, trials alone may explain it; apart is \
                   more than they do, not yet why.";
    lines.extend(wrap(meaning, width.min(PROSE_MAX)));
    for doubt in &comparison.doubts {
        for (index, line) in wrap(doubt, width.min(PROSE_MAX) - 2).into_iter().enumerate() {
            lines.push(format!("{} {line}", if index == 0 { '!' } else { ' ' }));
        }
    }
    lines.join("\n") + "\n"
}

fn describe(origin: &Origin) -> String {
    let commit = origin.commit.as_deref().map_or_else(String::new, |commit| format!(", commit {commit}"));
    let dirty = if origin.dirty == Some(true) { ", with changes" } else { "" };
    format!("{}{commit}{dirty}", origin.started_at)
}

fn cells(change: &Change) -> [String; 6] {
    let qps = |spread: Option<super::Spread>| or_none(spread, |spread| rate(spread.median));
    [
        qps(change.a),
        qps(change.b),
        or_none(change.ratio, |ratio| if ratio < 10.0 { format!("{ratio:.2}x") } else { times(ratio) }),
        match change.overlap {
            Some(true) => "overlap".into(),
            Some(false) => "apart".into(),
            None => NONE.into(),
        },
        or_none(change.speedup_a, times),
        or_none(change.speedup_b, times),
    ]
}

const TITLES: [&str; 6] = ["A", "B", "B/A", "intervals", "speed-up A", "speed-up B"];
/// Columns that are left out where there is no room for all.
const OPTIONAL: usize = 2;

fn table(pair: &Pair, width: usize) -> Vec<String> {
    let all: Vec<_> = pair.rows.iter().map(cells).collect();
    let widths: Vec<usize> = (0..TITLES.len())
        .map(|index| {
            let cells = all.iter().map(|cells| cells[index].chars().count());
            cells.chain([TITLES[index].len()]).max().unwrap_or(0)
        })
        .collect();
    let names = pair.rows.iter().map(|row| row.name.chars().count()).chain([pair.name.len()]).max();
    let names = names.unwrap_or(0);
    let used = |columns: usize| widths[..columns].iter().map(|width| width + GAP).sum::<usize>();
    let fits = |columns: usize| names + used(columns) <= width;
    let columns = if fits(TITLES.len()) { TITLES.len() } else { TITLES.len() - OPTIONAL };
    let beside = fits(columns);
    let line = |cells: &[String]| -> String {
        let padded = cells[..columns].iter().zip(&widths).map(|(cell, width)| format!("  {cell:>width$}"));
        padded.collect::<Vec<_>>().concat()
    };
    let titles = line(&TITLES.map(str::to_owned));
    let start = if beside { names } else { INDENT };
    let mut lines = vec![if beside { format!("{:start$}{titles}", pair.name) } else { pair.name.clone() }];
    if !beside {
        lines.push(format!("{:start$}{titles}", ""));
    }
    for (row, cells) in pair.rows.iter().zip(&all) {
        if beside {
            lines.push(format!("{:start$}{}", row.name, line(cells)));
        } else {
            // A long name has a line of its own.
            lines.push(row.name.clone());
            lines.push(format!("{:start$}{}", "", line(cells)));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{compare, sample};

    #[test]
    fn every_width_from_60_columns_on_holds_the_table() {
        let (mut a, b) = (sample::full(), sample::full());
        a.commit = Some("fedcba987654".into());
        for width in 60..140 {
            for line in text(&compare(&a, &b), width).lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn a_difference_is_told_with_whether_trials_explain_it() {
        let (a, mut b) = (sample::document(), sample::document());
        let qps = b.scenarios[0].rows[1].qps.as_mut().unwrap();
        (qps.median, qps.low, qps.high) = (8600.0, 8500.0, 8700.0);
        let text = text(&compare(&a, &b), 100);
        let row = text.lines().find(|line| line.starts_with("phase1-threads ")).unwrap();
        for part in ["4,300", "8,600", "2.00x", "apart", "9.6x"] {
            assert!(row.contains(part), "'{part}' is missing in {row}");
        }
        assert!(
            text.lines().any(|line| line.starts_with("phase0-serial") && line.contains("overlap")),
            "{text}"
        );
    }
}
