//! This build's counts of just now, to hold against a run that was saved.

use super::against::Saved;
use super::contest::Contender;
use super::outcome::{Outcome, Side};
use super::policy::Policy;
use super::saved::{self, Line, Told, Wanted, Workload};
use crate::cli::Failure;
use crate::lab::cpus::{self, Split};
use crate::lab::rows::Row;
use crate::lab::scenario::Scenario;
use crate::lab::{self, Fire, interrupt, limits};
use crate::measure::{self, Build, Machine, Source};
use crate::report;

/// This build against a saved run, by what both count in a scenario.
///
/// # Errors
/// The run has nothing of that scenario, or what it has can't be compared.
pub(super) fn outcome(
    base: &Saved,
    wanted: Wanted<'_>,
    scenario: &Scenario,
    source: Source,
    options: &dyn Fn(&str) -> Vec<String>,
    policy: &Policy,
    fire: Fire<'_>,
) -> Result<Outcome, Failure> {
    limits::make_room(scenario.connections_in_all()).map_err(Failure::BadArguments)?;
    let told = Told::of(base, Wanted { scenario: Some(&scenario.name), ..wanted });
    if told.workloads.is_empty() {
        let has: Vec<&str> = base.document.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
        return Err(Failure::BadArguments(format!(
            "{} has no scenario {}; name one that it has with --scenario: {}",
            base.name,
            scenario.name,
            has.join(", ")
        )));
    }
    // What can't be compared is not counted first.
    saved::judge(&told, &this_build(&told, wanted, scenario, source.clone()), policy)?;
    interrupt::install().map_err(|error| Failure::Failed(format!("can't listen for Ctrl-C: {error}")))?;
    eprintln!("counting allocations, system calls and instructions of this build");
    let counted = count(&told, wanted, scenario, source, options, fire);
    if interrupt::requested() {
        return Err(Failure::Interrupted);
    }
    let mut outcome = saved::judge(&told, &counted, policy)?;
    outcome.notes.extend(base.note.clone());
    if base.document.partial {
        outcome.notes.push(format!("{} is partial: some of its trials are missing.", base.name));
    }
    let rev = base.document.commit.as_deref().unwrap_or("COMMIT");
    outcome.notes.push(format!(
        "For a verdict on times name what can be run beside this build, a revision or a program: loadgen gate --against \
         {rev}{}",
        if base.document.commit.is_some() { ", which it was measured at." } else { "." }
    ));
    Ok(outcome)
}

/// Counts what a request takes of each of the base's phases in this scenario; the other rows of the base's are not
/// this build's.
pub(super) fn count(
    base: &Told,
    wanted: Wanted<'_>,
    scenario: &Scenario,
    source: Source,
    options: &dyn Fn(&str) -> Vec<String>,
    fire: Fire<'_>,
) -> Told {
    let split = Split::of(&cpus::allowed());
    let _ = cpus::pin(&split.client);
    measure::adopt_orphans();
    let mut told = this_build(base, wanted, scenario, source);
    let known =
        |name: &str| base.workloads.iter().flat_map(|workload| &workload.lines).any(|line| line.name == name);
    let lines = told.workloads.iter_mut().flat_map(|workload| &mut workload.lines);
    for line in lines.filter(|line| known(&line.name)) {
        if let (Ok(row), false) = (Row::parse(&line.name), interrupt::requested()) {
            *line = count_row(row, scenario, options, &split, fire);
        }
    }
    told
}

/// The rows of this build, without their numbers: the base's phases and their variants, and the scenario's, which the
/// base may not have.
fn this_build(base: &Told, wanted: Wanted<'_>, scenario: &Scenario, source: Source) -> Told {
    let lines = base.workloads.iter().flat_map(|workload| &workload.lines);
    let is_phase = |name: &String| Row::parse(name).is_ok_and(|row| row.phase().is_some());
    let mut names: Vec<String> = lines.map(|line| line.name.clone()).filter(is_phase).collect();
    for name in scenario.rows.iter().map(Row::to_string).filter(is_phase) {
        if wanted.has_row(&name) && !names.contains(&name) {
            names.push(name);
        }
    }
    let lines = names.into_iter().map(|name| Line { name, ..Line::default() });
    Told {
        side: Side { name: "this build".into(), commit: source.commit, dirty: source.dirty },
        machine: Machine::here(),
        build: Build::here(),
        workloads: vec![Workload {
            scenario: scenario.name.clone(),
            load: report::params(scenario).load(),
            timed: None,
            lines: lines.collect(),
        }],
    }
}

fn count_row(
    row: Row,
    scenario: &Scenario,
    options: &dyn Fn(&str) -> Vec<String>,
    split: &Split,
    fire: Fire<'_>,
) -> Line {
    let name = row.to_string();
    let contender = Contender { program: None, row, options: options(&name) };
    let launched = || contender.launch(scenario, &split.server);
    let counted = lab::inspect_row(&contender.row, scenario, split, &launched, fire);
    Line {
        name,
        times: Vec::new(),
        counts: vec![
            ("allocations_per_request", counted.allocs_per_request),
            ("syscalls_per_request", counted.syscalls_per_request),
            ("syscalls_at_rest_per_request", counted.syscalls_at_rest_per_request),
            ("instructions_per_request", counted.instructions_per_request),
        ],
        missing: counted.missing,
    }
}
