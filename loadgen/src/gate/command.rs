//! `loadgen gate`: from flags to contests, from their outcome to words and an exit code.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use super::args::Args;
use super::base::{Base, BaseError};
use super::contest::{Contender, Contest};
use super::files::Place;
use super::outcome::{self, Outcome, SCHEMA};
use super::policy::Policy;
use super::tell::tell;
use super::{against, counted, run, saved};
use crate::cli::Failure;
use crate::engine;
use crate::lab::cpus::{self, Split};
use crate::lab::rows::Row;
use crate::lab::{interrupt, limits};
use crate::measure::{self, Machine};
use crate::report::Bars;
use crate::run::workspace;

/// What blocks get where nobody says how much.
const BUDGET: Duration = Duration::from_secs(600);

/// Builds, runs, judges, tells.
pub fn gate(args: &Args) -> Result<ExitCode, Failure> {
    let policy = match &args.policy {
        Some(file) => Policy::of_file(file).map_err(Failure::BadArguments)?,
        None => Policy::built_in().map_err(Failure::Failed)?,
    };
    let known = |name: &str| {
        Row::parse(name).is_ok() || args.targets.as_ref().is_some_and(|target| target.name == name)
    };
    for stranger in policy.servers().filter(|name| !known(name)) {
        eprintln!("! the policy has limits for [server.{stranger}], which is no server of this gate");
    }
    let workspace = workspace();
    let place = args.out.as_deref().map(Place::prepare).transpose().map_err(Failure::BadArguments)?;
    if let Some(outcome) = by_counts(args, &policy, workspace.as_deref())? {
        return tell(&outcome, args.json, place.as_ref());
    }
    let scenario = args.scenario(&policy)?;
    limits::make_room(scenario.connections_in_all()).map_err(Failure::BadArguments)?;
    let handicaps = args.handicaps()?;
    interrupt::install().map_err(|error| Failure::Failed(format!("can't listen for Ctrl-C: {error}")))?;
    let (source, mut notes) = args.source(workspace.as_deref());
    let base = args.base(workspace.as_deref())?;
    notes.extend(base.iter().flat_map(Base::notes).cloned());
    let rows = args.rows()?;
    let mut contests = Vec::new();
    let mut refusal = None;
    for (row, base_row) in rows {
        let name = row.to_string();
        if let (Some(base), Some(phase)) = (&base, row.phase()) {
            match base.check_serves(phase.name, &[], &interrupt::requested) {
                Ok(()) => {}
                // One that is new here has nothing to be held against, and the others have.
                Err(error @ BaseError::CannotServe { .. }) if args.phases.is_empty() => {
                    notes.push(format!("{name} is left out: {error}."));
                    refusal.get_or_insert_with(|| format!("there is no phase to compare: {error}"));
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
        }
        let options = handicaps.iter().filter(|(phase, _)| *phase == name).map(|(_, option)| option.clone());
        let candidate = Contender { program: None, row, options: options.collect() };
        let program = base.as_ref().map(|base| base.program().to_owned());
        let base = Contender { program, row: base_row, options: Vec::new() };
        let limits = policy.limits_in(&scenario.name, &name);
        contests.push(Contest::new(name, scenario.clone(), base, candidate, limits));
    }
    if let (true, Some(refusal)) = (contests.is_empty(), refusal) {
        return Err(Failure::BadArguments(refusal));
    }
    let budget = args.budget.unwrap_or(BUDGET);
    let split = Split::of(&cpus::allowed());
    let _ = cpus::pin(&split.client);
    measure::adopt_orphans();
    let started_at = SystemTime::now();
    let bars = Bars::new(0);
    bars.line(&format!(
        "blocks of {} in turns, until all is told or for {}",
        contests.iter().map(|contest| contest.name.as_str()).collect::<Vec<_>>().join(", "),
        humantime::format_duration(budget)
    ));
    let mut settled = run::blocks(&mut contests, &split, budget, &fire, &bars, &|line| bars.line(line));
    let nothing = contests.iter().all(|contest| contest.blocks.is_empty());
    if let (Some(why), true) = (&settled.failed, nothing) {
        bars.finish();
        return Err(Failure::Failed(why.clone()));
    }
    bars.line("counting allocations, system calls and instructions, apart from the blocks");
    for contest in contests.iter_mut().take_while(|_| !interrupt::requested()) {
        contest.count(&split, &fire);
    }
    settled.interrupted |= interrupt::requested();
    bars.finish();
    if settled.interrupted && contests.iter().all(|contest| contest.blocks.is_empty()) {
        return Err(Failure::Interrupted);
    }
    let servers: Vec<_> = contests
        .iter()
        .zip(&settled.judged)
        .map(|(contest, judged)| outcome::server(contest, judged))
        .collect();
    let outcome = Outcome {
        schema: SCHEMA.into(),
        started_at: humantime::format_rfc3339_seconds(started_at).to_string(),
        base: args.base_side(base.as_ref()),
        candidate: args.candidate_side(source),
        machine: Machine::here(),
        scenario: scenario.name.clone(),
        verdict: outcome::verdict(&servers).into(),
        partial: settled.interrupted || settled.failed.is_some(),
        withdrawn: settled.broken,
        notes: notes
            .into_iter()
            .chain(settled.failed.as_ref().map(|why| format!("It broke off: {why}")))
            .collect(),
        servers,
    };
    match (tell(&outcome, args.json, place.as_ref()), settled.failed) {
        (Err(Failure::Interrupted), Some(why)) => Err(Failure::Failed(why)),
        (told, _) => told,
    }
}

/// What saved runs say; `None` where none is meant.
fn by_counts(args: &Args, policy: &Policy, workspace: Option<&Path>) -> Result<Option<Outcome>, Failure> {
    let Some(base) = args.against.as_deref() else { return Ok(None) };
    let base = against::saved(base, workspace)?;
    if args.budget.is_some() && (base.is_some() || args.candidate.is_some()) {
        return Err(Failure::BadArguments(
            "--budget is for blocks, and against a saved run there are none: counts are taken once. Leave it out, or \
             name a revision or a program with --against"
                .into(),
        ));
    }
    let wanted = saved::Wanted { phases: &args.phases, scenario: args.scenario.as_deref() };
    if let Some(name) = &args.candidate {
        return saved::two_runs(base, name, wanted, policy, workspace).map(Some);
    }
    let Some(base) = base else { return Ok(None) };
    let scenario = args.scenario(policy)?;
    let handicaps = args.handicaps()?;
    let options = |name: &str| -> Vec<String> {
        handicaps.iter().filter(|(phase, _)| phase == name).map(|(_, option)| option.clone()).collect()
    };
    let (source, notes) = args.source(workspace);
    let outcome = counted::outcome(&base, wanted, &scenario, source, &options, policy, &fire);
    outcome.map(|outcome| Some(Outcome { notes: [outcome.notes, notes].concat(), ..outcome }))
}

fn fire(plan: &engine::Plan, progress: &engine::Progress) -> Result<engine::Outcome, String> {
    engine::run(plan, progress).map_err(|error| error.to_string())
}
