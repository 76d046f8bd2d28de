//! Bencher Metric Format: for each benchmark its measures, each with a value and, where it has one, an interval.

use std::collections::BTreeMap;

use serde::Serialize;

use super::bench::Bench;
use crate::report::Spread;
use crate::report::stats::round5;

/// Characters that the name of a benchmark may have.
const NAME_MAX: usize = 1024;

/// A value, with the names that Bencher gives its fields.
#[derive(Debug, Serialize)]
struct Metric {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper_value: Option<f64>,
}

/// The whole file; `None` where there is nothing.
pub(super) fn text(benches: &[&Bench<'_>]) -> Result<Option<String>, String> {
    let mut all: BTreeMap<String, BTreeMap<&str, Metric>> = BTreeMap::new();
    for bench in benches {
        let measures = measures(bench);
        if measures.is_empty() {
            continue;
        }
        let name = format!("{}/{}", bench.scenario, bench.server);
        if name.chars().count() > NAME_MAX {
            return Err(format!(
                "Bencher takes names of {NAME_MAX} characters, and one is longer; shorten {}",
                bench.server
            ));
        }
        all.insert(name, measures);
    }
    if all.is_empty() {
        return Ok(None);
    }
    serde_json::to_string_pretty(&all).map(|text| Some(text + "\n")).map_err(|error| error.to_string())
}

/// `throughput` is a measure that every project of Bencher's has; the others come to be when they are first sent.
fn measures<'a>(bench: &Bench<'_>) -> BTreeMap<&'a str, Metric> {
    let timed = [
        ("throughput", bench.spread(|trial| trial.requests_per_sec)),
        ("cpu-ns-per-request", bench.spread(|trial| trial.cpu_us.map(|us| us * 1e3))),
        ("p99-ns", bench.p99()),
    ];
    let counts = [
        ("allocations_per_request", "allocations-per-request"),
        ("syscalls_per_request", "syscalls-per-request"),
        ("syscalls_at_rest_per_request", "syscalls-at-rest-per-request"),
        ("instructions_per_request", "instructions-per-request"),
    ];
    let exact = |value| Metric { value, lower_value: None, upper_value: None };
    let mut all: BTreeMap<&str, Metric> =
        timed.into_iter().filter_map(|(name, spread)| Some((name, metric(spread?)))).collect();
    all.extend(counts.into_iter().filter_map(|(ours, theirs)| Some((theirs, exact(bench.count(ours)?)))));
    all
}

fn metric(spread: Spread) -> Metric {
    let end = |end: f64| spread.confidence.map(|_| round5(end));
    Metric { value: round5(spread.median), lower_value: end(spread.low), upper_value: end(spread.high) }
}
