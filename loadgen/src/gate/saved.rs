//! A gate on what was saved: counts are judged, times are only shown, and why is said.
//!
//! A count is the same in any hour, as long as the same program does the same work. A time is not: a shared machine
//! drifts by more between two runs than a gate is to find. So two saved runs can settle the one and never the other.

use std::path::Path;
use std::time::SystemTime;

use super::against::{self, Saved};
use super::outcome::{self, Compared, Outcome, SCHEMA, Server, Side};
use super::policy::{Limits, Policy};
use crate::cli::Failure;
use crate::measure::{Build, Machine};
use crate::report::stats::round5;
use crate::report::{Document, Row};

/// Why no time is judged.
const HOURS: &str = "Counts alone are judged. Times are shown and not judged: the two were measured in different hours, \
                     and a shared machine drifts by 10 % and more between runs.";

/// One side: what a run, or a count of just now, says of each server.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) side: Side,
    pub(super) machine: Machine,
    pub(super) build: Build,
    pub(super) workloads: Vec<Workload>,
}

/// The servers in one scenario.
#[derive(Clone, Debug)]
pub(super) struct Workload {
    pub(super) scenario: String,
    /// What they faced.
    pub(super) load: String,
    /// How long a trial counted and how many there were, in words; `None` where nothing was timed.
    pub(super) timed: Option<String>,
    pub(super) lines: Vec<Line>,
}

/// One server.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) name: String,
    /// By the names of [`Compared::metric`]: shown only.
    pub(super) times: Vec<(&'static str, Option<f64>)>,
    /// Judged.
    pub(super) counts: Vec<(&'static str, Option<f64>)>,
    pub(super) missing: Vec<String>,
}

/// What is to be looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Phases with their variants; all rows where there are none.
    pub(super) phases: &'a [String],
    /// One scenario; all where there is none.
    pub(super) scenario: Option<&'a str>,
}

impl Wanted<'_> {
    pub(super) fn has_row(self, name: &str) -> bool {
        self.phases.is_empty() || self.phases.iter().any(|phase| *phase == phase_of(name))
    }
}

/// A variant's phase, and of others what they are.
fn phase_of(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

impl Told {
    /// What a saved run says of what is wanted.
    pub(super) fn of(saved: &Saved, wanted: Wanted<'_>) -> Self {
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

/// One saved run against another.
///
/// # Errors
/// One of them is none, or [`judge`] can't compare them.
pub(super) fn two_runs(
    base: Option<Saved>,
    candidate: &str,
    wanted: Wanted<'_>,
    policy: &Policy,
    workspace: Option<&Path>,
) -> Result<Outcome, Failure> {
    let no_run = |flag: &str| {
        Failure::BadArguments(format!(
            "{flag} is no saved run, and --candidate takes two: each a run.json, a folder with one, or a baseline, which \
             `loadgen baselines` lists"
        ))
    };
    let base = base.ok_or_else(|| no_run("--against"))?;
    let candidate = against::saved(candidate, workspace)?.ok_or_else(|| no_run("--candidate"))?;
    let mut outcome = judge(&Told::of(&base, wanted), &Told::of(&candidate, wanted), policy)?;
    for saved in [&base, &candidate] {
        outcome.notes.extend(saved.note.clone());
        if saved.document.partial {
            outcome.notes.push(format!("{} is partial: some of its trials are missing.", saved.name));
        }
    }
    Ok(outcome)
}

/// Judges the candidate's counts by the base's.
///
/// # Errors
/// They were built in different ways, or have nothing in common.
pub(super) fn judge(base: &Told, candidate: &Told, policy: &Policy) -> Result<Outcome, Failure> {
    if base.build.profile != candidate.build.profile {
        return Err(Failure::BadArguments(format!(
            "{} was built as {} and {} as {}: what the compiler leaves of a request differs between these, so not even \
             counts can be compared; build both in the same way",
            base.side.name, base.build.profile, candidate.side.name, candidate.build.profile
        )));
    }
    let mut notes = vec![HOURS.to_owned()];
    let like = likeness(base, candidate, &mut notes);
    let mut lone = [Vec::new(), Vec::new()];
    let mut servers = Vec::new();
    let mut scenarios = Vec::new();
    let both = base.workloads.iter().filter_map(|ours| Some((ours, beside(candidate, &ours.scenario)?)));
    let several = both.clone().count() > 1;
    for (ours, theirs) in both {
        if ours.load != theirs.load {
            notes.push(format!(
                "{}: nothing of it is compared, since what the servers faced differs ({}, then {}).",
                ours.scenario, ours.load, theirs.load
            ));
            continue;
        }
        if let (Some(before), Some(now)) = (&ours.timed, &theirs.timed)
            && before != now
        {
            notes.push(format!(
                "{}: it was measured for another time ({before}, then {now}), which counts do not depend on.",
                ours.scenario
            ));
        }
        scenarios.push(ours.scenario.as_str());
        for line in &ours.lines {
            match theirs.lines.iter().find(|other| other.name == line.name) {
                Some(other) => {
                    let limits = limits(policy, &ours.scenario, &line.name);
                    let server = server(line, other, &limits, like);
                    let name = if several {
                        format!("{} in {}", line.name, ours.scenario)
                    } else {
                        line.name.clone()
                    };
                    servers.push(Server { name, ..server });
                }
                None => lone[0].push(format!("{} in {}", line.name, ours.scenario)),
            }
        }
        let new = theirs.lines.iter().filter(|line| ours.lines.iter().all(|other| other.name != line.name));
        lone[1].extend(new.map(|line| format!("{} in {}", line.name, ours.scenario)));
    }
    for (place, (here, there)) in [(base, candidate), (candidate, base)].into_iter().enumerate() {
        let missing = here.workloads.iter().filter(|workload| beside(there, &workload.scenario).is_none());
        lone[place].extend(missing.map(|workload| format!("all of {}", workload.scenario)));
        if !lone[place].is_empty() {
            notes.push(format!("Only in {}: {}.", here.side.name, lone[place].join("; ")));
        }
    }
    if servers.is_empty() {
        return Err(Failure::BadArguments(format!(
            "{} and {} have no server in common that faced the same load: {}",
            base.side.name,
            candidate.side.name,
            notes[1..].join(" ")
        )));
    }
    Ok(Outcome {
        schema: SCHEMA.into(),
        started_at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        base: base.side.clone(),
        candidate: candidate.side.clone(),
        machine: candidate.machine.clone(),
        scenario: scenarios.join(", "),
        verdict: outcome::verdict(&servers).into(),
        partial: false,
        withdrawn: None,
        notes,
        servers,
    })
}

fn beside<'a>(told: &'a Told, scenario: &str) -> Option<&'a Workload> {
    told.workloads.iter().find(|workload| workload.scenario == scenario)
}

/// Which counts mean the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    /// All of them.
    Machine,
    /// What the program alone decides, and no machine.
    Program,
}

