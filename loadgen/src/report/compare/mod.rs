//! Two runs side by side: by how much each server differs, and whether trials would explain it.

mod doubts;
mod text;

use serde::Serialize;

use super::document::{Document, Row, Scenario, Spread};
use super::stats::round5;

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
    a: Option<Spread>,
    b: Option<Spread>,
    /// B's median over A's.
    ratio: Option<f64>,
    /// Whether their intervals overlap; `null` where one of them has none.
    overlap: Option<bool>,
    /// Over phase 0 of the same run: what a difference between machines leaves alone.
    speedup_a: Option<f64>,
    speedup_b: Option<f64>,
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
    Change {
        name: a.name.clone(),
        a: a.qps,
        b: b.qps,
        ratio: pair.map(|(a, b)| b.median / a.median).filter(|ratio| ratio.is_finite()).map(round5),
        overlap: intervals.map(|(a, b)| a.low <= b.high && b.low <= a.high),
        speedup_a: a.speedup,
        speedup_b: b.speedup,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_run_is_like_itself() {
        let comparison = compare(&sample::reference(), &sample::reference());
        assert_eq!(comparison.doubts, [""; 0]);
        assert_eq!((comparison.only_a.len(), comparison.only_b.len()), (0, 0));
        for change in comparison.scenarios.iter().flat_map(|pair| &pair.rows) {
            assert_eq!((change.ratio, change.overlap), (Some(1.0), Some(true)), "{change:?}");
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
    fn what_only_one_run_has_is_named() {
        let (mut a, mut b) = (sample::reference(), sample::reference());
        a.scenarios.remove(2);
        b.scenarios[0].rows.remove(0);
        let comparison = compare(&a, &b);
        assert_eq!(comparison.only_a, ["reference, phase0-serial"]);
        assert_eq!(comparison.only_b, ["plaintext"]);
    }
}
