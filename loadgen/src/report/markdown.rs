//! `report.md`: the climb, the tables, the conditions, and what to doubt.

pub(crate) mod escape;

use self::escape::{block, code_cell, inline};
use super::ablations;
use super::bars::{bar, gauge};
use super::claims;
use super::document::{Document, Row, Scenario};
use super::format::{or_none, rate};
use super::gains;
use super::prose::{self, CLAIMS, FLOOR, METHOD, TRUTH, WARNINGS};
use super::tables::{self, Cell, Table};
use super::truth;
use super::warnings::warnings;

/// Columns of the longest bar of a climb.
const BAR_WIDTH: usize = 40;
/// Columns of the gauge that shows the share of a target.
const GAUGE_WIDTH: usize = 10;

/// The whole report.
pub fn markdown(document: &Document) -> String {
    let mut sections = vec![format!("# Phase Lab, {}\n", inline(&document.started_at))];
    let warnings = warnings(document);
    if !warnings.is_empty() {
        sections.push(format!("## {WARNINGS}\n\n{}", list(&warnings)));
    }
    for scenario in &document.scenarios {
        sections.push(scenario_section(scenario));
        if scenario.rows.iter().any(|row| row.original_qps.is_some())
            && let Some(text) = truth::paragraph(document)
        {
            sections.push(format!("### {TRUTH}\n\n{}\n", inline(&text)));
        }
    }
    if let Some(claims) = claims::table(document) {
        sections.push(format!("## {CLAIMS}\n\n{}", table(&claims)));
    }
    let floor = prose::floor(document);
    if !floor.is_empty() {
        sections
            .push(format!("## {FLOOR}\n\nWhat this kernel can do with no HTTP at all:\n\n{}", list(&floor)));
    }
    sections.push(format!("## Conditions\n\n{}", table(&tables::conditions(document))));
    sections.extend(prose::weather(document).map(|text| inline(&text) + "\n"));
    sections.push(format!(
        "## {METHOD}\n\n{}\n\nRun it again:\n\n{}",
        inline(&prose::method(document)),
        block("sh", &document.command)
    ));
    sections.join("\n")
}

pub(crate) fn list(items: &[String]) -> String {
    let lines = items.iter().map(|item| format!("- {}\n", inline(item).replace('\n', "\n  ")));
    lines.collect::<Vec<_>>().concat()
}

fn scenario_section(scenario: &Scenario) -> String {
    let mut parts = vec![format!("## {}\n\n{}\n", inline(&scenario.name), inline(&scenario.shows))];
    parts.extend(prose::should_win(scenario).map(|wins| inline(&wins) + "\n"));
    parts.push(inline(&prose::fired(scenario)) + "\n");
    parts.push(climb(scenario));
    parts.push(table(&tables::rates(scenario)));
    parts.push(format!("{}\n{}\n", table(&tables::latencies(scenario)), prose::littles_law(scenario)));
    parts.push(table(&tables::costs(scenario)));
    parts.extend(prose::missing(scenario).into_iter().map(|why| inline(&why) + "\n"));
    if let Some(gains) = gains::table(scenario) {
        parts.push(format!("What each phase bought:\n\n{}\n{}\n", table(&gains), gains::NOTE));
    }
    let steps = ablations::steps(scenario);
    if let Some(worth) = ablations::table(&steps) {
        let note = inline(&ablations::note(&steps));
        parts.push(format!("What each mechanism is worth:\n\n{}\n{note}\n", table(&worth)));
    }
    let ceilings = prose::ceilings(scenario);
    if !ceilings.is_empty() {
        let items: Vec<_> = ceilings.into_iter().map(|(row, why)| format!("`{row}`: {why}")).collect();
        parts.push(format!("What bounds them:\n\n{}", list(&items)));
    }
    parts.extend(tables::errors(scenario).as_ref().map(table));
    parts.join("\n")
}

/// The rates as bars, in a block that keeps its columns.
fn climb(scenario: &Scenario) -> String {
    let width = scenario.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let median = |row: &Row| row.qps.map(|qps| qps.median);
    let max = scenario.rows.iter().filter_map(median).fold(0.0, f64::max);
    let lines = scenario.rows.iter().map(|row| {
        let qps = or_none(median(row), rate);
        let line =
            format!("{:width$}  {qps:>9}  {}", row.name, bar(median(row).unwrap_or(0.0), max, BAR_WIDTH));
        line.trim_end().to_owned()
    });
    block("text", &lines.collect::<Vec<_>>().join("\n"))
}

