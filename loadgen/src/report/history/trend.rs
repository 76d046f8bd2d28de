//! From lines to trends: a server's rates in one scenario, run after run.

use std::collections::BTreeMap;

use super::super::stats::spread;
use super::{Entry, History};

/// The runs of one machine.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(in super::super) name: String,
    pub(in super::super) runs: usize,
    pub(in super::super) trends: Vec<Trend>,
}

/// One server in one scenario.
#[derive(Clone, Debug)]
pub struct Trend {
    pub(in super::super) scenario: String,
    pub(in super::super) row: String,
    pub(in super::super) kind: String,
    /// In order of time.
    pub(in super::super) points: Vec<Point>,
}

/// One run of it.
#[derive(Clone, Debug)]
pub(in super::super) struct Point {
    /// Which of the machine's runs, from 0.
    pub(in super::super) run: usize,
    pub(in super::super) started_at: String,
    pub(in super::super) commit: Option<String>,
    pub(in super::super) qps: f64,
    pub(in super::super) partial: bool,
    pub(in super::super) quick: bool,
}

impl Trend {
    fn rates(&self, sound: bool) -> Vec<f64> {
        let points = self.points.iter().filter(|point| !sound || !(point.partial || point.quick));
        points.map(|point| point.qps).collect()
    }

    /// The median of the whole runs with enough trials, or of all where there are no such.
    pub(in super::super) fn median(&self) -> Option<f64> {
        let median = |rates: &[f64]| spread(rates).map(|spread| spread.median);
        median(&self.rates(true)).or_else(|| median(&self.rates(false)))
    }
}

/// Each machine's trends, scenarios and rows in the order of their first run.
pub fn machines(histories: &[History]) -> Vec<Machine> {
    histories.iter().map(machine).collect()
}

fn machine(history: &History) -> Machine {
    let mut runs: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for entry in &history.entries {
        let next = runs.len();
        runs.entry((&entry.started_at, &entry.run)).or_insert(next);
    }
    let mut trends: Vec<Trend> = Vec::new();
    for entry in &history.entries {
        let Some(qps) = entry.qps else { continue };
        let same = |trend: &Trend| trend.scenario == entry.scenario && trend.row == entry.row;
        let index = trends.iter().position(same).unwrap_or_else(|| {
            trends.push(begin(entry));
            trends.len() - 1
        });
        trends[index].points.push(Point {
            run: runs[&(entry.started_at.as_str(), entry.run.as_str())],
            started_at: entry.started_at.clone(),
            commit: entry.commit.clone(),
            qps: qps.median,
            partial: entry.partial,
            quick: entry.quick,
        });
    }
    // Rows that joined a scenario later stand with it.
    let mut order: Vec<String> = Vec::new();
    for trend in &trends {
        if !order.contains(&trend.scenario) {
            order.push(trend.scenario.clone());
        }
    }
    trends.sort_by_key(|trend| order.iter().position(|name| *name == trend.scenario));
    Machine { name: history.machine.clone(), runs: runs.len(), trends }
}

fn begin(entry: &Entry) -> Trend {
    Trend {
        scenario: entry.scenario.clone(),
        row: entry.row.clone(),
        kind: entry.kind.clone(),
        points: Vec::new(),
    }
}
