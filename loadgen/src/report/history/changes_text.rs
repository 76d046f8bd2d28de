//! Changes of level on a terminal.

use super::super::format::{or_none, per_request, rate};
use super::super::terminal::wrap;
use super::changes::{Change, Changes, ERROR, Metric, OfMachine, Run, Short};
use super::level::{RUNS_MIN, STAYS_RUNS};

/// Prose reads badly in longer lines.
const PROSE_MAX: usize = 100;

/// All changes in at most `width` columns, as far as a word is no longer.
pub fn changes_text(changes: &Changes, width: usize) -> String {
    let mut lines = Vec::new();
    for machine in &changes.machines {
        lines.extend(wrap(&format!("{}: {}", machine.name, what_there_is(machine)), width));
        let mut scenario = None;
        let rows: Vec<[String; 4]> = machine.changes.iter().map(cells).collect();
        let widths =
            [0, 1, 2, 3].map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
        let fits = widths.iter().sum::<usize>() + 2 * widths.len() <= width;
        for (change, row) in machine.changes.iter().zip(&rows) {
            if scenario != Some(&change.scenario) {
                scenario = Some(&change.scenario);
                lines.push(String::new());
                lines.extend(wrap(&change.scenario, width));
            }
            if fits {
                let padded = row.iter().zip(widths).map(|(cell, width)| format!("  {cell:<width$}"));
                lines.push(padded.collect::<String>().trim_end().to_owned());
            } else {
                // The name has a line of its own.
                lines.extend(wrap(&row[0], width - 2).into_iter().map(|line| format!("  {line}")));
                lines.push(format!("    {}  {}  {}", row[1], row[2], row[3]).trim_end().to_owned());
            }
            lines.extend(wrap(&since(change), width - 4).into_iter().map(|line| format!("    {line}")));
        }
        if let Some(sentence) = too_few(&machine.short) {
            lines.push(String::new());
            lines.extend(wrap(&sentence, width.min(PROSE_MAX)));
        }
        lines.push(String::new());
    }
    lines.extend(wrap(&method(), width.min(PROSE_MAX)));
    lines.join("\n") + "\n"
}

fn what_there_is(machine: &OfMachine) -> String {
    match machine.changes.len() {
        0 => "no level changed".to_owned(),
        1 => "one level changed".to_owned(),
        changes => format!("{changes} levels changed"),
    }
}

fn method() -> String {
    format!(
        "What is measured has changed where the best division of a series by ranks is better than shuffled ones are, {RUNS_MIN} \
         runs on either side at the least. A machine on which nothing changed has one told in any of its series once in \
         {:.0} times. What is counted has changed where it differs by more than the gate's tolerance {STAYS_RUNS} runs in a \
         row. What all rows share is more likely the machine than the code.",
        1.0 / ERROR
    )
}

fn cells(change: &Change) -> [String; 4] {
    [
        change.row.clone(),
        change.metric.name().to_owned(),
        values(change),
        or_none(change.ratio, |ratio| format!("{ratio:.2}x")),
    ]
}

/// `8,000 → 9,000`.
pub(in super::super) fn values(change: &Change) -> String {
    let show = |value: f64| match change.metric {
        Metric::Qps => rate(value),
        Metric::Cpu => format!("{value:.2} µs"),
        Metric::Allocations | Metric::Syscalls => per_request(value),
    };
    format!("{} → {}", show(change.before), show(change.after))
}

/// Since which run, and what came between.
pub(in super::super) fn since(change: &Change) -> String {
    let Change { first_after, last_before, .. } = change;
    let chance = change.chance.map_or_else(String::new, |chance| {
        if chance < 0.001 { ", chance < 0.1 %".into() } else { format!(", chance {:.1} %", chance * 100.0) }
    });
    format!(
        "since run {}, {}{}{chance}",
        first_after.number,
        first_after.started_at,
        between(last_before, first_after)
    )
}

/// The commits of which one is it, as git takes them.
fn between(last_before: &Run, first_after: &Run) -> String {
    match (&last_before.commit, &first_after.commit) {
        (Some(before), Some(after)) if before == after => format!(", both at commit {after}"),
        (Some(before), Some(after)) => format!(", commits {before}..{after}"),
        (None, Some(after)) => format!(", by commit {after}"),
        (Some(before), None) => format!(", after commit {before}"),
        (None, None) => String::new(),
    }
}

/// Which servers can't be told about yet; those of a scenario that lack as many together.
fn too_few(short: &[Short]) -> Option<String> {
    let of_each = short.chunk_by(|a, b| (&a.scenario, a.runs) == (&b.scenario, b.runs));
    let each = of_each.map(|alike| {
        let (first, more) = (&alike[0], alike[0].needed - alike[0].runs);
        let rows: Vec<&str> = alike.iter().map(|short| short.row.as_str()).collect();
        let runs = if more == 1 { "run" } else { "runs" };
        format!("{more} {runs} more of {} for {}", first.scenario, rows.join(", "))
    });
    let each: Vec<String> = each.collect();
    let needed = short.first()?.needed;
    Some(format!(
        "A change of what is measured takes {needed} whole runs of three trials and more, at the least, to be told from \
         chance. Missing: {}.",
        each.join("; ")
    ))
}
