//! The table at the end of a run, as wide as there is room.

use std::io::IsTerminal;

use super::bars::bar;
use super::document::{Document, Row, Scenario};
use super::format::{NONE, micros, or_none, per_request, percent, rate, success, times};
use super::prose;

/// Nothing can be laid out in less; a terminal that says so, or COLUMNS=0, is not believed.
const WIDTH_MIN: usize = 20;
/// Where nothing says how wide the output is.
const WIDTH_DEFAULT: usize = 100;
/// Bars grow no longer than this.
const BAR_MAX: usize = 40;
/// Columns are left out before bars grow shorter than this.
const BAR_MIN: usize = 10;
/// Blanks between columns.
const GAP: usize = 2;

/// A column: its title, what it shows, and when it gives way, the highest number first; 0 never does.
struct Column {
    title: &'static str,
    gives_way: u8,
    cell: fn(&Row) -> String,
}

/// The column that is always there.
const RATE: &str = "actual";

const COLUMNS: [Column; 10] = [
    Column { title: "target", gives_way: 3, cell: |row| or_none(row.target_qps, rate) },
    Column { title: RATE, gives_way: 0, cell: |row| or_none(row.qps, |qps| rate(qps.median)) },
    Column { title: "low–high", gives_way: 5, cell: interval },
    Column { title: "of target", gives_way: 2, cell: share_of_target },
    Column { title: "speed-up", gives_way: 0, cell: |row| or_none(row.speedup, times) },
    Column { title: "success", gives_way: 1, cell: |row| or_none(row.requests.success(), success) },
    Column { title: "p99", gives_way: 6, cell: p99 },
    Column { title: "CPU/req", gives_way: 4, cell: cpu_per_request },
    Column {
        title: "syscalls",
        gives_way: 7,
        cell: |row| or_none(row.server.syscalls_per_request, per_request),
    },
    Column { title: "allocs", gives_way: 8, cell: |row| or_none(row.server.allocs_per_request, per_request) },
];

fn interval(row: &Row) -> String {
    or_none(row.qps.filter(|qps| qps.confidence.is_some()), |qps| {
        format!("{}–{}", rate(qps.low), rate(qps.high))
    })
}

/// How much of the original report's target was reached.
pub(super) fn share_of_target(row: &Row) -> String {
    or_none(row.qps.zip(row.target_qps), |(qps, target)| percent(qps.median / target))
}

fn p99(row: &Row) -> String {
    or_none(row.latency_ns, |latency| super::format::duration(latency.p99))
}

/// The server's CPU time per request.
pub(super) fn cpu_per_request(row: &Row) -> String {
    or_none(row.server.cpu_us_per_request, micros)
}

/// Columns of the terminal on standard output, or of what stands in for it.
pub fn width() -> usize {
    let terminal = std::io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.map(|(width, _)| usize::from(width.0)).or_else(columns).unwrap_or(WIDTH_DEFAULT).max(WIDTH_MIN)
}

/// Every scenario with its rows and a bar for each.
pub fn table(document: &Document, width: usize) -> String {
    document.scenarios.iter().map(|scenario| scenario_table(scenario, width)).collect::<Vec<_>>().join("\n")
}

