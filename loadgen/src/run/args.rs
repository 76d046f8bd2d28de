//! The flags of `loadgen run`, and the agenda that they ask for.

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::Failure;
use crate::lab::Agenda;
use crate::lab::cpus::{self, Split};
use crate::lab::rows::{self, Kind, Row};
use crate::lab::scenario::{self, Scenario};
use crate::lab::target::Target;
use crate::measure::Build;
use crate::report;
use crate::shard::ShardArgs;

/// More connections than this are taken for a mistake.
const CONNECTIONS_MAX: u64 = 1_000_000;
/// With so many trials an interval holds the true worth of a mechanism 95 % of the time.
const ABLATION_TRIALS: usize = 6;
/// More trials than this are taken for a mistake.
const TRIALS_MAX: u64 = 1_000;

pub(crate) const EXAMPLES: &str = "\
Examples:
  loadgen run
      all of it, about two and a half minutes
  loadgen run --quick
      half a minute, to see that it works
  loadgen run --scenario plaintext \\
    --phase phase4-keepalive --trials 7
      one phase under one load, more exactly
  loadgen run --scenario reference -c 200 --duration 5s
      fewer clients, for longer
  loadgen run --scenario plaintext \\
    --target mine='./server --port {port}'
      your own server beside the phases
  loadgen run --ablations
      also each idea turned off, in eight minutes
  loadgen run --scenario-file mine.toml --scenario mine
      a workload of your own
  loadgen run --save-baseline before
      keep it, for `loadgen gate --against before`
  loadgen run --out /tmp/results
      where this folder can't be written to

Without --scenario it runs reference, kept, plaintext and pipelined. Others are run where they are named; a name that \
is none is answered with all.

Exit codes: 0 every request was answered as it should be, 1 a trial or a request failed, 2 bad arguments, 130 \
interrupted, with what was measured until then.";

/// What to measure, and how thoroughly.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Args {
    /// Only this phase, with its variants, or only canned, the floor; may be given more than once
    #[arg(long = "phase", value_name = "PHASE", value_parser = known_row)]
    pub phases: Vec<String>,
    /// Only this scenario; may be given more than once
    #[arg(long = "scenario", value_name = "NAME")]
    pub scenarios: Vec<String>,
    /// Scenarios of your own beside the built-in ones, in a file as scenarios.toml is; may be given more than once
    #[arg(long = "scenario-file", value_name = "FILE")]
    pub scenario_files: Vec<PathBuf>,
    /// A server of your own as one more row of each scenario, such as mine='./server --port {port}'
    #[arg(long = "target", value_name = "NAME='CMD {port}'", value_parser = Target::parse)]
    pub targets: Vec<Target>,
    /// Also each phase with its mechanisms turned off, one at a time, six trials each: fewer can't tell a gain from
    /// chance
    #[arg(long)]
    pub ablations: bool,
    /// Also count the instructions of a request, with valgrind: some seconds more for each row
    #[arg(long)]
    pub instructions: bool,
    /// Connections open at the same time, in place of each scenario's own number
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=CONNECTIONS_MAX))]
    pub connections: Option<u64>,
    /// Fresh servers per phase and scenario; the median of them is the result
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..=TRIALS_MAX))]
    pub trials: Option<u64>,
    /// How long each trial counts, such as 500ms or 3s
    #[arg(long, value_name = "TIME", value_parser = counted_time)]
    pub duration: Option<Duration>,
    /// Load before anything is counted, at least
    #[arg(long, value_name = "TIME", value_parser = scenario::parse_duration)]
    pub warmup: Option<Duration>,
    /// One short trial of each: about half a minute, and no interval around the numbers
    #[arg(long)]
    pub quick: bool,
    /// Where results go, in place of results/ in the workspace, or outside of it in this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Keep the run under a name, in place of what has it, for `loadgen gate --against NAME`; a partial run is not kept
    #[arg(long, value_name = "NAME", value_parser = report::baseline_name)]
    pub save_baseline: Option<String>,
    /// Which part of the load this process fires, where several fire together.
    #[command(flatten)]
    pub shards: ShardArgs,
}

