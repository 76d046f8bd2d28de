//! A gate on a terminal.

use super::judge::Verdict;
use super::outcome::{Compared, Outcome, Server, Side};
use super::ratchet;
use super::stats::BLOCKS_MIN;
use crate::report::format::{NONE, duration, or_none, per_request, rate};
use crate::report::wrap;

/// Prose reads badly in longer lines.
const PROSE_MAX: usize = 100;

/// The whole outcome in at most `width` columns, as far as a word is no longer.
pub(super) fn text(outcome: &Outcome, width: usize) -> String {
    let prose = width.min(PROSE_MAX);
    let mut lines = wrap(&heading(outcome), prose);
    for server in &outcome.servers {
        lines.push(String::new());
        lines.push(match server.blocks {
            // Of what was saved there are none.
            0 => server.name.clone(),
            1 => format!("{} (1 block)", server.name),
            blocks => format!("{} ({blocks} blocks)", server.name),
        });
        lines.extend(table(server, width));
        for why in &server.missing {
            lines.extend(wrap(&format!("  {why}"), prose));
        }
    }
    lines.push(String::new());
    for sentence in conclusions(outcome) {
        lines.extend(wrap(&sentence, prose));
    }
    lines.push(format!("Verdict: {}.", outcome.verdict));
    lines.join("\n") + "\n"
}

/// What is held against what.
pub(super) fn heading(outcome: &Outcome) -> String {
    format!("{} against {}, in {}", side(&outcome.candidate), side(&outcome.base), outcome.scenario)
}

fn side(side: &Side) -> String {
    let dirty = if side.dirty == Some(true) { ", with changes" } else { "" };
    // As git shortens it, unless the name has it already.
    let commit = side
        .commit
        .as_deref()
        .and_then(|commit| commit.get(..7))
        .filter(|commit| !side.name.contains(commit));
    let commit = commit.map_or_else(String::new, |commit| format!(" at {commit}"));
    format!("{}{commit}{dirty}", side.name)
}

/// A line for each metric; the verdict has a line of its own where there is no room for it.
fn table(server: &Server, width: usize) -> Vec<String> {
    let cells: Vec<[String; 4]> = server
        .metrics
        .iter()
        .map(|metric| {
            [
                name(&metric.metric).to_owned(),
                values(metric),
                change(metric).unwrap_or_default(),
                metric
                    .verdict
                    .clone()
                    .unwrap_or_else(|| if is_shown_only(metric) { "shown only".into() } else { NONE.into() }),
            ]
        })
        .collect();
    let widest = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [widest(0), widest(1), widest(2), widest(3)];
    let fits = widths.iter().sum::<usize>() + 2 * widths.len() <= width;
    let lines = cells.iter().flat_map(|[name, values, change, verdict]| {
        let first = format!("  {name:<0$}  {values:>1$}", widths[0], widths[1]);
        let second = format!("{change:<0$}  {verdict}", widths[2]);
        if fits { vec![format!("{first}  {second}")] } else { vec![first, format!("    {second}")] }
    });
    lines.map(|line| line.trim_end().to_owned()).collect()
}

/// Whether it is there and has no limit.
pub(super) fn is_shown_only(metric: &Compared) -> bool {
    metric.base.is_some() && metric.limit.is_none()
}

/// A metric's name for people.
pub(super) fn name(metric: &str) -> &str {
    match metric {
        "cpu_us_per_request" => "CPU per request",
        "requests_per_sec" => "requests per second",
        "p99_ns" => "p99",
        "allocations_per_request" => "allocations per request",
        "syscalls_per_request" => "system calls per request",
        "syscalls_at_rest_per_request" => "system calls at rest",
        "instructions_per_request" => "instructions per request",
        other => other,
    }
}

/// A value of a metric, with its unit.
pub(super) fn value(metric: &str, value: f64) -> String {
    match metric {
        "cpu_us_per_request" => format!("{value:.2} µs"),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was an integer before"
        )]
        "p99_ns" => duration(value as u64),
        "allocations_per_request" | "syscalls_per_request" | "syscalls_at_rest_per_request" => {
            per_request(value)
        }
        _ => rate(value),
    }
}

