//! `report.md`: the climb, the tables, the conditions, and what to doubt.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::bars::{bar, gauge};
use super::document::{Document, Row, Scenario, Server};
use super::format::{NONE, count, duration, memory, or_none, per_request, percent, rate, success, times};
use super::terminal::{cpu_per_request, heading, share_of_target};
use super::truth;
use super::warnings::{concurrency, in_flight, warnings};

/// Columns of the longest bar of a climb.
const BAR_WIDTH: usize = 40;
/// Columns of the gauge that shows the share of a target.
const GAUGE_WIDTH: usize = 10;

/// The whole report.
pub fn markdown(document: &Document) -> String {
    let mut sections = vec![format!("# Phase Lab, {}\n", document.started_at)];
    let warnings = warnings(document);
    if !warnings.is_empty() {
        let items: Vec<_> =
            warnings.iter().map(|warning| format!("- {}", warning.replace('\n', "\n  "))).collect();
        sections.push(format!("## Before you believe it\n\n{}\n", items.join("\n")));
    }
    for scenario in &document.scenarios {
        sections.push(scenario_section(scenario));
        if scenario.rows.iter().any(|row| row.original_qps.is_some())
            && let Some(text) = truth::paragraph(document)
        {
            sections.push(format!("### The truth about 17.2x\n\n{text}\n"));
        }
    }
    sections.push(conditions(document));
    sections.push(method(document));
    sections.join("\n")
}

fn scenario_section(scenario: &Scenario) -> String {
    let (name, rest) = (scenario.name.as_str(), heading(scenario));
    let rest = rest.strip_prefix(&format!("{name}: ")).unwrap_or(&rest).to_owned();
    let mut parts = vec![format!("## {name}\n\n{}\n\n{rest}.\n", scenario.shows), climb(scenario)];
    parts.push(rates(scenario));
    parts.push(latencies(scenario));
    parts.push(costs(scenario));
    parts.extend(errors(scenario));
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
    format!("```text\n{}\n```\n", lines.collect::<Vec<_>>().join("\n"))
}

/// The table of the original report.
fn rates(scenario: &Scenario) -> String {
    let has_original = scenario.rows.iter().any(|row| row.original_qps.or(row.target_qps).is_some());
    let mut titles = vec!["server", "idea", "requests/s", "low–high", "speed-up", "success"];
    if has_original {
        titles.splice(2..2, ["original", "target"]);
        titles.insert(6, "of target");
    }
    let rows = scenario.rows.iter().map(|row| {
        let mut cells = vec![
            format!("`{}`", row.name),
            row.idea.clone(),
            or_none(row.qps, |qps| format!("**{}**", rate(qps.median))),
            or_none(row.qps.filter(|qps| qps.confidence.is_some()), |qps| {
                format!("{}–{}", rate(qps.low), rate(qps.high))
            }),
            or_none(row.speedup, times),
            or_none(row.requests.success(), success),
        ];
        if has_original {
            cells.splice(2..2, [or_none(row.original_qps, rate), or_none(row.target_qps, rate)]);
            cells.insert(6, gauge_of_target(row));
        }
        cells
    });
    table(&titles, 2, rows)
}

fn gauge_of_target(row: &Row) -> String {
    or_none(row.qps.zip(row.target_qps), |(qps, target)| {
        format!("`{}` {}", gauge(qps.median / target, GAUGE_WIDTH), share_of_target(row))
    })
}

fn latencies(scenario: &Scenario) -> String {
    let titles = ["latency", "p50", "p90", "p99", "p99.9", "max", "mean", "rate x mean", "connections"];
    let rows = scenario.rows.iter().map(|row| {
        let mut cells = vec![format!("`{}`", row.name)];
        cells.extend(match row.latency_ns {
            Some(l) => [l.p50, l.p90, l.p99, l.p999, l.max, l.mean].map(duration),
            None => [NONE; 6].map(str::to_owned),
        });
        cells.push(or_none(concurrency(row), rate));
        cells.push(or_none(row.client.connections_established, |n| count(n as u64)));
        cells
    });
    format!(
        "{}\nBy Little's law, rate x mean latency is the number of requests under way; {} were asked for. \
         Closed loop: a client that waits for a slow answer sends no other one meanwhile.\n",
        table(&titles, 1, rows),
        rate(in_flight(scenario)),
    )
}