impl Args {
    /// What the flags leave of the scenarios.
    pub(super) fn agenda(&self) -> Result<Agenda, Failure> {
        let mut scenarios = self.known_scenarios()?;
        scenarios.retain(|scenario| {
            self.scenarios.contains(&scenario.name) || (self.scenarios.is_empty() && !scenario.by_name)
        });
        let names: Vec<_> = scenarios.iter().map(|scenario| scenario.name.clone()).collect();
        let scenarios: Vec<_> = scenarios.into_iter().filter_map(|scenario| adapt(scenario, self)).collect();
        if scenarios.is_empty() {
            return Err(Failure::BadArguments(format!(
                "{} is no part of {}; leave --phase or --scenario out",
                self.phases.join(", "),
                names.join(", ")
            )));
        }
        for scenario in &scenarios {
            scenario
                .validate()
                .map_err(|error| Failure::BadArguments(format!("{}: {error}", scenario.name)))?;
        }
        Ok(Agenda {
            scenarios,
            split: Split::of(&cpus::allowed()),
            instructions: self.instructions || self.save_baseline.is_some(),
        })
    }

    /// All that there are: the built-in ones, and those of the files.
    fn known_scenarios(&self) -> Result<Vec<Scenario>, Failure> {
        let mut all = scenario::built_in().map_err(Failure::Failed)?;
        for file in &self.scenario_files {
            let more = scenario::of_file(file).map_err(Failure::BadArguments)?;
            if let Some(twice) = more.iter().find(|new| all.iter().any(|known| known.name == new.name)) {
                let (file, name) = (file.display(), &twice.name);
                return Err(Failure::BadArguments(format!(
                    "{file}: there is a scenario '{name}' already; give this one another name"
                )));
            }
            all.extend(more);
        }
        let names: Vec<_> = all.iter().map(|scenario| scenario.name.as_str()).collect();
        match self.scenarios.iter().find(|name| !names.contains(&name.as_str())) {
            None => Ok(all),
            Some(unknown) => Err(Failure::BadArguments(format!(
                "there is no scenario '{unknown}'; the scenarios are {}",
                names.join(", ")
            ))),
        }
    }

    /// The command that measures the same again, in a form that a shell takes back. It leaves the output folder
    /// out, which is nobody's business.
    pub(super) fn command_line(&self, build: &Build, in_workspace: bool) -> String {
        let release = if build.is_release() { " --release" } else { "" };
        let program = if in_workspace {
            format!("cargo run{release} -p loadgen -- run")
        } else {
            "loadgen run".to_owned()
        };
        [vec![program], self.flags()].concat().join(" ")
    }

    /// The flags that shape the run, each with its value.
    pub(super) fn flags(&self) -> Vec<String> {
        let mut words = Vec::new();
        words.extend(self.phases.iter().map(|phase| format!("--phase {phase}")));
        words.extend(self.scenarios.iter().map(|name| format!("--scenario {}", quoted(name))));
        let files = self.scenario_files.iter().map(|file| file.to_string_lossy());
        words.extend(files.map(|file| format!("--scenario-file {}", quoted(&file))));
        let targets = self.targets.iter().map(|target| format!("{}={target}", target.name));
        words.extend(targets.map(|target| format!("--target {}", quoted(&target))));
        words.extend(self.ablations.then(|| "--ablations".to_owned()));
        words.extend(self.instructions.then(|| "--instructions".to_owned()));
        words.extend(self.connections.map(|n| format!("-c {n}")));
        words.extend(self.trials.map(|n| format!("--trials {n}")));
        let time = |flag: &str, time: Duration| {
            format!("{flag} {}", humantime::format_duration(time).to_string().replace(' ', ""))
        };
        words.extend(self.duration.map(|duration| time("--duration", duration)));
        words.extend(self.warmup.map(|warmup| time("--warmup", warmup)));
        words.extend(self.quick.then(|| "--quick".to_owned()));
        words
    }
}