/// A table; words are aligned left and numbers right.
pub(crate) fn table(table: &Table) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let titles: Vec<String> = table.titles.iter().map(|&title| title.to_owned()).collect();
    let rules: Vec<String> =
        (0..titles.len()).map(|index| if index < table.left { "---" } else { "---:" }.to_owned()).collect();
    let mut lines = vec![line(&titles), line(&rules)];
    lines.extend(table.rows.iter().map(|cells| line(&cells.iter().map(cell).collect::<Vec<_>>())));
    lines.join("\n") + "\n"
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => escape::cell(text),
        Cell::Code(text) => code_cell(text),
        Cell::Strong(text) => format!("**{}**", escape::cell(text)),
        Cell::Gauge(share, text) => format!("`{}` {}", gauge(*share, GAUGE_WIDTH), escape::cell(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_report_holds_the_original_table() {
        let report = markdown(&sample::document());
        let row = report.lines().find(|line| line.starts_with("| `phase1-threads` | a pool")).unwrap();
        assert_eq!(
            row,
            "| `phase1-threads` | a pool | 7,877 | 5,000 | **4,300** | 4,200–4,400 | `█████████░` 86 % | 9.6x | 100 % |"
        );
    }

    #[test]
    fn what_others_wrote_is_text_and_breaks_nothing() {
        let mut document = sample::document();
        document.command = "loadgen run ```".into();
        let scenario = &mut document.scenarios[0];
        scenario.shows = "It shows <img src=x>.".into();
        scenario.rows[1].name = "a|b".into();
        scenario.rows[1].trials[0].failed = Some("it said <script>alert(1)</script>".into());
        let report = markdown(&document);
        for part in ["<img", "<script", "| `a|b` |"] {
            assert!(!report.contains(part), "'{part}' in {report}");
        }
        for part in ["`a\\|b`", "````sh\nloadgen run ```\n````"] {
            assert!(report.contains(part), "'{part}' is missing in {report}");
        }
    }

    #[test]
    fn what_others_wrote_emphasises_nothing_and_heads_nothing() {
        let mut document = sample::document();
        document.started_at = "*now*".into();
        let scenario = &mut document.scenarios[0];
        scenario.name = "_mine_".into();
        scenario.shows = "# It shows *much*.".into();
        scenario.wins = Some("1. ~~Nobody~~.".into());
        scenario.rows[1].idea = "__sh__ -c *".into();
        scenario.rows[1].missing = vec!["no *such* file_name".into()];
        scenario.rows[1].trials[0].failed = Some("it said **boo**".into());
        let report = markdown(&document);
        for part in [
            "# Phase Lab, \\*now\\*\n",
            "\n## \\_mine\\_\n",
            "\n\\# It shows \\*much\\*.\n",
            "\nShould win: 1. \\~\\~Nobody\\~\\~.\n",
            "| \\_\\_sh\\_\\_ -c \\* |",
            ": no \\*such\\* file_name.",
            "it said \\*\\*boo\\*\\*",
        ] {
            assert!(report.contains(part), "'{part}' is missing in {report}");
        }
    }

    #[test]
    fn what_each_mechanism_is_worth_is_told_with_its_interval() {
        let mut document = sample::document();
        document.scenarios[0].rows[2].without = Some("a bounded pool".into());
        let report = markdown(&document);
        let row = report.lines().find(|line| line.contains("1: a bounded pool")).unwrap();
        assert_eq!(
            row,
            "| `phase1-threads` | 1: a bounded pool | 6,800/s | 4,300/s | **0.63x** | 0.63x–0.64x |"
        );
    }

    #[test]
    fn a_sound_run_has_nothing_before_it_and_says_how_it_was_measured() {
        let report = markdown(&sample::document());
        assert!(!report.contains("Before you believe it"), "{report}");
        for part in ["server on 0, client on 1", "75 % of the time", "17.2x", "loadgen run", "0123456789ab"] {
            assert!(report.contains(part), "'{part}' is missing");
        }
    }

    #[test]
    fn costs_are_told_with_what_they_are_worth() {
        let mut document = sample::document();
        let row = &mut document.scenarios[0].rows[0];
        row.server.user_us_per_request = Some(8.3);
        row.server.sys_us_per_request = Some(33.2);
        row.server.split_samples = Some(1_600);
        row.server.allocs_per_request = Some(0.0);
        row.server.bytes_per_held_connection = Some(912.4);
        row.missing = vec!["system calls can't be counted: no such luck".into()];
        document.scenarios[0].rows[1].server.syscalls_per_request = Some(7.25);
        let report = markdown(&document);
        // A fifth of 41.5 µs, give or take a hundredth.
        for part in [
            "| 8.30 ± 0.42 µs | 33.2 µs | 0 | – |",
            "| – | 7.25 |",
            "912 B",
            "calls can't be counted: no such luck.",
        ] {
            assert!(report.contains(part), "'{part}' is missing in {report}");
        }
    }

    #[test]
    fn every_line_of_a_table_has_as_many_cells_as_its_head() {
        let mut document = sample::document();
        document.scenarios[0].rows[0].latency_ns = None;
        document.scenarios[0].rows[0].requests.failed = 1;
        let report = markdown(&document);
        let mut cells = 0;
        for line in report.lines() {
            let here = if line.starts_with('|') { line.matches('|').count() } else { 0 };
            assert!(here == 0 || cells == 0 || here == cells, "{line}");
            cells = here;
        }
    }
}
