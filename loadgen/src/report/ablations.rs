//! What each mechanism is worth: a phase beside itself without it. HTML draws it and Markdown has it as a table.
//!
//! A mechanism that others rest on takes them along when it goes. So that it is not credited with their gain, the
//! others are off on both sides then: a row is held against the one that has all of its options but the last ones.

use super::document::{Row, Scenario};
use super::format::{NONE, micros, rate, times};
use super::rounds::{self, ratio};
use super::tables::{Cell, Table};
use crate::lab::rows::AND;

/// An interval that holds the true worth less often than this tells little. Six trials reach it…
const CONFIDENCE_MIN: f64 = 0.95;
/// …but so many times better or worse in every round is no noise.
const OBVIOUS: f64 = 1.5;

/// The doubt about an interval that more trials would make worth something.
const TOO_FEW: &str = "too few trials";

/// What the two are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Requests per second.
    Rate,
    /// The server's CPU time per request, because the client was the bottleneck and both rates are its own.
    Cpu,
    /// The rate, although the client was the bottleneck: CPU time was not measured.
    ClientsRate,
}

/// A mechanism, and what there was without it and with it.
#[derive(Debug)]
pub(super) struct Step<'a> {
    /// The row that has it: the phase, or the phase without what rests on the mechanism.
    pub(super) base: &'a Row,
    /// The phase's number and the mechanism, in words.
    pub(super) mechanism: String,
    pub(super) measure: Measure,
    pub(super) without: f64,
    pub(super) with: f64,
    /// How many times as good the phase is with it: the median over rounds.
    pub(super) worth: f64,
    /// The interval of that; `None` where there was one round.
    pub(super) interval: Option<(f64, f64)>,
    /// How often such an interval holds the true worth.
    confidence: f64,
}

impl Step<'_> {
    /// Whether nothing speaks against it.
    pub(super) fn is_told(&self) -> bool {
        self.doubt().is_none()
    }

    /// Why it may not be so.
    pub(super) fn doubt(&self) -> Option<&'static str> {
        match (self.measure, self.interval) {
            (Measure::ClientsRate, _) => Some("the client was the bottleneck"),
            (_, None) => Some("one trial"),
            (_, Some((low, high))) if low <= 1.0 && high >= 1.0 => Some("may be chance"),
            (_, Some((low, high)))
                if self.confidence < CONFIDENCE_MIN && low < OBVIOUS && high > 1.0 / OBVIOUS =>
            {
                Some(TOO_FEW)
            }
            _ => None,
        }
    }

    /// `1.08x (1.05x to 1.12x)`, by what if not by the rate, and what to doubt about it.
    pub(super) fn words(&self) -> String {
        let interval = self.interval.map(|(low, high)| format!(" ({} to {})", factor(low), factor(high)));
        let by = if self.measure == Measure::Cpu { " by CPU" } else { "" };
        let doubt = self.doubt().map(|doubt| format!(", {doubt}"));
        factor(self.worth) + &interval.unwrap_or_default() + by + &doubt.unwrap_or_default()
    }

    /// What it was compared by, both numbers with their unit.
    pub(super) fn compared(&self) -> (String, String) {
        let show = |value: f64| match self.measure {
            Measure::Rate | Measure::ClientsRate => format!("{}/s", rate(value)),
            Measure::Cpu => micros(value),
        };
        (show(self.without), show(self.with))
    }
}

/// Two decimals where one would say that nothing happened.
pub(super) fn factor(worth: f64) -> String {
    if worth < 2.0 { format!("{worth:.2}x") } else { times(worth) }
}

/// A step for each row that had a mechanism turned off, beside the one that has it.
pub(super) fn steps(scenario: &Scenario) -> Vec<Step<'_>> {
    scenario.rows.iter().filter_map(|row| step(scenario, row)).collect()
}

