//! `loadgen gate`: from flags to contests, from their outcome to words and an exit code.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use super::base::{Base, BaseError, Wanted, kept_folder};
use super::contest::{Contender, Contest};
use super::files::Place;
use super::outcome::{self, Outcome, SCHEMA, Side};
use super::policy::Policy;
use super::tell::tell;
use super::{against, counted, run, saved};
use crate::cli::Failure;
use crate::engine;
use crate::lab::cpus::{self, Split};
use crate::lab::rows::{self, PHASES, Row};
use crate::lab::scenario::{self, Scenario};
use crate::lab::target::Target;
use crate::lab::{interrupt, limits};
use crate::measure::{self, Build, Machine, Source};
use crate::report::Bars;
use crate::run::workspace;

const EXAMPLES: &str = "\
Examples:
  loadgen gate --against main                    every phase of this build against main's
  loadgen gate --against HEAD --phase phase3-pooled --budget 3m
                                                 what is not committed yet against what is
  loadgen gate --against ./loadgen-1.2           against a loadgen that is there already
  loadgen gate --against results/reference --candidate RUN
                                                 two saved runs: counts judged, times only shown
  loadgen gate --against before                  what this build counts, against `run --save-baseline before`
  loadgen gate --target mine='./new {port}' --base-target './old {port}'
                                                 a server of your own, before and after
  loadgen gate --against main --out gate         gate.json, gate.md and gate.html, too
  loadgen gate --against main --json > gate.json for scripts

Both sides run in turns, in fresh processes, with the base twice: what it differs from itself is the machine. Blocks are
added while the answer is 'cannot tell' and the budget lasts.

`loadgen report gate` draws gate.json again, `loadgen export gate` writes it as benchstat and others read it, and
loadgen/GATE.md says how to read a gate and how to set one up for a server of your own.

RUN is a run.json, a folder with one, or a baseline's name. --against is read as the first of these that there is: a
saved run, a program, a baseline, a revision.

Exit codes: 0 nothing is slower, or it cannot be told; 1 it failed; 2 bad arguments; 3 something is slower;
130 interrupted.";