fn values(metric: &Compared) -> String {
    let show = |value| self::value(&metric.metric, value);
    format!("{} → {}", or_none(metric.base, show), or_none(metric.candidate, show))
}

/// `+7.1 % [+5.2, +9.0]`, or `+7.1 %` where there is no interval.
pub(super) fn change(metric: &Compared) -> Option<String> {
    let change = format!("{:+.1} %", metric.change_percent?);
    let interval = metric.low_percent.zip(metric.high_percent);
    Some(change + &interval.map_or_else(String::new, |(low, high)| format!(" [{low:+.1}, {high:+.1}]")))
}

/// What follows from it, each in a sentence.
pub(super) fn conclusions(outcome: &Outcome) -> Vec<String> {
    let mut sentences = Vec::new();
    for (server, metric) in outcome.regressions() {
        let verdict = metric.verdict.as_deref().unwrap_or_default();
        let how = match change(metric) {
            Some(change) => format!("{change}, {verdict} (limit {} %)", metric.limit.unwrap_or_default()),
            None => format!("{}, {}", values(metric), ratchet::complaint(metric)),
        };
        sentences.push(format!("{}: {} {how}", server.name, name(&metric.metric)));
    }
    for server in &outcome.servers {
        let fewer =
            server.metrics.iter().filter(|metric| metric.verdict.as_deref() == Some(Verdict::Fewer.name()));
        sentences.extend(fewer.map(|metric| {
            let ask = ratchet::ask(&server.name, metric);
            format!("{}: {} {}, {ask}.", server.name, name(&metric.metric), values(metric))
        }));
    }
    if let Some(why) = &outcome.withdrawn {
        sentences.push(format!(
            "No time is judged: {why}, so the machine changed more than a verdict allows. Counts are judged all the \
             same. Run it again when the machine is quiet."
        ));
    }
    let slower: Vec<&str> = {
        let mut names: Vec<_> = outcome
            .regressions()
            .filter(|(_, metric)| metric.change_percent.is_some())
            .map(|(server, _)| server.name.as_str())
            .collect();
        names.dedup();
        names
    };
    if slower.len() >= 3 && slower.len() == outcome.servers.len() {
        sentences.push(
            "Every server is slower: look for what they share (the compiler and its flags, http1, handler) before you \
             look at any of them."
                .into(),
        );
    }
    let is = |metric: &Compared, wanted: Verdict| metric.verdict.as_deref() == Some(wanted.name());
    for server in &outcome.servers {
        // What is counted is told unless it could not be counted.
        let uncounted = server.metrics.iter().filter(|metric| metric.candidate.is_none());
        sentences.extend(uncounted.filter(|metric| is(metric, Verdict::CannotTell)).map(|metric| {
            format!(
                "{}: {} could not be counted in the candidate, so it cannot be told whether there are more.",
                server.name,
                name(&metric.metric)
            )
        }));
    }
    // One that is slower by one metric was not run on for the other.
    let open = outcome.servers.iter().filter(|server| {
        let timed = || server.metrics.iter().filter(|metric| metric.candidate.is_some());
        timed().any(|metric| is(metric, Verdict::CannotTell))
            && !timed().any(|metric| is(metric, Verdict::Slower))
    });
    let open: Vec<&Server> = open.collect();
    if !open.is_empty() && outcome.withdrawn.is_none() {
        let why = if open.iter().any(|server| server.blocks < BLOCKS_MIN) {
            "fewer blocks than a verdict takes"
        } else {
            "the trials differ too much for so few blocks"
        };
        let names: Vec<&str> = open.iter().map(|server| server.name.as_str()).collect();
        sentences.push(format!(
            "It cannot be told of {}: {why}. Give it more time (--budget 20m), a quieter machine, or a looser limit.",
            names.join(", ")
        ));
    }
    sentences.extend(outcome.notes.iter().cloned());
    if outcome.partial {
        sentences.push("It was interrupted, so what is above is as of the last look.".into());
    }
    sentences
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
