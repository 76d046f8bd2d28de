//! Two runs side by side: by how much each server differs, and whether trials would explain it.

mod doubts;
mod text;

use serde::Serialize;

use super::document::{Document, Row, Scenario, Spread};
use super::stats::{chance, round5};

pub use text::text;

/// The schema of [`Comparison`] as JSON.
const SCHEMA: &str = "phase-lab/compare/1";

/// What differs between run A and run B.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    schema: &'static str,
    /// Where each run comes from.
    a: Origin,
    b: Origin,
    /// Why a difference may not be the servers' doing.
    doubts: Vec<String>,
    scenarios: Vec<Pair>,
    /// Scenarios and rows that only one of them has.
    only_a: Vec<String>,
    only_b: Vec<String>,
}

/// A run in short.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Origin {
    started_at: String,
    commit: Option<String>,
    dirty: Option<bool>,
}

/// A scenario that both have.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Pair {
    name: String,
    rows: Vec<Change>,
}

/// A row that both have.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Change {
    name: String,
    /// Requests per second.
    a: Option<Spread>,
    b: Option<Spread>,
    /// B's median over A's.
    ratio: Option<f64>,
    /// The least and the most that both intervals allow.
    ratio_low: Option<f64>,
    ratio_high: Option<f64>,
    /// Whether their intervals overlap; `null` where one of them has none.
    overlap: Option<bool>,
    /// How often trials of one and the same server would differ as much, on a machine that does not drift.
    chance: Option<f64>,
    cpu_us_per_request: Figure,
    /// Counted, so that a difference is one.
    syscalls_per_request: Figure,
    allocs_per_request: Figure,
    instructions_per_request: Figure,
    p99_ns: Figure,
    rss_peak_bytes: Figure,
    /// Over phase 0 of the same run: what a difference between machines leaves alone.
    speedup_a: Option<f64>,
    speedup_b: Option<f64>,
}

/// Something else that both measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Figure {
    a: Option<f64>,
    b: Option<f64>,
    /// B's over A's.
    ratio: Option<f64>,
    /// As for the rate; `null` where it is not measured in each trial.
    chance: Option<f64>,
}

/// Compares what both runs have.
pub fn compare(a: &Document, b: &Document) -> Comparison {
    let mut only_a = missing(a, b);
    let mut only_b = missing(b, a);
    let mut scenarios = Vec::new();
    for ours in &a.scenarios {
        let Some(theirs) = find(b, &ours.name) else { continue };
        let pairs = ours.rows.iter().filter_map(|row| Some((row, row_of(theirs, &row.name)?)));
        scenarios.push(Pair { name: ours.name.clone(), rows: pairs.map(|(a, b)| change(a, b)).collect() });
        let lone = |here: &Scenario, there: &Scenario| -> Vec<String> {
            let rows = here.rows.iter().filter(|row| row_of(there, &row.name).is_none());
            rows.map(|row| format!("{}, {}", here.name, row.name)).collect()
        };
        only_a.extend(lone(ours, theirs));
        only_b.extend(lone(theirs, ours));
    }
    Comparison {
        schema: SCHEMA,
        a: origin(a),
        b: origin(b),
        doubts: doubts::doubts(a, b),
        scenarios,
        only_a,
        only_b,
    }
}

fn origin(document: &Document) -> Origin {
    Origin { started_at: document.started_at.clone(), commit: document.commit.clone(), dirty: document.dirty }
}

fn find<'a>(document: &'a Document, name: &str) -> Option<&'a Scenario> {
    document.scenarios.iter().find(|scenario| scenario.name == name)
}

fn row_of<'a>(scenario: &'a Scenario, name: &str) -> Option<&'a Row> {
    scenario.rows.iter().find(|row| row.name == name)
}

fn missing(here: &Document, there: &Document) -> Vec<String> {
    let names = here.scenarios.iter().map(|scenario| scenario.name.clone());
    names.filter(|name| find(there, name).is_none()).collect()
}

