//! The whole run: every scenario, its rows in serpentine order, everything kept.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::cpus::Split;
use super::inspect::Inspection;
use super::order::serpentine;
use super::rows::Row;
use super::scenario::Scenario;
use super::trial::{self, INTERRUPTED, Live, Trial};
use super::{Fire, interrupt};
use crate::engine::Outcome;

/// What a fresh server costs beside its warm-up and duration, roughly; only an estimate needs it.
const FRESH_SERVER: Duration = Duration::from_millis(200);

/// What counting apart from the trials costs for each row, roughly.
const INSPECTION: Duration = Duration::from_millis(750);

/// And counting instructions.
const INSTRUCTIONS: Duration = Duration::from_secs(6);

/// How a server is started: the row, the scenario that it is to face, and the CPUs that it is to run on. An
/// error is in words for people.
pub type Launch<'a> = &'a dyn Fn(&Row, &Scenario, &[usize]) -> Result<Launched, String>;

/// A server that is about to be started.
#[derive(Debug)]
pub struct Launched {
    /// Its command line.
    pub command: Command,
    /// Where it will listen; `None` where it chooses and says so.
    pub addr: Option<SocketAddr>,
}

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Agenda {
    /// The scenarios in the order in which they run.
    pub scenarios: Vec<Scenario>,
    /// Who runs where.
    pub split: Split,
    /// Whether instructions are counted, too.
    pub instructions: bool,
}

impl Agenda {
    /// How long it takes, roughly.
    pub fn estimate(&self) -> Duration {
        let inspection = INSPECTION + if self.instructions { INSTRUCTIONS } else { Duration::ZERO };
        let each = |s: &Scenario| {
            (s.warmup + s.duration + FRESH_SERVER) * count(s.trials * s.rows.len())
                + inspection * count(s.rows.len())
        };
        self.scenarios.iter().map(each).sum()
    }

    /// How many trials there are.
    pub fn trials(&self) -> usize {
        self.scenarios.iter().map(|scenario| scenario.trials * scenario.rows.len()).sum()
    }
}

fn count(trials: usize) -> u32 {
    u32::try_from(trials).unwrap_or(u32::MAX)
}

/// Where a trial stands in the run.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The row.
    pub row: &'a Row,
    /// From 1.
    pub trial: usize,
}

/// Whoever looks on. Everything is told from the thread that called [`run`].
pub trait Watch {
    /// A trial begins.
    fn begin(&self, place: Place<'_>);
    /// It goes like this.
    fn live(&self, live: Live);
    /// It is over.
    fn end(&self, place: Place<'_>, trial: &Trial);
}

/// All that was measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// When the first trial began.
    pub started_at: SystemTime,
    /// Who ran where.
    pub split: Split,
    /// What each scenario showed, those that were not reached left out.
    pub scenarios: Vec<MeasuredScenario>,
    /// Whether Ctrl-C ended it.
    pub interrupted: bool,
}

/// What one scenario showed.
#[derive(Clone, Debug)]
pub struct MeasuredScenario {
    /// The scenario as it was run.
    pub scenario: Scenario,
    /// Its rows, in the order of the table.
    pub rows: Vec<MeasuredRow>,
}

/// The trials of one server.
#[derive(Clone, Debug)]
pub struct MeasuredRow {
    /// The server.
    pub row: Row,
    /// In the order in which they were run.
    pub trials: Vec<Trial>,
    /// What was counted apart from them, later.
    pub inspection: Inspection,
}

/// Runs everything on the agenda. A row whose server broke down is not tried again in that
/// scenario; the others go on.
pub fn run(agenda: &Agenda, launch: Launch<'_>, fire: Fire<'_>, watch: &dyn Watch) -> Measured {
    let mut measured = Measured {
        started_at: SystemTime::now(),
        split: agenda.split.clone(),
        scenarios: Vec::new(),
        interrupted: false,
    };
    for scenario in &agenda.scenarios {
        let fresh = |row: &Row| MeasuredRow {
            row: row.clone(),
            trials: Vec::new(),
            inspection: Inspection::default(),
        };
        let mut rows: Vec<_> = scenario.rows.iter().map(fresh).collect();
        for (place, number) in serpentine(rows.len(), scenario.trials) {
            let MeasuredRow { row, trials, .. } = &mut rows[place];
            if trials.iter().any(|trial: &Trial| trial.failed.is_some()) {
                continue;
            }
            if interrupt::requested() {
                break;
            }
            let place = Place { scenario, row, trial: number + 1 };
            interrupt::begun();
            watch.begin(place);
            let launched = launch(row, scenario, &agenda.split.server);
            let trial = trial::run(place, launched, &agenda.split.client, fire, watch);
            watch.end(place, &trial);
            trials.push(trial);
        }
        if rows.iter().any(|row| !row.trials.is_empty()) {
            measured.scenarios.push(MeasuredScenario { scenario: scenario.clone(), rows });
        }
        if interrupt::requested() {
            measured.interrupted = true;
            break;
        }
    }
    measured
}

impl Measured {
    /// The trials that something other than Ctrl-C broke off: which, and why.
    pub fn failures(&self) -> Vec<(String, &str)> {
        let mut failures = Vec::new();
        for MeasuredScenario { scenario, rows } in &self.scenarios {
            for MeasuredRow { row, trials, .. } in rows {
                for trial in trials {
                    if let Some(why) = trial.failed.as_deref().filter(|&why| why != INTERRUPTED) {
                        failures.push((format!("{}, {row}, trial {}", scenario.name, trial.number), why));
                    }
                }
            }
        }
        failures
    }

    /// Requests that failed, in all trials.
    pub fn failed_requests(&self) -> u64 {
        let trials = self.scenarios.iter().flat_map(|s| &s.rows).flat_map(|row| &row.trials);
        trials.filter_map(|trial| trial.outcome.as_ref()).map(Outcome::failed).sum()
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