/// That of one row.
pub(super) fn step<'a>(scenario: &'a Scenario, row: &Row) -> Option<Step<'a>> {
    if row.kind != "ablation" {
        return None;
    }
    let base = base(scenario, row)?;
    let bound = rounds::is_mostly_bound(row) || rounds::is_mostly_bound(base);
    let both_cpu = row.server.cpu_us_per_request.zip(base.server.cpu_us_per_request);
    // Less CPU is better, and more requests are.
    let (measure, without, with, worth) = if let (true, Some((without, with))) = (bound, both_cpu) {
        (Measure::Cpu, without, with, ratio(row, base, rounds::cpu)?)
    } else {
        let measure = if bound { Measure::ClientsRate } else { Measure::Rate };
        (measure, row.qps?.median, base.qps?.median, ratio(base, row, rounds::rate)?)
    };
    Some(Step {
        base,
        mechanism: mechanism(row, base),
        measure,
        without,
        with,
        worth: worth.median,
        interval: worth.confidence.map(|_| (worth.low, worth.high)),
        confidence: worth.confidence.unwrap_or(0.0),
    })
}

/// The row with the most of this one's options, in their order.
fn base<'a>(scenario: &'a Scenario, row: &Row) -> Option<&'a Row> {
    let begins = |other: &&Row| row.name.strip_prefix(&other.name).is_some_and(|rest| rest.starts_with(' '));
    let lab = |other: &&Row| matches!(other.kind.as_str(), "phase" | "ablation");
    scenario.rows.iter().filter(lab).filter(begins).max_by_key(|other| other.name.len())
}

/// The phase's number, what neither row has, and what only `base` has.
fn mechanism(row: &Row, base: &Row) -> String {
    let phase = row.name.split(' ').next().unwrap_or_default();
    let number = phase.strip_prefix("phase").and_then(|rest| rest.split('-').next()).unwrap_or(phase);
    let changed = || format!("what {} changes", row.name[base.name.len()..].trim_start());
    let lacks = row.without.as_deref();
    match base.without.as_deref() {
        None if base.kind == "phase" => format!("{number}: {}", lacks.map_or_else(changed, str::to_owned)),
        None => format!("{number}: {}", changed()),
        Some(both) => {
            let own = lacks.and_then(|lacks| lacks.strip_prefix(both)?.strip_prefix(AND));
            format!("{number}, without {both}: {}", own.map_or_else(changed, str::to_owned))
        }
    }
}

/// The steps as a table; `None` where nothing was turned off.
pub(super) fn table(steps: &[Step<'_>]) -> Option<Table> {
    let doubted = steps.iter().any(|step| step.doubt().is_some());
    let rows = steps.iter().map(|step| {
        let (without, with) = step.compared();
        let interval = step.interval.map(|(low, high)| format!("{}–{}", factor(low), factor(high)));
        let mut cells = vec![
            Cell::Code(step.base.name.clone()),
            Cell::Text(step.mechanism.clone()),
            Cell::Text(without),
            Cell::Text(with),
            Cell::Strong(factor(step.worth)),
            Cell::Text(interval.unwrap_or_else(|| NONE.into())),
        ];
        cells.extend(doubted.then(|| Cell::Text(step.doubt().unwrap_or_default().into())));
        cells
    });
    let mut titles = vec!["server", "mechanism", "without", "with", "worth", "low–high"];
    titles.extend(doubted.then_some("doubt"));
    (!steps.is_empty()).then(|| Table { titles, left: 2, rows: rows.collect() })
}

/// How to read them.
pub(super) fn note(steps: &[Step<'_>]) -> String {
    let mut note = "Each is turned off alone, so they need not add up.".to_owned();
    if steps.iter().any(|step| step.base.kind != "phase") {
        note += " Where one rests on another, as remembered heads do on the zero-copy parser and on phase 4's pools, \
                 what rests on it is off on both sides.";
    }
    if steps.iter().any(|step| step.measure == Measure::Cpu) {
        note += " Where the client was the bottleneck, the rates are its own, and the server's CPU time per request \
                 is compared instead.";
    }
    note += " A low–high that holds 1 may be chance, and of twenty that hold the true worth 95 % of the time one does not.";
    if steps.iter().any(|step| step.doubt() == Some(TOO_FEW)) {
        note += " That often takes six trials (--trials 6).";
    }
    note
}

#[cfg(test)]
#[path = "ablations_tests.rs"]
mod tests;