fn scenario_table(scenario: &Scenario, width: usize) -> String {
    let names = scenario.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let max = scenario.rows.iter().filter_map(|row| row.qps).map(|qps| qps.median).fold(0.0, f64::max);
    let mut columns: Vec<(&Column, Vec<String>, usize)> = COLUMNS
        .iter()
        .map(|column| {
            let cells: Vec<String> = scenario.rows.iter().map(column.cell).collect();
            let widest = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
            (column, cells, widest.max(column.title.chars().count()))
        })
        // A column of dashes says nothing, as where the original report set no target.
        .filter(|(column, cells, _)| column.title == RATE || cells.iter().any(|cell| cell != NONE))
        .collect();
    let used = |columns: &[(&Column, Vec<String>, usize)]| {
        names + columns.iter().map(|(_, _, width)| width + GAP).sum::<usize>() + GAP
    };
    while used(&columns) + BAR_MIN > width {
        let first = columns.iter().enumerate().max_by_key(|(_, (column, ..))| column.gives_way);
        match first {
            Some((index, (column, ..))) if column.gives_way > 0 => drop(columns.remove(index)),
            _ => break,
        }
    }
    let bar_width = width.saturating_sub(used(&columns)).min(BAR_MAX);
    let mut lines = wrap(&heading(scenario), width);
    let lesson = [Some(scenario.shows.clone()), prose::should_win(scenario)].into_iter().flatten();
    lines.extend(lesson.flat_map(|sentence| wrap(&sentence, width.min(100))));
    let titles = columns.iter().map(|(column, _, width)| format!("  {:>width$}", column.title));
    lines.push(format!("{:names$}{}", "", titles.collect::<Vec<_>>().concat()));
    for (index, row) in scenario.rows.iter().enumerate() {
        let cells = columns.iter().map(|(_, cells, width)| format!("  {:>width$}", cells[index]));
        let bar = bar(row.qps.map_or(0.0, |qps| qps.median), max, bar_width);
        let line = format!("{:names$}{}  {bar}", row.name, cells.collect::<Vec<_>>().concat());
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n") + "\n"
}

/// What a scenario fires, in a line.
pub(super) fn heading(scenario: &Scenario) -> String {
    let params = &scenario.params;
    let how = match (params.mode.as_str(), params.pipeline) {
        ("close", _) => "a connection per request".to_owned(),
        (_, 1) => "kept where the server keeps them".to_owned(),
        (_, pipeline) => format!("kept, {pipeline} requests in flight on each"),
    };
    let connections = match params.connections {
        1 => "1 connection".to_owned(),
        n => format!("{} connections", super::format::count(n as u64)),
    };
    let beside = params.beside.map_or_else(String::new, |beside| {
        format!(", beside {} that are only held", super::format::count(beside.connections() as u64))
    });
    format!("{}: {connections}, {} {}, {how}{beside}", scenario.name, params.method, params.path)
}

/// Words in lines of at most `width` columns. Lines that the text has already stay lines, and what
/// one is indented by, the lines that become of it are too.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    text.lines().flat_map(|line| wrap_line(line, width)).collect()
}

fn wrap_line(text: &str, width: usize) -> Vec<String> {
    let indent = &text[..text.len() - text.trim_start().len()];
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_wide_terminal_shows_everything() {
        let table = table(&sample::document(), 140);
        let row = table.lines().find(|line| line.starts_with("phase1-threads ")).unwrap();
        for part in ["5,000", "4,300", "4,200–4,400", "86 %", "9.6x", "100 %", "█"] {
            assert!(row.contains(part), "{part} is missing in {row}");
        }
    }

    #[test]
    fn every_width_from_60_columns_on_holds_the_table() {
        for width in 60..160 {
            for line in table(&sample::document(), width).lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn sixty_columns_keep_rate_speed_up_and_bar() {
        let table = table(&sample::document(), 60);
        let row = table.lines().find(|line| line.starts_with("phase1-threads ")).unwrap();
        assert!(row.contains("4,300") && row.contains("9.6x") && row.contains('█'), "{row}");
        assert!(!row.contains("4,200–4,400"), "{row}");
    }

    #[test]
    fn what_is_shown_and_who_should_win_stand_above_the_table() {
        let mut document = sample::document();
        document.scenarios[0].wins = Some("The one that does not wait.".into());
        let table = table(&document, 100);
        let lines: Vec<_> = table.lines().skip(1).take(2).collect();
        assert_eq!(
            lines,
            ["A thousand clients, each of whose requests waits.", "Should win: The one that does not wait."]
        );
    }

    #[test]
    fn a_row_without_numbers_is_shown_with_dashes() {
        let mut document = sample::document();
        document.scenarios[0].rows[0].qps = None;
        document.scenarios[0].rows[0].speedup = None;
        let table = table(&document, 100);
        assert!(
            table.lines().any(|line| line.starts_with("phase0-serial") && line.contains(NONE)),
            "{table}"
        );
    }

    #[test]
    fn one_connection_is_not_told_in_the_plural() {
        let mut scenario = sample::document().scenarios.remove(0);
        assert!(heading(&scenario).starts_with("reference: 1,000 connections, GET"));
        scenario.params.connections = 1;
        assert!(heading(&scenario).starts_with("reference: 1 connection, GET"));
    }

    #[test]
    fn words_are_wrapped() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one\n  two three", 7), ["one", "  two", "  three"]);
    }
}
