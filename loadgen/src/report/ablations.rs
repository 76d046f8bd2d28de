//! What each mechanism is worth: a phase beside itself without it. HTML draws it and Markdown has it as a table.

use super::document::{Row, Scenario, Spread};
use super::format::{NONE, rate, times};
use super::stats::spread;
use super::tables::{Cell, Table};

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
    pub(super) phase: &'a Row,
    /// The phase's number and the mechanism, in words.
    pub(super) mechanism: String,
    pub(super) measure: Measure,
    pub(super) without: f64,
    pub(super) with: f64,
    /// How many times as good the phase is with it.
    pub(super) worth: f64,
    /// The least and the most favourable ends of both intervals; `None` where one of them is a single trial.
    pub(super) interval: Option<(f64, f64)>,
}

impl Step<'_> {
    /// Whether the intervals are apart, and the client was not what was measured. Those of three trials each are
    /// apart by chance one time in ten.
    pub(super) fn is_told(&self) -> bool {
        let apart = self.interval.is_some_and(|(low, high)| low > 1.0 || high < 1.0);
        apart && self.measure != Measure::ClientsRate
    }

    /// What keeps it from being told, and where it was not the rate that was compared.
    pub(super) fn doubt(&self) -> Option<&'static str> {
        match (self.measure, self.interval) {
            (Measure::ClientsRate, _) => Some("the client was the bottleneck"),
            (_, None) => Some("one trial"),
            _ if self.is_told() => None,
            _ => Some("may be chance"),
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
            Measure::Cpu => format!("{value:.1} µs"),
        };
        (show(self.without), show(self.with))
    }
}

/// Two decimals where one would say that nothing happened.
pub(super) fn factor(worth: f64) -> String {
    if worth < 2.0 { format!("{worth:.2}x") } else { times(worth) }
}

/// A step for each row that had one mechanism turned off, beside the phase that has it.
pub(super) fn steps(scenario: &Scenario) -> Vec<Step<'_>> {
    scenario.rows.iter().filter_map(|row| step(scenario, row)).collect()
}

fn step<'a>(scenario: &'a Scenario, row: &Row) -> Option<Step<'a>> {
    if row.kind != "ablation" {
        return None;
    }
    let (name, options) = row.name.split_once(' ')?;
    let phase = scenario.rows.iter().find(|phase| phase.kind == "phase" && phase.name == name)?;
    let rates = row.qps?.median > 0.0 && phase.qps?.median > 0.0;
    let bound = row.client.bound || phase.client.bound;
    let (measure, without, with) = match (bound, cpu(row).zip(cpu(phase))) {
        (true, Some((without, with))) => (Measure::Cpu, without, with),
        (true, None) => (Measure::ClientsRate, row.qps?, phase.qps?),
        (false, _) => (Measure::Rate, row.qps?, phase.qps?),
    };
    // Less CPU is better, and more requests are.
    let (better, worse) = if measure == Measure::Cpu { (without, with) } else { (with, without) };
    let both = better.confidence.is_some() && worse.confidence.is_some() && worse.low > 0.0;
    let mechanism = row.without.clone().unwrap_or_else(|| format!("what {options} changes"));
    let number = name.strip_prefix("phase").and_then(|rest| rest.split('-').next()).unwrap_or(name);
    rates.then(|| Step {
        phase,
        mechanism: format!("{number}: {mechanism}"),
        measure,
        without: without.median,
        with: with.median,
        worth: better.median / worse.median,
        interval: both.then(|| (better.low / worse.high, better.high / worse.low)),
    })
}

/// The row's CPU time per request, with an interval from its trials as the rate has one.
fn cpu(row: &Row) -> Option<Spread> {
    let us = row.server.cpu_us_per_request.filter(|us| *us > 0.0)?;
    let counted = row.trials.iter().filter(|trial| trial.failed.is_none());
    let each: Vec<f64> = counted.filter_map(|trial| trial.server.cpu_us_per_request).collect();
    let trials = spread(&each).unwrap_or(Spread { median: us, low: us, high: us, confidence: None });
    // The row's is that of all its requests, so it need not be the median of its trials.
    Some(Spread { median: us, low: trials.low.min(us), high: trials.high.max(us), ..trials })
}

/// The steps as a table; `None` where nothing was turned off.
pub(super) fn table(steps: &[Step<'_>]) -> Option<Table> {
    let doubted = steps.iter().any(|step| step.doubt().is_some());
    let rows = steps.iter().map(|step| {
        let (without, with) = step.compared();
        let interval = step.interval.map(|(low, high)| format!("{}–{}", factor(low), factor(high)));
        let mut cells = vec![
            Cell::Code(step.phase.name.clone()),
            Cell::Text(step.mechanism.clone()),
            Cell::Text(without),
            Cell::Text(with),
            Cell::Strong(factor(step.worth)),
            Cell::Text(interval.unwrap_or_else(|| NONE.into())),
        ];
        cells.extend(doubted.then(|| Cell::Text(step.doubt().unwrap_or_default().into())));
        cells
    });
    let mut titles = vec!["phase", "mechanism", "without", "with", "worth", "low–high"];
    titles.extend(doubted.then_some("doubt"));
    (!steps.is_empty()).then(|| Table { titles, left: 2, rows: rows.collect() })
}

/// How to read them.
pub(super) fn note(steps: &[Step<'_>]) -> String {
    let mut note =
        "What rests on a mechanism goes with it, as remembered heads do with the zero-copy parser and with \
                    phase 4's pools, so they need not add up."
            .to_owned();
    if steps.iter().any(|step| step.measure == Measure::Cpu) {
        note += " Where the client was the bottleneck, the rates are its own, and the server's CPU time per request \
                 is compared instead.";
    }
    if steps.iter().any(|step| step.doubt() == Some("may be chance")) {
        note += " What may be chance has an interval that holds 1.";
    }
    note
}

#[cfg(test)]
#[path = "ablations_tests.rs"]
mod tests;