fn change(a: &Row, b: &Row) -> Change {
    let pair = a.qps.zip(b.qps);
    let intervals = pair.filter(|(a, b)| a.confidence.is_some() && b.confidence.is_some());
    let cpu = |row: &Row| row.in_trials(|trial| trial.server.cpu_us_per_request);
    let rates = |row: &Row| row.in_trials(|trial| trial.qps);
    let figure = |of: fn(&Row) -> Option<f64>| Figure::of(of(a), of(b));
    Change {
        name: a.name.clone(),
        a: a.qps,
        b: b.qps,
        ratio: pair.and_then(|(a, b)| over(b.median, a.median)),
        ratio_low: intervals.and_then(|(a, b)| over(b.low, a.high)),
        ratio_high: intervals.and_then(|(a, b)| over(b.high, a.low)),
        overlap: intervals.map(|(a, b)| a.low <= b.high && b.low <= a.high),
        chance: chance(&rates(a), &rates(b)).map(round5),
        cpu_us_per_request: Figure {
            chance: chance(&cpu(a), &cpu(b)).map(round5),
            ..figure(|row| row.server.cpu_us_per_request)
        },
        syscalls_per_request: figure(|row| row.server.syscalls_per_request),
        allocs_per_request: figure(|row| row.server.allocs_per_request),
        instructions_per_request: figure(|row| row.server.instructions_per_request),
        p99_ns: figure(|row| row.latency_ns.map(|latency| latency.p99 as f64)),
        rss_peak_bytes: figure(|row| row.server.rss_peak_bytes.map(|bytes| bytes as f64)),
        speedup_a: a.speedup,
        speedup_b: b.speedup,
    }
}

impl Figure {
    fn of(a: Option<f64>, b: Option<f64>) -> Self {
        Self { a, b, ratio: a.zip(b).and_then(|(a, b)| over(b, a)), chance: None }
    }
}

/// `None` where there is nothing to divide by.
fn over(b: f64, a: f64) -> Option<f64> {
    let ratio = b / a;
    ratio.is_finite().then(|| round5(ratio))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_run_is_like_itself() {
        let comparison = compare(&sample::reference(), &sample::reference());
        // Of the run itself, and not of a difference.
        let bound = |doubt: &&String| doubt.starts_with("The load generator was the bottleneck");
        assert_eq!(comparison.doubts.iter().find(|doubt| !bound(doubt)), None);
        assert_eq!((comparison.only_a.len(), comparison.only_b.len()), (0, 0));
        for change in comparison.scenarios.iter().flat_map(|pair| &pair.rows) {
            assert_eq!((change.ratio, change.overlap), (Some(1.0), Some(true)), "{change:?}");
            assert_eq!(
                (change.chance, change.cpu_us_per_request.ratio),
                (Some(1.0), Some(1.0)),
                "{change:?}"
            );
        }
    }

    #[test]
    fn intervals_that_do_not_meet_are_apart() {
        let (a, mut b) = (sample::document(), sample::document());
        let qps = b.scenarios[0].rows[1].qps.as_mut().unwrap();
        *qps = Spread { median: 8600.0, low: 8500.0, high: 8700.0, confidence: Some(0.75) };
        let single = b.scenarios[0].rows[2].qps.as_mut().unwrap();
        single.confidence = None;
        let rows = compare(&a, &b).scenarios.remove(0).rows;
        assert_eq!((rows[0].overlap, rows[1].overlap, rows[1].ratio), (Some(true), Some(false), Some(2.0)));
        assert_eq!(rows[2].overlap, None, "a single trial has no interval");
    }

    #[test]
    fn three_trials_that_all_differ_may_be_chance_one_time_in_ten() {
        let (a, mut b) = (sample::document(), sample::document());
        for trial in &mut b.scenarios[0].rows[0].trials {
            trial.server.cpu_us_per_request = Some(50.0);
            trial.qps = trial.qps.map(|qps| qps * 2.0);
        }
        let row = &mut b.scenarios[0].rows[0];
        row.server.cpu_us_per_request = Some(50.0);
        row.server.allocs_per_request = Some(3.0);
        let change = compare(&a, &b).scenarios.remove(0).rows.remove(0);
        assert_eq!((change.chance, change.cpu_us_per_request.chance), (Some(0.1), Some(0.1)));
        assert_eq!(change.cpu_us_per_request.ratio, Some(1.2048));
        assert_eq!((change.allocs_per_request.b, change.allocs_per_request.ratio), (Some(3.0), None));
    }

    #[test]
    fn what_only_one_run_has_is_named() {
        let (mut a, mut b) = (sample::reference(), sample::reference());
        a.scenarios.remove(2);
        b.scenarios[0].rows.remove(0);
        let comparison = compare(&a, &b);
        assert_eq!(comparison.only_a, ["reference, phase0-serial"]);
        assert_eq!(comparison.only_b, ["plaintext"]);
    }
}