/// What to hold against what.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A revision of this workspace, which is built for this; a program that has `serve`; or a saved run, whose
    /// counts are judged and whose times are only shown
    #[arg(long, value_name = "REV|PROGRAM|RUN", required_unless_present = "targets")]
    against: Option<String>,
    /// A saved run in place of this build, where --against is one, too
    #[arg(long, value_name = "RUN", requires = "against", conflicts_with_all = ["targets", "handicap"])]
    candidate: Option<String>,
    /// Only this phase; may be given more than once
    #[arg(long = "phase", value_name = "PHASE", value_parser = known_phase)]
    phases: Vec<String>,
    /// A server of your own, as the candidate
    #[arg(long = "target", value_name = "NAME='CMD {port}'", value_parser = Target::parse, requires = "base_target",
          conflicts_with_all = ["phases", "against"])]
    targets: Option<Target>,
    /// The same server as it was before, as the base
    #[arg(long, value_name = "'CMD {port}'", requires = "targets")]
    base_target: Option<String>,
    /// The workload, in place of the policy's
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    /// Scenarios of your own beside the built-in ones
    #[arg(long = "scenario-file", value_name = "FILE")]
    scenario_files: Vec<PathBuf>,
    /// How long blocks may be added for, the build and the counting not included
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = scenario::parse_duration)]
    budget: Duration,
    /// What counts as a regression, in a file as gate.toml is
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// JSON in place of words
    #[arg(long)]
    json: bool,
    /// Write gate.json, gate.md and gate.html into this folder, too
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Options for one phase of the candidate alone, to try the gate with
    #[arg(long, hide = true, value_name = "PHASE OPTION…")]
    handicap: Vec<String>,
}

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
    if let Some(outcome) = args.by_counts(&policy, workspace.as_deref())? {
        return tell(&outcome, args.json, place.as_ref());
    }
    let scenario = args.scenario(&policy)?;
    limits::make_room(scenario.connections_in_all()).map_err(Failure::BadArguments)?;
    let handicaps = args.handicaps()?;
    interrupt::install().map_err(|error| Failure::Failed(format!("can't listen for Ctrl-C: {error}")))?;
    let source = workspace.as_deref().map(Source::of).unwrap_or_default();
    let base = args.base(workspace.as_deref())?;
    let rows = args.rows()?;
    let (mut contests, mut notes) = (Vec::new(), Vec::new());
    for (row, base_row) in rows {
        let name = row.to_string();
        if let (Some(base), Some(phase)) = (&base, row.phase()) {
            match base.check_serves(phase.name, &[], &interrupt::requested) {
                Ok(()) => {}
                // One that is new here has nothing to be held against, and the others have.
                Err(error @ BaseError::CannotServe { .. }) if args.phases.is_empty() => {
                    notes.push(format!("{name} is left out: {error}."));
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
    if contests.is_empty() {
        return Err(Failure::BadArguments(notes.join(" ")));
    }
    let split = Split::of(&cpus::allowed());
    let _ = cpus::pin(&split.client);
    measure::adopt_orphans();
    let started_at = SystemTime::now();
    let bars = Bars::new(0);
    bars.line(&format!(
        "blocks of {} in turns, until all is told or for {}",
        contests.iter().map(|contest| contest.name.as_str()).collect::<Vec<_>>().join(", "),
        humantime::format_duration(args.budget)
    ));
    let mut settled = run::blocks(&mut contests, &split, args.budget, &fire, &bars, &|line| bars.line(line));
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

fn fire(plan: &engine::Plan, progress: &engine::Progress) -> Result<engine::Outcome, String> {
    engine::run(plan, progress).map_err(|error| error.to_string())
}

fn known_phase(name: &str) -> Result<String, String> {
    rows::phase(name)
        .map(|phase| phase.name.to_owned())
        .ok_or_else(|| format!("there is no such phase; the phases are {}", rows::phase_names()))
}

impl Args {
    fn scenario(&self, policy: &Policy) -> Result<Scenario, Failure> {
        let mut all = scenario::built_in().map_err(Failure::Failed)?;
        for file in &self.scenario_files {
            all.extend(scenario::of_file(file).map_err(Failure::BadArguments)?);
        }
        let name = self.scenario.as_ref().unwrap_or(&policy.scenario);
        let names: Vec<_> = all.iter().map(|scenario| scenario.name.clone()).collect();
        all.into_iter().find(|scenario| scenario.name == *name).ok_or_else(|| {
            Failure::BadArguments(format!(
                "there is no scenario '{name}'; the scenarios are {}",
                names.join(", ")
            ))
        })
    }

    /// Each phase of the candidate that is given options, and one of them.
    fn handicaps(&self) -> Result<Vec<(String, String)>, Failure> {
        let split = |text: &String| {
            let (phase, option) = text.split_once(' ')?;
            Some((known_phase(phase).ok()?, option.to_owned()))
        };
        let each = self.handicap.iter().map(|text| {
            split(text)
                .ok_or_else(|| Failure::BadArguments(format!("'{text}' is no phase and an option of it")))
        });
        each.collect()
    }

    /// Where the base's phases come from; `None` for servers of the user's.
    fn base(&self, workspace: Option<&Path>) -> Result<Option<Base>, Failure> {
        let Some(against) = &self.against else { return Ok(None) };
        let path = Path::new(against);
        if path.is_file() {
            return Ok(Some(Base::of_program(path)?));
        }
        let Some(workspace) = workspace else {
            return Err(Failure::BadArguments(format!(
                "there is no program {against}, and no workspace of the lab's around that could have a revision of \
                 that name"
            )));
        };
        let wanted = Wanted { workspace, rev: against, build: &Build::here(), kept: &kept_folder(workspace) };
        let mut tell = |line: &str| eprintln!("{line}");
        let base = Base::of_revision(&wanted, &mut tell, &interrupt::requested);
        base.map(Some).map_err(|error| against::with_baselines(error, Some(workspace)))
    }

    /// What saved runs say; `None` where none is meant.
    fn by_counts(&self, policy: &Policy, workspace: Option<&Path>) -> Result<Option<Outcome>, Failure> {
        let Some(base) = self.against.as_deref() else { return Ok(None) };
        let base = against::saved(base, workspace)?;
        let wanted = saved::Wanted { phases: &self.phases, scenario: self.scenario.as_deref() };
        if let Some(name) = &self.candidate {
            return saved::two_runs(base, name, wanted, policy, workspace).map(Some);
        }
        let Some(base) = base else { return Ok(None) };
        let scenario = self.scenario(policy)?;
        let handicaps = self.handicaps()?;
        let options = |name: &str| -> Vec<String> {
            handicaps.iter().filter(|(phase, _)| phase == name).map(|(_, option)| option.clone()).collect()
        };
        let source = workspace.map(Source::of).unwrap_or_default();
        counted::outcome(&base, wanted, &scenario, source, &options, policy, &fire).map(Some)
    }

    /// The servers, as they are on the candidate's side and on the base's.
    fn rows(&self) -> Result<Vec<(Row, Row)>, Failure> {
        if let (Some(target), Some(command)) = (&self.targets, &self.base_target) {
            let base = Target::parse(&format!("{}={command}", target.name))
                .map_err(|error| Failure::BadArguments(format!("--base-target: {error}")))?;
            return Ok(vec![(Row::Target(target.clone()), Row::Target(base))]);
        }
        let wanted = |name: &str| self.phases.is_empty() || self.phases.iter().any(|phase| phase == name);
        let phases = PHASES.iter().filter(|phase| wanted(phase.name));
        let row = |phase| Row::Phase { phase, options: Vec::new() };
        Ok(phases.map(|phase| (row(phase), row(phase))).collect())
    }

    fn base_side(&self, base: Option<&Base>) -> Side {
        match (base, &self.base_target) {
            (Some(base), _) => {
                Side { name: base.name().into(), commit: base.commit().map(str::to_owned), dirty: None }
            }
            (None, command) => Side { name: command.clone().unwrap_or_default(), commit: None, dirty: None },
        }
    }

    fn candidate_side(&self, source: Source) -> Side {
        match &self.targets {
            Some(target) => Side { name: target.to_string(), commit: None, dirty: None },
            None => Side { name: "this build".into(), commit: source.commit, dirty: source.dirty },
        }
    }
}