fn likeness(base: &Told, candidate: &Told, notes: &mut Vec<String>) -> Likeness {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "not known".into());
    let machine = |told: &Told| {
        let machine = &told.machine;
        let cpus = machine.cpus.map_or_else(|| "?".into(), |cpus| cpus.to_string());
        format!("{} with {cpus} CPUs, {}", known(&machine.cpu_model), machine.arch)
    };
    let facts = [
        ("The machine", machine(base), machine(candidate)),
        ("The kernel", known(&base.machine.kernel), known(&candidate.machine.kernel)),
        ("The compiler", known(&base.build.rustc), known(&candidate.build.rustc)),
    ];
    for (what, before, now) in facts.iter().filter(|(_, before, now)| before != now) {
        notes.push(format!("{what} differs ({before}, then {now})."));
    }
    for told in [base, candidate] {
        if told.side.dirty == Some(true) {
            notes.push(format!("{} was built from files that were not committed.", told.side.name));
        }
    }
    if facts[0].1 == facts[0].2 {
        return Likeness::Machine;
    }
    notes.push(
        "Instructions are shown and not judged between two machines: libraries have code of their own for each kind of \
         processor."
            .into(),
    );
    Likeness::Program
}

/// How far a server's counts may differ: a variant's by as much as its phase's, unless it has limits of its own. What a
/// phase may have at the most holds for the phase itself.
fn limits(policy: &Policy, scenario: &str, name: &str) -> Limits {
    let own = policy.limits_in(scenario, name);
    if policy.servers().any(|server| server == name) {
        return own;
    }
    Limits { most: own.most, ..policy.limits_in(scenario, phase_of(name)) }
}

fn server(base: &Line, candidate: &Line, limits: &Limits, like: Likeness) -> Server {
    let of = |values: &[(&'static str, Option<f64>)], wanted: &str| {
        values.iter().find(|(name, _)| *name == wanted).and_then(|(_, value)| *value)
    };
    let mut metrics: Vec<Compared> = base
        .times
        .iter()
        .map(|&(name, before)| {
            let now = of(&candidate.times, name);
            let change = before.zip(now).map(|(before, now)| (now / before - 1.0) * 100.0);
            Compared {
                base: before.map(round5),
                candidate: now.map(round5),
                change_percent: change.filter(|change| change.is_finite()).map(round5),
                ..Compared::shown(name)
            }
        })
        .collect();
    metrics.extend(base.counts.iter().map(|&(name, before)| {
        let both = (before, of(&candidate.counts, name));
        let (tolerance, max) = match name {
            "allocations_per_request" => {
                (limits.allocations_per_request, limits.most.allocations_per_request)
            }
            "syscalls_at_rest_per_request" => {
                (limits.syscalls_at_rest_per_request, limits.most.syscalls_at_rest_per_request)
            }
            "instructions_per_request" if like == Likeness::Machine => {
                return outcome::instructions(both, limits.instructions_percent);
            }
            "instructions_per_request" => return outcome::instructions(both, f64::INFINITY),
            // Shown, as anything is that has a limit without end.
            _ => (f64::INFINITY, None),
        };
        outcome::counted(name, both, tolerance, max)
    }));
    let said = |name: &str, missing: &[String]| -> Vec<String> {
        missing.iter().map(|why| format!("{name}: {why}")).collect()
    };
    Server {
        name: base.name.clone(),
        blocks: 0,
        metrics,
        missing: [said("base", &base.missing), said("candidate", &candidate.missing)].concat(),
        trials: Vec::new(),
    }
}

#[cfg(test)]
#[path = "saved_tests.rs"]
mod tests;
