//! The two sides: what is known of each server of a run, or by counting just now.

use crate::gate::against::Saved;
use crate::gate::outcome::Side;
use crate::measure::{Build, Machine};
use crate::report::{Document, Row};

/// One side: what a run, or a count of just now, says of each server.
#[derive(Clone, Debug)]
pub(in crate::gate) struct Told {
    pub(in crate::gate) side: Side,
    pub(in crate::gate) machine: Machine,
    pub(in crate::gate) build: Build,
    pub(in crate::gate) workloads: Vec<Workload>,
}

/// The servers in one scenario.
#[derive(Clone, Debug)]
pub(in crate::gate) struct Workload {
    pub(in crate::gate) scenario: String,
    /// What they faced.
    pub(in crate::gate) load: String,
    /// How long a trial counted and how many there were, in words; `None` where nothing was timed.
    pub(in crate::gate) timed: Option<String>,
    pub(in crate::gate) lines: Vec<Line>,
}

/// One server.
#[derive(Clone, Debug, Default)]
pub(in crate::gate) struct Line {
    pub(in crate::gate) name: String,
    /// By the names of [`Compared::metric`](crate::gate::outcome::Compared::metric): shown only.
    pub(in crate::gate) times: Vec<(&'static str, Option<f64>)>,
    /// Judged.
    pub(in crate::gate) counts: Vec<(&'static str, Option<f64>)>,
    pub(in crate::gate) missing: Vec<String>,
}

/// What is to be looked at.
#[derive(Clone, Copy, Debug)]
pub(in crate::gate) struct Wanted<'a> {
    /// Phases with their variants; all rows where there are none.
    pub(in crate::gate) phases: &'a [String],
    /// One scenario; all where there is none.
    pub(in crate::gate) scenario: Option<&'a str>,
}

impl Wanted<'_> {
    pub(in crate::gate) fn has_row(self, name: &str) -> bool {
        self.phases.is_empty() || self.phases.iter().any(|phase| *phase == phase_of(name))
    }
}

/// A variant's phase, and of others what they are.
pub(super) fn phase_of(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

impl Told {
    /// What a saved run says of what is wanted.
    pub(in crate::gate) fn of(saved: &Saved, wanted: Wanted<'_>) -> Self {
        let Document { commit, dirty, machine, build, scenarios, .. } = &saved.document;
        let workloads = scenarios
            .iter()
            .filter(|scenario| wanted.scenario.is_none_or(|name| name == scenario.name))
            .map(|scenario| Workload {
                scenario: scenario.name.clone(),
                load: scenario.params.load(),
                timed: Some(format!(
                    "{} trials of {:.2} s",
                    scenario.params.trials,
                    scenario.params.duration_ns as f64 / 1e9
                )),
                lines: scenario.rows.iter().filter(|row| wanted.has_row(&row.name)).map(line).collect(),
            });
        Self {
            side: Side { name: saved.name.clone(), commit: commit.clone(), dirty: *dirty },
            machine: machine.clone(),
            build: build.clone(),
            workloads: workloads.collect(),
        }
    }
}

fn line(row: &Row) -> Line {
    Line {
        name: row.name.clone(),
        times: vec![
            ("cpu_us_per_request", row.server.cpu_us_per_request),
            ("requests_per_sec", row.qps.map(|qps| qps.median)),
            ("p99_ns", row.latency_ns.map(|latency| latency.p99 as f64)),
        ],
        counts: vec![
            ("allocations_per_request", row.server.allocs_per_request),
            ("syscalls_per_request", row.server.syscalls_per_request),
            ("syscalls_at_rest_per_request", row.server.syscalls_at_rest_per_request),
            ("instructions_per_request", row.server.instructions_per_request),
        ],
        missing: row.missing.clone(),
    }
}
