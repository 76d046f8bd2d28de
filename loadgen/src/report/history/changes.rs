//! Which series changed their level, at which run, and between which commits.

use serde::Serialize;

use super::level::{self, RUNS_MIN, median, runs_needed};
use super::trend::{Machine, Point, Trend};
use crate::report::stats::round5;

/// The schema of [`Changes`] as JSON.
const SCHEMA: &str = "phase-lab/changes/1";
/// How often a machine on which nothing changed has a change told of what is measured, in any of its series.
pub(super) const ERROR: f64 = 0.05;

/// The changes in all histories that were read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changes {
    schema: &'static str,
    /// In the order of the histories.
    pub(in super::super) machines: Vec<OfMachine>,
}

/// Those of one machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in super::super) struct OfMachine {
    pub(in super::super) name: String,
    /// Series of measured figures that are long enough to be looked at.
    pub(super) series: usize,
    /// How unlikely a change has to be as chance in each of them, so that all together stay within 5 %.
    pub(super) error_each: f64,
    pub(in super::super) changes: Vec<Change>,
    /// Servers with fewer runs than it takes.
    pub(super) short: Vec<Short>,
}

/// A change of level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in super::super) struct Change {
    pub(in super::super) scenario: String,
    pub(in super::super) row: String,
    pub(in super::super) metric: Metric,
    /// The median of the runs from the change before, or the first run, to this one.
    pub(in super::super) before: f64,
    /// From this one to the next, or the last run.
    pub(in super::super) after: f64,
    /// `null` where there is nothing to divide by.
    pub(in super::super) ratio: Option<f64>,
    /// How often chance alone has it so; `null` of what is counted.
    pub(in super::super) chance: Option<f64>,
    pub(in super::super) last_before: Run,
    pub(in super::super) first_after: Run,
}

/// A run of a machine's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in super::super) struct Run {
    /// Among the machine's runs, from 1.
    pub(in super::super) number: usize,
    pub(in super::super) started_at: String,
    pub(in super::super) commit: Option<String>,
}

/// A server whose runs are too few.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Short {
    pub(super) scenario: String,
    pub(super) row: String,
    /// Whole runs with three trials and more.
    pub(super) runs: usize,
    pub(super) needed: usize,
}

/// What is looked at. The names are those of `gate.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Metric {
    /// Requests per second.
    #[serde(rename = "requests_per_sec")]
    Qps,
    /// CPU time per request, in microseconds.
    #[serde(rename = "cpu_us_per_request")]
    Cpu,
    /// Allocations per request.
    #[serde(rename = "allocations_per_request")]
    Allocations,
    /// System calls per request at rest.
    #[serde(rename = "syscalls_at_rest_per_request")]
    Syscalls,
}

impl Metric {
    const MEASURED: [Self; 2] = [Self::Qps, Self::Cpu];
    const COUNTED: [Self; 2] = [Self::Allocations, Self::Syscalls];

    /// What people call it.
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::Qps => "requests per second",
            Self::Cpu => "CPU per request",
            Self::Allocations => "allocations per request",
            Self::Syscalls => "system calls at rest",
        }
    }

    fn is_counted(self) -> bool {
        Self::COUNTED.contains(&self)
    }

    fn of(self, point: &Point) -> Option<f64> {
        match self {
            Self::Qps => Some(point.qps),
            Self::Cpu => point.cpu_us,
            Self::Allocations => point.allocs,
            Self::Syscalls => point.syscalls,
        }
    }
}

/// A figure of one server, run after run.
fn series(trend: &Trend, metric: Metric) -> Vec<(&Point, f64)> {
    // What is counted is as exact in a quick run.
    let says = |point: &&Point| !point.partial && (metric.is_counted() || !point.quick);
    let all: Vec<_> =
        trend.points.iter().filter(says).filter_map(|point| Some((point, metric.of(point)?))).collect();
    all[all.len().saturating_sub(level::RUNS_MAX)..].to_vec()
}

/// Looks for changes in every series of every machine. Of what is counted, `tolerance` says how far a row's may be off
/// without having changed.
pub fn changes(machines: &[Machine], tolerance: &dyn Fn(&str, Metric) -> f64) -> Changes {
    let of_machine = |machine: &Machine| {
        let measured =
            machine.trends.iter().flat_map(|trend| Metric::MEASURED.map(|metric| series(trend, metric)));
        let long = measured.filter(|series| series.len() >= 2 * RUNS_MIN).count();
        let error_each = ERROR / long.max(1) as f64;
        let needed = runs_needed(error_each);
        let mut found = Vec::new();
        let mut short = Vec::new();
        for trend in &machine.trends {
            for metric in Metric::MEASURED {
                let series = series(trend, metric);
                let values: Vec<f64> = series.iter().map(|(_, value)| *value).collect();
                let places = level::changes(&values, error_each);
                found.extend(told(
                    trend,
                    metric,
                    &series,
                    places.iter().map(|change| (change.at, Some(change.chance))),
                ));
                if metric == Metric::Qps && series.len() < needed {
                    let (scenario, row) = (trend.scenario.clone(), trend.row.clone());
                    short.push(Short { scenario, row, runs: series.len(), needed });
                }
            }
            for metric in Metric::COUNTED {
                let series = series(trend, metric);
                let values: Vec<f64> = series.iter().map(|(_, value)| *value).collect();
                let places = level::steps(&values, tolerance(&trend.row, metric));
                found.extend(told(trend, metric, &series, places.into_iter().map(|at| (at, None))));
            }
        }
        OfMachine {
            name: machine.name.clone(),
            series: long,
            error_each: round5(error_each),
            changes: found,
            short,
        }
    };
    Changes { schema: SCHEMA, machines: machines.iter().map(of_machine).collect() }
}

/// The changes of one series, each between its neighbours.
fn told(
    trend: &Trend,
    metric: Metric,
    series: &[(&Point, f64)],
    places: impl Iterator<Item = (usize, Option<f64>)>,
) -> Vec<Change> {
    let places: Vec<_> = places.collect();
    let run = |(point, _): &(&Point, f64)| Run {
        number: point.run + 1,
        started_at: point.started_at.clone(),
        commit: point.commit.clone(),
    };
    let level = |from: usize, to: usize| {
        median(&series[from..to].iter().map(|(_, value)| *value).collect::<Vec<_>>())
    };
    let each = places.iter().enumerate().map(|(index, &(at, chance))| {
        let from = index.checked_sub(1).map_or(0, |before| places[before].0);
        let to = places.get(index + 1).map_or(series.len(), |next| next.0);
        let (before, after) = (level(from, at), level(at, to));
        Change {
            scenario: trend.scenario.clone(),
            row: trend.row.clone(),
            metric,
            before: round5(before),
            after: round5(after),
            ratio: Some(after / before).filter(|ratio| ratio.is_finite()).map(round5),
            chance: chance.map(round5),
            last_before: run(&series[at - 1]),
            first_after: run(&series[at]),
        }
    });
    each.collect()
}

/// Marks in the trends the runs since which a level is another, for whoever draws them.
pub fn mark(machines: &mut [Machine], changes: &Changes) {
    for (machine, found) in machines.iter_mut().zip(&changes.machines) {
        for change in &found.changes {
            let same = |trend: &&mut Trend| trend.scenario == change.scenario && trend.row == change.row;
            let points = machine.trends.iter_mut().filter(same).flat_map(|trend| &mut trend.points);
            points
                .filter(|point| point.run + 1 == change.first_after.number)
                .for_each(|point| point.changed = true);
        }
    }
}

#[cfg(test)]
#[path = "changes_tests.rs"]
pub(in crate::report) mod tests;
