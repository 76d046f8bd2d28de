//! A gate on what was saved: counts are judged, times are only shown, and why is said.
//!
//! A count is the same in any hour, as long as the same program does the same work. A time is not: a shared machine
//! drifts by more between two runs than a gate is to find. So two saved runs can settle the one and never the other.

mod likeness;
mod told;

use std::path::Path;
use std::time::SystemTime;

use self::likeness::{Likeness, likeness};
use self::told::phase_of;
use super::against::{self, Saved};
use super::outcome::{self, Compared, Outcome, SCHEMA, Server};
use super::policy::{Limits, Policy};
use crate::cli::Failure;
use crate::report::stats::round5;

pub(super) use self::told::{Line, Told, Wanted, Workload};

/// Why no time is judged.
const HOURS: &str = "Counts alone are judged. Times are shown and not judged: the two were measured in different hours, \
                     and a shared machine drifts by 10 % and more between runs.";

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