/// A word as a shell takes it back. What holds a NUL byte can't be an argument in the first place.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).unwrap_or_default().into_owned()
}

/// A scenario as the flags want it; `None` if they leave it without rows.
fn adapt(scenario: Scenario, args: &Args) -> Option<Scenario> {
    let mut scenario = if args.quick { scenario.into_quick() } else { scenario };
    if args.ablations {
        let more = std::mem::take(&mut scenario.ablations);
        if !args.quick && !more.is_empty() {
            scenario.trials = scenario.trials.max(ABLATION_TRIALS);
        }
        scenario.rows.extend(more.into_iter().filter(|row| !scenario.rows.contains(row)).collect::<Vec<_>>());
    }
    let wanted = |row: &Row| {
        let name = match row {
            Row::Phase { phase, .. } => phase.name,
            Row::Canned => rows::CANNED,
            Row::Target(target) => &target.name,
        };
        args.phases.iter().any(|wanted| wanted == name)
    };
    if !args.phases.is_empty() {
        let any = scenario.rows.iter().any(wanted);
        // The floor stays for as long as there is something to hold against it.
        scenario.rows.retain(|row| wanted(row) || (any && row.kind() == Kind::Floor));
    }
    if !scenario.rows.is_empty() {
        scenario.rows.extend(args.targets.iter().cloned().map(Row::Target));
    }
    let rows = &scenario.rows;
    scenario.original.retain(|original| rows.iter().any(|row| row.to_string() == original.row));
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    scenario.connections = args.connections.map_or(scenario.connections, number);
    scenario.trials = args.trials.map_or(scenario.trials, number);
    scenario.duration = args.duration.unwrap_or(scenario.duration);
    scenario.warmup = args.warmup.unwrap_or(scenario.warmup);
    (!scenario.rows.is_empty()).then_some(scenario)
}

fn known_row(name: &str) -> Result<String, String> {
    if rows::phase(name).is_some() || name == rows::CANNED {
        return Ok(name.to_owned());
    }
    Err(format!(
        "there is no such phase; the phases are {}, and {} is the floor beneath them",
        rows::phase_names(),
        rows::CANNED
    ))
}

