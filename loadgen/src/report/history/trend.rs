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

/// One server in one scenario, built and fired at in one way: what was not can't be held beside it.
#[derive(Clone, Debug)]
pub struct Trend {
    /// The scenario; where the machine has runs of it with several builds or loads, also with which.
    pub(in super::super) scenario: String,
    way: Way,
    pub(in super::super) row: String,
    pub(in super::super) kind: String,
    /// In order of time.
    pub(in super::super) points: Vec<Point>,
}

/// A scenario, how the servers were built, and what they faced.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Way {
    scenario: String,
    profile: String,
    load: Option<String>,
}

impl Way {
    fn of(entry: &Entry) -> Self {
        let (scenario, profile) = (entry.scenario.clone(), entry.profile.clone());
        Self { scenario, profile, load: entry.load.clone() }
    }

    /// The scenario, with what tells it apart from the `others` of the same name.
    fn title(&self, others: &[Self]) -> String {
        let same: Vec<_> = others.iter().filter(|other| other.scenario == self.scenario).collect();
        let differ = |of: fn(&Self) -> Option<&str>| same.iter().any(|other| of(other) != of(self));
        let profile = differ(|way| Some(&way.profile)).then_some(self.profile.as_str());
        let load =
            differ(|way| way.load.as_deref()).then(|| self.load.as_deref().unwrap_or("load not noted"));
        let parts = [Some(self.scenario.as_str()), profile, load];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// One run of it.
#[derive(Clone, Debug)]
pub(in super::super) struct Point {
    /// Which of the machine's runs, from 0.
    pub(in super::super) run: usize,
    pub(in super::super) started_at: String,
    pub(in super::super) commit: Option<String>,
    pub(in super::super) qps: f64,
    pub(super) cpu_us: Option<f64>,
    pub(super) allocs: Option<f64>,
    pub(super) syscalls: Option<f64>,
    pub(in super::super) partial: bool,
    pub(in super::super) quick: bool,
    /// Whether a level is another since this run, where that was looked for.
    pub(super) changed: bool,
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
        let way = Way::of(entry);
        let same = |trend: &Trend| trend.way == way && trend.row == entry.row;
        let index = trends.iter().position(same).unwrap_or_else(|| {
            trends.push(begin(entry, way));
            trends.len() - 1
        });
        trends[index].points.push(Point {
            run: runs[&(entry.started_at.as_str(), entry.run.as_str())],
            started_at: entry.started_at.clone(),
            commit: entry.commit.clone(),
            qps: qps.median,
            cpu_us: entry.cpu_us_per_request,
            allocs: entry.allocs_per_request,
            syscalls: entry.syscalls_at_rest_per_request,
            partial: entry.partial,
            quick: entry.quick,
            changed: false,
        });
    }
    // Rows that joined a scenario later stand with it.
    let mut ways: Vec<Way> = Vec::new();
    for trend in &trends {
        if !ways.contains(&trend.way) {
            ways.push(trend.way.clone());
        }
    }
    trends.sort_by_key(|trend| ways.iter().position(|way| *way == trend.way));
    for trend in &mut trends {
        trend.scenario = trend.way.title(&ways);
    }
    Machine { name: history.machine.clone(), runs: runs.len(), trends }
}

fn begin(entry: &Entry, way: Way) -> Trend {
    Trend {
        scenario: entry.scenario.clone(),
        way,
        row: entry.row.clone(),
        kind: entry.kind.clone(),
        points: Vec::new(),
    }
}
