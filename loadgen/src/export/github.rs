//! What github-action-benchmark reads as a custom result: a list of values, all of them better smaller or all bigger.

use serde::Serialize;

use super::bench::{Bench, Source};
use crate::report::Spread;
use crate::report::stats::round5;

/// One value, with the names that the action gives its fields.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    unit: &'static str,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    extra: String,
}

/// The whole file, of rates or of all else; `None` where there is nothing.
pub(super) fn text(
    source: &Source<'_>,
    benches: &[&Bench<'_>],
    rates: bool,
) -> Result<Option<String>, String> {
    let of = if rates { rates_of } else { costs_of };
    let entries: Vec<Entry> = benches.iter().flat_map(|bench| of(source, bench)).collect();
    if entries.is_empty() {
        return Ok(None);
    }
    serde_json::to_string_pretty(&entries).map(|text| Some(text + "\n")).map_err(|error| error.to_string())
}

fn rates_of(source: &Source<'_>, bench: &Bench<'_>) -> Vec<Entry> {
    let rate = bench.spread(|trial| trial.requests_per_sec);
    rate.map(|rate| entry(source, bench, "rate", "requests/s", rate)).into_iter().collect()
}

fn costs_of(source: &Source<'_>, bench: &Bench<'_>) -> Vec<Entry> {
    let timed = [("CPU per request", "µs", bench.spread(|trial| trial.cpu_us)), ("p99", "ns", bench.p99())];
    let counted = [
        ("allocations", "allocations/request", bench.count("allocations_per_request")),
        ("system calls", "calls/request", bench.count("syscalls_per_request")),
        ("system calls at rest", "calls/request", bench.count("syscalls_at_rest_per_request")),
        ("instructions", "instructions/request", bench.count("instructions_per_request")),
    ];
    let timed =
        timed.into_iter().filter_map(|(what, unit, spread)| Some(entry(source, bench, what, unit, spread?)));
    let counted = counted.into_iter().filter_map(|(what, unit, count)| {
        Some(Entry {
            name: name(bench, what),
            unit,
            value: round5(count?),
            range: None,
            extra: format!("counted once, {}", source.started_at),
        })
    });
    timed.chain(counted).collect()
}

fn name(bench: &Bench<'_>, what: &str) -> String {
    format!("{}, {}: {what}", bench.server, bench.scenario)
}

fn entry(source: &Source<'_>, bench: &Bench<'_>, what: &str, unit: &'static str, spread: Spread) -> Entry {
    let trials = bench.sound().count();
    let mut extra = vec![format!("median of {trials} trials, {}", source.started_at)];
    extra.extend(spread.confidence.map(|confidence| {
        let percent = confidence * 100.0;
        format!(
            "interval {} to {}, which holds it in {percent:.0} % of cases",
            round5(spread.low),
            round5(spread.high)
        )
    }));
    // The action keeps a single number: that of the farther end.
    let range = spread.confidence.map(|_| (spread.median - spread.low).max(spread.high - spread.median));
    Entry {
        name: name(bench, what),
        unit,
        value: round5(spread.median),
        range: range.map(|range| format!("± {}", round5(range))),
        extra: extra.join("\n"),
    }
}
