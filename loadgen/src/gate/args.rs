//! The flags of `loadgen gate`, and what they mean.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::against;
use super::base::{Base, Wanted, kept_folder};
use super::outcome::Side;
use super::policy::Policy;
use crate::cli::Failure;
use crate::lab::interrupt;
use crate::lab::rows::{self, PHASES, Row};
use crate::lab::scenario::{self, Scenario};
use crate::lab::target::Target;
use crate::measure::{Build, Source};

const EXAMPLES: &str = "\
Examples:
  loadgen gate --against main
      every phase of this build against main's
  loadgen gate --against HEAD --phase phase3-pooled \\
    --budget 3m
      what is not committed yet against what is
  loadgen gate --against ./loadgen-1.2
      against a loadgen that is there already
  loadgen gate --against results/reference --candidate RUN
      two saved runs: counts judged, times only shown
  loadgen gate --against before
      what this build counts, against what was kept by
      `run --save-baseline before`
  loadgen gate --target mine='./new {port}' \\
    --base-target './old {port}'
      a server of your own, before and after
  loadgen gate --against main --out gate
      gate.json, gate.md and gate.html, too
  loadgen gate --against main --json > gate.json
      for scripts

Both sides run in turns, in fresh processes, with the base twice: what it differs from itself is the machine. Blocks are \
added while the answer is 'cannot tell' and the budget lasts.

`loadgen report gate` draws gate.json again, `loadgen export gate` writes it as benchstat and others read it, and \
loadgen/GATE.md says how to read a gate and how to set one up for a server of your own.

RUN is a run.json, a folder with one, or a baseline's name. --against is read as the first of these that there is: a \
saved run, a program, a baseline, a revision.

Exit codes: 0 nothing is slower, or it cannot be told; 1 it failed; 2 bad arguments; 3 something is slower; \
130 interrupted.";

/// What to hold against what.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A revision of this workspace, which is built for this; a program that has `serve`; or a saved run, whose
    /// counts are judged and whose times are only shown
    #[arg(long, value_name = "REV|PROGRAM|RUN", required_unless_present = "targets")]
    pub(super) against: Option<String>,
    /// A saved run in place of this build, where --against is one, too
    #[arg(long, value_name = "RUN", requires = "against", conflicts_with = "targets")]
    pub(super) candidate: Option<String>,
    /// Only this phase; may be given more than once
    #[arg(long = "phase", value_name = "PHASE", value_parser = known_phase)]
    pub(super) phases: Vec<String>,
    /// A server of your own, as the candidate
    #[arg(long = "target", value_name = "NAME='CMD {port}'", value_parser = Target::parse, requires = "base_target",
          conflicts_with_all = ["phases", "against"])]
    pub(super) targets: Option<Target>,
    /// The same server as it was before, as the base
    #[arg(long, value_name = "'CMD {port}'", requires = "targets")]
    base_target: Option<String>,
    /// The workload, in place of the policy's
    #[arg(long, value_name = "NAME")]
    pub(super) scenario: Option<String>,
    /// Scenarios of your own beside the built-in ones
    #[arg(long = "scenario-file", value_name = "FILE")]
    scenario_files: Vec<PathBuf>,
    /// How long blocks may be added for, the build and the counting not included; 10m without it
    #[arg(long, value_name = "TIME", value_parser = scenario::parse_duration)]
    pub(super) budget: Option<Duration>,
    /// What counts as a regression, in a file as gate.toml is
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// JSON in place of words
    #[arg(long)]
    pub(super) json: bool,
    /// Write gate.json, gate.md and gate.html into this folder, too
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Options for one phase of the candidate alone, to try the gate with
    #[arg(long, hide = true, value_name = "PHASE OPTION…", conflicts_with = "candidate")]
    handicap: Vec<String>,
}

fn known_phase(name: &str) -> Result<String, String> {
    rows::phase(name)
        .map(|phase| phase.name.to_owned())
        .ok_or_else(|| format!("there is no such phase; the phases are {}", rows::phase_names()))
}

impl Args {
    pub(super) fn scenario(&self, policy: &Policy) -> Result<Scenario, Failure> {
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
    pub(super) fn handicaps(&self) -> Result<Vec<(String, String)>, Failure> {
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
    pub(super) fn base(&self, workspace: Option<&Path>) -> Result<Option<Base>, Failure> {
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

    /// What this program was built from, where it is the candidate; and in words, where that is not known.
    pub(super) fn source(&self, workspace: Option<&Path>) -> (Source, Vec<String>) {
        let here = workspace.filter(|_| self.targets.is_none()).map(Source::of_this_program);
        let (source, unknown) = here.unwrap_or_default();
        if let Some(why) = &unknown {
            eprintln!("! {why}");
        }
        (source, unknown.into_iter().collect())
    }

    /// The servers, as they are on the candidate's side and on the base's.
    pub(super) fn rows(&self) -> Result<Vec<(Row, Row)>, Failure> {
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

    pub(super) fn base_side(&self, base: Option<&Base>) -> Side {
        match (base, &self.base_target) {
            (Some(base), _) => {
                Side { name: base.name().into(), commit: base.commit().map(str::to_owned), dirty: None }
            }
            (None, command) => Side { name: command.clone().unwrap_or_default(), commit: None, dirty: None },
        }
    }

    pub(super) fn candidate_side(&self, source: Source) -> Side {
        match &self.targets {
            Some(target) => Side { name: target.to_string(), commit: None, dirty: None },
            None => Side { name: "this build".into(), commit: source.commit, dirty: source.dirty },
        }
    }
}
