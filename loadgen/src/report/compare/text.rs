//! A comparison on a terminal.

use super::super::format::{NONE, or_none, per_request, percent, rate, times};
use super::super::terminal::wrap;
use super::{Change, Comparison, Figure, Origin, Pair};

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
    let meaning = "B/A is the ratio of the medians, low–high what both intervals allow. Chance is how often trials of one \
                   and the same server would differ as much on a machine that does not drift; three trials each can't \
                   bring it below 10 %, five can (--trials 5). Allocations are exact; system calls move with how many \
                   requests come at a time.";
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

/// A column: its title, what it shows, and when it gives way, the highest number first; 0 never does.
struct Column {
    title: &'static str,
    gives_way: u8,
    cell: fn(&Change) -> String,
}

const COLUMNS: [Column; 12] = [
    Column { title: "A", gives_way: 0, cell: |change| median(change.a) },
    Column { title: "B", gives_way: 0, cell: |change| median(change.b) },
    Column { title: "B/A", gives_way: 0, cell: |change| or_none(change.ratio, ratio) },
    Column { title: "low–high", gives_way: 3, cell: interval },
    Column { title: "chance", gives_way: 0, cell: |change| or_none(change.chance, likely) },
    Column { title: "CPU B/A", gives_way: 1, cell: |change| or_none(change.cpu_us_per_request.ratio, ratio) },
    Column {
        title: "chance",
        gives_way: 2,
        cell: |change| or_none(change.cpu_us_per_request.chance, likely),
    },
    Column { title: "syscalls", gives_way: 5, cell: |change| counts(change.syscalls_per_request) },
    Column { title: "allocs", gives_way: 6, cell: |change| counts(change.allocs_per_request) },
    Column {
        title: "instr. B/A",
        gives_way: 6,
        cell: |change| or_none(change.instructions_per_request.ratio, ratio),
    },
    Column { title: "p99 B/A", gives_way: 7, cell: |change| or_none(change.p99_ns.ratio, ratio) },
    Column { title: "speed-up", gives_way: 4, cell: speedups },
];

fn median(spread: Option<super::Spread>) -> String {
    or_none(spread, |spread| rate(spread.median))
}

fn ratio(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.2}x") } else { times(ratio) }
}

fn interval(change: &Change) -> String {
    or_none(change.ratio_low.zip(change.ratio_high), |(low, high)| format!("{low:.2}–{high:.2}"))
}

fn likely(chance: f64) -> String {
    if chance < 0.01 { "< 1 %".into() } else { percent(chance) }
}

/// What was counted: once where both are the same.
fn counts(figure: Figure) -> String {
    let shown = [figure.a, figure.b].map(|count| or_none(count, per_request));
    both(shown)
}

fn speedups(change: &Change) -> String {
    both([change.speedup_a, change.speedup_b].map(|speedup| or_none(speedup, times)))
}

fn both([a, b]: [String; 2]) -> String {
    if a == b { a } else { format!("{a} → {b}") }
}

/// The columns that there is room for beside `names`, with their cells, each as wide as its widest.
fn columns(pair: &Pair, names: usize, width: usize) -> Vec<(Vec<String>, usize)> {
    let mut columns: Vec<(u8, Vec<String>, usize)> = COLUMNS
        .iter()
        .map(|column| {
            let cells = pair.rows.iter().map(column.cell);
            let all: Vec<String> = [column.title.to_owned()].into_iter().chain(cells).collect();
            let widest = all.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
            (column.gives_way, all, widest)
        })
        // A column of dashes says nothing, as where no server's system calls were counted.
        .filter(|(gives_way, all, _)| *gives_way == 0 || all[1..].iter().any(|cell| cell != NONE))
        .collect();
    let used = |columns: &[(u8, Vec<String>, usize)]| -> usize {
        columns.iter().map(|(_, _, width)| width + GAP).sum::<usize>() + names
    };
    while used(&columns) > width {
        let last = columns.iter().enumerate().max_by_key(|(_, (gives_way, ..))| *gives_way);
        match last {
            Some((index, (1.., ..))) => drop(columns.remove(index)),
            _ => break,
        }
    }
    columns.into_iter().map(|(_, cells, width)| (cells, width)).collect()
}

fn table(pair: &Pair, width: usize) -> Vec<String> {
    let names = pair.rows.iter().map(|row| row.name.chars().count()).chain([pair.name.chars().count()]).max();
    let names = names.unwrap_or(0);
    let wide = |columns: &[(Vec<String>, usize)]| columns.iter().map(|(_, width)| width + GAP).sum::<usize>();
    let mut columns_shown = columns(pair, names, width);
    let beside = names + wide(&columns_shown) <= width;
    if !beside {
        columns_shown = columns(pair, INDENT, width);
    }
    let line = |index: usize| -> String {
        let padded = columns_shown.iter().map(|(cells, width)| format!("  {:>width$}", cells[index]));
        padded.collect::<Vec<_>>().concat()
    };
    let mut lines = Vec::new();
    let mut add = |name: &str, index: usize| {
        if beside {
            lines.push(format!("{name:names$}{}", line(index)));
        } else {
            // A long name has a line of its own.
            lines.extend([name.to_owned(), format!("{:INDENT$}{}", "", line(index))]);
        }
    };
    add(&pair.name, 0);
    for (index, row) in pair.rows.iter().enumerate() {
        add(&row.name, index + 1);
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
        let (mut a, mut b) = (sample::document(), sample::document());
        let row = &mut b.scenarios[0].rows[1];
        let qps = row.qps.as_mut().unwrap();
        (qps.median, qps.low, qps.high) = (8600.0, 8500.0, 8700.0);
        row.trials.iter_mut().for_each(|trial| trial.qps = Some(8600.0));
        row.server.cpu_us_per_request = Some(83.0);
        row.server.allocs_per_request = Some(13.0);
        a.scenarios[0].rows[1].server.allocs_per_request = Some(14.0);
        let text = text(&compare(&a, &b), 140);
        let row = text.lines().find(|line| line.starts_with("phase1-threads ")).unwrap();
        for part in ["4,300", "8,600", "2.00x", "1.93–2.07", "10 %", "14 → 13", "9.6x"] {
            assert!(row.contains(part), "'{part}' is missing in {row}");
        }
        assert!(
            text.lines().any(|line| line.starts_with("phase0-serial") && line.contains("100 %")),
            "{text}"
        );
    }
}