fn counted_time(text: &str) -> Result<Duration, String> {
    match scenario::parse_duration(text)? {
        Duration::ZERO => Err("a trial must count for longer than 0 s".into()),
        duration => Ok(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_take_the_place_of_a_scenarios_own_values() {
        let args = Args {
            phases: vec!["phase4-keepalive".into()],
            connections: Some(7),
            duration: Some(Duration::from_millis(250)),
            warmup: Some(Duration::from_millis(1500)),
            quick: true,
            ..Args::default()
        };
        let agenda = args.agenda().unwrap();
        assert_eq!(agenda.scenarios.len(), 4);
        for scenario in &agenda.scenarios {
            assert_eq!((scenario.connections, scenario.trials), (7, 1));
            assert_eq!(scenario.duration, Duration::from_millis(250));
            let rows: Vec<_> = scenario.rows.iter().map(Row::to_string).collect();
            assert_eq!(rows, ["phase4-keepalive", "canned"]);
        }
        assert_eq!(
            args.command_line(&Build::default(), true),
            "cargo run -p loadgen -- run --phase phase4-keepalive -c 7 --duration 250ms --warmup 1s500ms --quick"
        );
    }

    #[test]
    fn a_phase_brings_its_variants_along() {
        let args = Args { phases: vec!["phase1-threads".into()], ..Args::default() };
        let rows: Vec<_> = args.agenda().unwrap().scenarios[0].rows.iter().map(Row::to_string).collect();
        assert_eq!(rows, ["phase1-threads", "phase1-threads --spawn", "canned"]);
    }

    #[test]
    fn the_floor_can_be_asked_for_alone_where_a_scenario_has_it() {
        let args = Args { phases: vec!["canned".into()], ..Args::default() };
        let agenda = args.agenda().unwrap();
        assert!(agenda.scenarios.iter().all(|scenario| scenario.rows == [Row::Canned]));
        let names: Vec<_> = agenda.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
        assert!(names.contains(&"plaintext") && names.contains(&"kept"), "{names:?}");

        let (phases, scenarios) = (vec!["canned".into()], vec!["upload".into()]);
        let Err(Failure::BadArguments(message)) = (Args { phases, scenarios, ..Args::default() }).agenda()
        else {
            panic!("it must be refused")
        };
        assert_eq!(message, "canned is no part of upload; leave --phase or --scenario out");
    }

    #[test]
    fn a_phase_that_no_scenario_knows_is_refused() {
        let args = Args {
            phases: vec!["phase0-serial".into()],
            scenarios: vec!["pipelined".into()],
            ..Args::default()
        };
        let Err(Failure::BadArguments(message)) = args.agenda() else { panic!("it must be refused") };
        assert_eq!(message, "phase0-serial is no part of pipelined; leave --phase or --scenario out");
    }

    #[test]
    fn targets_and_ablations_join_the_rows() {
        let args = Args {
            scenarios: vec!["plaintext".into()],
            phases: vec!["phase3-pooled".into()],
            targets: vec![Target::parse("mine=serve 'it is' {port}").unwrap()],
            ablations: true,
            ..Args::default()
        };
        let agenda = args.agenda().unwrap();
        let rows: Vec<_> = agenda.scenarios[0].rows.iter().map(Row::to_string).collect();
        assert_eq!(rows, ["phase3-pooled", "canned", "phase3-pooled --fresh-buffers", "mine"]);
        let line = args.command_line(&Build::default(), true);
        let words = shlex::split(&line).unwrap();
        assert_eq!(words[words.len() - 3..], ["--target", "mine=serve 'it is' {port}", "--ablations"]);
    }

    #[test]
    fn the_command_that_measures_it_again_can_be_pasted_wherever_it_was_run() {
        let file = "/tmp/my 3.toml";
        let args = Args { scenario_files: vec![file.into()], quick: true, ..Args::default() };
        let line = args.command_line(&Build::default(), false);
        assert_eq!(shlex::split(&line).unwrap(), ["loadgen", "run", "--scenario-file", file, "--quick"]);
    }

    #[test]
    fn a_file_of_scenarios_is_added_and_what_is_wrong_with_it_is_said_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        let text = |name: &str, connections: u8| {
            format!(
                "[[scenario]]\nname = \"{name}\"\nshows = \"\"\npath = \"/\"\nconnections = {connections}\n\
                 mode = \"close\"\nwarmup = \"0s\"\nduration = \"1s\"\ntrials = 1\n\
                 quick = {{ warmup = \"0s\", duration = \"1s\", trials = 1 }}\nrows = [\"phase0-serial\"]\n"
            )
        };
        let ask = |text: String| {
            std::fs::write(&file, text).unwrap();
            let (scenarios, scenario_files) = (vec!["mine".to_owned()], vec![file.clone()]);
            Args { scenarios, scenario_files, ..Args::default() }.agenda()
        };
        assert_eq!(ask(text("mine", 1)).unwrap().scenarios[0].name, "mine");
        for (text, why) in [
            (text("mine", 1) + &text("worse", 0), "mine.toml: scenario 'worse', which begins in line 12"),
            (text("kept", 1), "there is a scenario 'kept' already"),
            (text("other", 1), "there is no scenario 'mine'; the scenarios are reference,"),
            ("[[scenario]]\nname = 3".to_owned(), "line 2"),
        ] {
            let Err(Failure::BadArguments(message)) = ask(text) else { panic!("it must be refused: {why}") };
            assert!(message.contains(why), "{message}");
        }
    }
}