fn costs(scenario: &Scenario) -> String {
    let mut titles = vec![
        "per request",
        "server CPU",
        "user",
        "system",
        "allocations",
        "system calls",
        "switches",
        "threads",
        "peak memory",
        "client CPU",
        "client busy",
        "ceiling",
    ];
    let has_held = scenario.rows.iter().any(|row| row.server.bytes_per_held_connection.is_some());
    if has_held {
        titles.push("each held connection");
    }
    let us = |us: f64| format!("{us:.1} µs");
    let rows = scenario.rows.iter().map(|row| {
        let (server, client) = (&row.server, &row.client);
        let mut cells = vec![
            format!("`{}`", row.name),
            cpu_per_request(row),
            or_none(server.user_us_per_request, |user| user_time(server, user)),
            or_none(server.sys_us_per_request, us),
            or_none(server.allocs_per_request, per_request),
            or_none(server.syscalls_per_request, per_request),
            or_none(server.context_switches_per_request, per_request),
            or_none(server.threads_max, count),
            or_none(server.rss_peak_bytes, memory),
            or_none(client.user_us_per_request.zip(client.sys_us_per_request), |(user, sys)| us(user + sys)),
            or_none(client.busy, percent),
            or_none(row.ceiling.as_ref(), |ceiling| format!("{}/s ({})", rate(ceiling.qps), ceiling.bound)),
        ];
        if has_held {
            cells.push(or_none(server.bytes_per_held_connection, |bytes| format!("{bytes:.0} B")));
        }
        cells
    });
    let mut text = table(&titles, 1, rows);
    let missing: BTreeSet<_> = scenario.rows.iter().flat_map(|row| &row.missing).collect();
    for why in missing {
        let _ = writeln!(text, "\n{NONE}: {why}.");
    }
    text
}

/// User time, and how far it may be off because it is sampled: one standard deviation.
fn user_time(server: &Server, user_us: f64) -> String {
    let error = server.split_samples.zip(server.cpu_us_per_request).map(|(samples, cpu_us)| {
        let share = (user_us / cpu_us).clamp(0.0, 1.0);
        cpu_us * (share * (1.0 - share) / samples as f64).sqrt()
    });
    match error.filter(|error| error.is_finite()) {
        Some(error) => format!("{user_us:.1} ± {error:.1} µs"),
        None => format!("{user_us:.1} µs"),
    }
}

/// Failed requests by kind, if there were any.
fn errors(scenario: &Scenario) -> Option<String> {
    let rows: Vec<_> = scenario
        .rows
        .iter()
        .filter(|row| row.requests.failed > 0)
        .map(|row| {
            let kinds =
                row.errors.iter().filter(|(_, n)| **n > 0).map(|(kind, n)| format!("{kind} {}", count(*n)));
            vec![format!("`{}`", row.name), count(row.requests.failed), kinds.collect::<Vec<_>>().join(", ")]
        })
        .collect();
    (!rows.is_empty()).then(|| table(&["errors", "failed", "kinds"], 1, rows.into_iter()))
}

/// A table whose first `left` columns are aligned left and the others right.
fn table(titles: &[&str], left: usize, rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let titles: Vec<String> = titles.iter().map(|&title| title.to_owned()).collect();
    let rules: Vec<String> =
        (0..titles.len()).map(|index| if index < left { "---" } else { "---:" }.to_owned()).collect();
    let mut lines = vec![line(&titles), line(&rules)];
    lines.extend(rows.map(|cells| line(&cells)));
    lines.join("\n") + "\n"
}

fn conditions(document: &Document) -> String {
    let machine = &document.machine;
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".into());
    let list = |cpus: &[usize]| cpus.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let split = if document.cpus.server.is_empty() {
        "not split: server and client shared what there was".to_owned()
    } else {
        format!("server on {}, client on {}", list(&document.cpus.server), list(&document.cpus.client))
    };
    let dirty = match document.dirty {
        Some(true) => ", with changes that were not committed",
        _ => "",
    };
    let rows = [
        (
            "processor",
            format!("{}, {} CPUs", text(&machine.cpu_model), or_none(machine.cpus, |n| n.to_string())),
        ),
        ("memory", or_none(machine.memory_bytes, memory)),
        ("system", format!("{} {}, {}", machine.os, text(&machine.kernel), machine.arch)),
        ("governor", text(&machine.governor)),
        ("CPU split", split),
        ("build", format!("{}, {}", document.build.profile, text(&document.build.rustc))),
        ("commit", format!("{}{dirty}", text(&document.commit))),
    ];
    let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]);
    format!("## Conditions\n\n{}", table(&["what", "on"], 2, rows))
}

fn method(document: &Document) -> String {
    let confidences = document.scenarios.iter().flat_map(|s| &s.rows).filter_map(|row| row.qps?.confidence);
    let interval = match confidences.reduce(f64::min) {
        None => "There was one trial for each row, so there is no interval.".to_owned(),
        Some(least) => format!(
            "Low and high are order statistics of the trials; such an interval holds the true median at least \
             {} of the time{}.",
            percent(least),
            if least < 0.95 {
                " (with fewer than six trials they are simply the lowest and the highest)"
            } else {
                ""
            }
        ),
    };
    format!(
        "## How it was measured\n\n\
         Each trial is a fresh server process, warmed up before anything is counted, and the servers take turns, \
         every second round backwards. The rate is the median over trials. {interval} Latencies are those of all \
         trials merged. The speed-up is relative to `phase0-serial` in the same scenario. Server CPU is exact; its split \
         into user and system is sampled, about a thousand times a second, and ± is one standard deviation. Allocations and \
         system calls are counted apart from the trials, because counting takes time. {NONE} means not measured, never zero. Compare only within one \
         run: the next one may find the machine in another mood.\n\n\
         Run it again:\n\n```sh\n{}\n```\n",
        document.command
    )
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
            "| 8.3 ± 0.4 µs | 33.2 µs | 0 | – |",
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
