//! Go benchmark text, as <https://go.dev/design/14313-benchmark-format> has it and benchstat reads it.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::bench::{Bench, Source, Trial};

/// How a count is written, and whether it is the same each time it is taken.
const COUNTS: [(&str, &str, bool); 4] = [
    ("allocations_per_request", "allocs/req", true),
    ("syscalls_per_request", "syscalls/req", false),
    ("syscalls_at_rest_per_request", "syscalls-at-rest/req", true),
    ("instructions_per_request", "instructions/req", false),
];

/// The whole file; `None` where no trial has anything to tell.
#[expect(clippy::unnecessary_wraps, reason = "all formats have the same form")]
pub(super) fn text(source: &Source<'_>, benches: &[&Bench<'_>]) -> Result<Option<String>, String> {
    let machine = source.machine;
    let mut text = format!("goos: {}\ngoarch: {}\npkg: loadgen\n", machine.os, go_arch(&machine.arch));
    if let Some(model) = &machine.cpu_model {
        let _ = writeln!(text, "cpu: {}", one_line(model));
    }
    // Its spread is not to be reckoned with.
    let exact = COUNTS.iter().filter(|(.., exact)| *exact);
    let counted = exact.filter(|(count, ..)| benches.iter().any(|bench| bench.count(count).is_some()));
    for (_, unit, _) in counted {
        let _ = writeln!(text, "Unit {unit} assume=exact");
    }
    let mut taken = BTreeSet::new();
    let mut lines = 0;
    for bench in benches {
        let name = free_name(bench, machine.cpus, &mut taken);
        for line in bench.sound().filter_map(|trial| line(&name, bench, trial)) {
            text += &line;
            lines += 1;
        }
    }
    Ok((lines > 0).then_some(text))
}

/// A trial; `None` where nothing of it was measured.
fn line(name: &str, bench: &Bench<'_>, trial: &Trial<'_>) -> Option<String> {
    let mut values = Vec::new();
    let mut add = |value: Option<f64>, unit: &str| {
        values
            .extend(value.filter(|value| value.is_finite()).map(|value| format!("{} {unit}", number(value))));
    };
    add(trial.requests_per_sec.filter(|&rate| rate > 0.0).map(|rate| 1e9 / rate), "ns/op");
    add(trial.cpu_us.map(|us| us * 1e3), "cpu-ns/req");
    add(trial.p50_ns.map(|ns| ns as f64), "p50-ns");
    add(trial.p99_ns.map(|ns| ns as f64), "p99-ns");
    if values.is_empty() {
        return None;
    }
    let mut add = |value: Option<f64>, unit: &str| {
        values.extend(value.map(|value| format!("{} {unit}", number(value))));
    };
    for (count, unit, _) in COUNTS {
        add(bench.count(count), unit);
    }
    // A gate does not say how many requests a trial had; readers only want a number of at least 1.
    let requests = trial.requests.unwrap_or(1).max(1);
    Some(format!("{name}\t{requests}\t{}\n", values.join("\t")))
}

/// `BenchmarkServe/phase=phase3-pooled/scenario=plaintext/conns=64-2`, which nothing else in the file is called.
fn free_name(bench: &Bench<'_>, cpus: Option<usize>, taken: &mut BTreeSet<String>) -> String {
    let mut name = format!("BenchmarkServe/phase={}/scenario={}", part(bench.server), part(bench.scenario));
    if let Some(connections) = bench.connections {
        let _ = write!(name, "/conns={connections}");
    }
    let suffix = cpus.map_or_else(String::new, |cpus| format!("-{cpus}"));
    // Two servers whose names differ in spaces alone are two.
    let numbered = |n: usize| if n == 1 { String::new() } else { format!("/nth={n}") };
    let mut free = (1..).map(|n| format!("{name}{}{suffix}", numbered(n)));
    let found = free.find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(found.clone());
    found
}

/// A name as a part of one: spaces end it, slashes divide it.
fn part(name: &str) -> String {
    let part: String =
        name.chars().map(|c| if c.is_whitespace() || c.is_control() || c == '/' { '_' } else { c }).collect();
    if part.is_empty() { "_".into() } else { part }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Go's name for an architecture.
fn go_arch(arch: &str) -> &str {
    match arch {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Without an exponent, which not every reader takes.
fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_others_is_one_part_of_one_word() {
        assert_eq!(part("phase1-threads --workers 1"), "phase1-threads_--workers_1");
        assert_eq!((part("a/b\u{a0}c\n").as_str(), part("").as_str()), ("a_b_c_", "_"));
    }

    #[test]
    fn numbers_have_no_exponent_and_no_empty_digits() {
        assert_eq!(
            [3.0, 0.0, 39_538.123_46, 0.02, 1e15].map(number),
            ["3", "0", "39538.1235", "0.02", "1000000000000000"]
        );
    }
}
