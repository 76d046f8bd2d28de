//! `loadgen run`: from flags to an agenda, from what was measured to files and a table.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::cli::Failure;
use crate::engine;
use crate::lab::cpus::{self, Split};
use crate::lab::rows::{self, Row};
use crate::lab::scenario::{self, Scenario};
use crate::lab::{self, Agenda, interrupt, limits};
use crate::measure::{Build, Machine, Source};
use crate::report::{self, Bars, Conditions, Folder};

/// More connections than this are taken for a mistake.
const CONNECTIONS_MAX: u64 = 1_000_000;
/// More trials than this are taken for a mistake.
const TRIALS_MAX: u64 = 1_000;

/// What to measure, and how thoroughly.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Args {
    /// Only this phase, with its variants; may be given more than once
    #[arg(long = "phase", value_name = "PHASE", value_parser = known_phase)]
    pub phases: Vec<String>,
    /// Only this scenario; may be given more than once
    #[arg(long = "scenario", value_name = "NAME", value_parser = known_scenario)]
    pub scenarios: Vec<String>,
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
    /// One short trial of each: about twenty seconds, and no interval around the numbers
    #[arg(long)]
    pub quick: bool,
    /// Where results go, in place of results/ in the workspace
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Measures, writes, prints.
pub fn run(args: &Args) -> Result<(), Failure> {
    let agenda = agenda(args)?;
    let connections = agenda.scenarios.iter().map(|scenario| scenario.connections).max().unwrap_or(0);
    limits::make_room(connections).map_err(Failure::BadArguments)?;
    let machine = Machine::here();
    let workspace = workspace();
    let root = args.out.clone().unwrap_or_else(|| workspace.clone().unwrap_or_default().join("results"));
    let folder = Folder::prepare(&root, &machine.slug()).map_err(Failure::BadArguments)?;
    let conditions = Conditions {
        machine,
        build: Build::here(),
        source: workspace.as_deref().map(Source::of).unwrap_or_default(),
        command: command_line(args),
        trials_planned: agenda.trials(),
    };
    interrupt::install().map_err(|error| Failure::Failed(format!("can't listen for Ctrl-C: {error}")))?;
    // What this process does beside firing is not to disturb the server.
    let _ = cpus::pin(&agenda.split.client);
    eprintln!("{} trials, about {}", agenda.trials(), about(agenda.estimate()));

    let bars = Bars::new(agenda.trials());
    let measured = lab::run(&agenda, &launch, &fire, &bars);
    bars.finish();
    if measured.scenarios.is_empty() {
        return Err(Failure::Interrupted);
    }
    let document = report::document(&measured, &conditions);
    println!("\n{}", report::table(&document, report::width()));
    for warning in report::warnings(&document) {
        println!("! {warning}");
    }
    let written = folder.write(&document, &measured).map_err(Failure::Failed)?;
    println!("\n{} files in {}", written.files.len(), written.folder.display());
    verdict(&measured)
}

fn verdict(measured: &lab::Measured) -> Result<(), Failure> {
    if measured.interrupted {
        return Err(Failure::Interrupted);
    }
    let failures = measured.failures();
    if !failures.is_empty() {
        let which: Vec<_> = failures.into_iter().map(|(which, _)| which).collect();
        let trials = if which.len() == 1 { "trial" } else { "trials" };
        return Err(Failure::Failed(format!(
            "{} {trials} failed: {}; why is said above, and what was measured beside is kept",
            which.len(),
            which.join("; ")
        )));
    }
    match measured.failed_requests() {
        0 => Ok(()),
        failed => {
            Err(Failure::Failed(format!("{failed} requests failed; the table says where, and of what")))
        }
    }
}

/// What the flags leave of the built-in scenarios.
fn agenda(args: &Args) -> Result<Agenda, Failure> {
    let mut scenarios = scenario::built_in().map_err(Failure::Failed)?;
    scenarios.retain(|scenario| args.scenarios.is_empty() || args.scenarios.contains(&scenario.name));
    let names: Vec<_> = scenarios.iter().map(|scenario| scenario.name.clone()).collect();
    let scenarios: Vec<_> = scenarios.into_iter().filter_map(|scenario| adapt(scenario, args)).collect();
    if scenarios.is_empty() {
        return Err(Failure::BadArguments(format!(
            "{} is no part of {}; leave --phase or --scenario out",
            args.phases.join(", "),
            names.join(", ")
        )));
    }
    for scenario in &scenarios {
        scenario.validate().map_err(|error| Failure::BadArguments(format!("{}: {error}", scenario.name)))?;
    }
    Ok(Agenda { scenarios, split: Split::of(&cpus::allowed()) })
}

/// A scenario as the flags want it; `None` if they leave it without rows.
fn adapt(scenario: Scenario, args: &Args) -> Option<Scenario> {
    let mut scenario = if args.quick { scenario.into_quick() } else { scenario };
    let wanted = |row: &Row| args.phases.iter().any(|phase| phase == row.phase.name);
    scenario.rows.retain(|row| args.phases.is_empty() || wanted(row));
    let rows = &scenario.rows;
    scenario.original.retain(|original| rows.iter().any(|row| row.to_string() == original.row));
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    scenario.connections = args.connections.map_or(scenario.connections, number);
    scenario.trials = args.trials.map_or(scenario.trials, number);
    scenario.duration = args.duration.unwrap_or(scenario.duration);
    scenario.warmup = args.warmup.unwrap_or(scenario.warmup);
    (!scenario.rows.is_empty()).then_some(scenario)
}

/// Starts a phase in a process of its own.
fn launch(row: &Row, cpus: &[usize]) -> Command {
    // This very file, even if a new build has taken its name meanwhile.
    let mut command = Command::new("/proc/self/exe");
    command.args(["serve", row.phase.name, "--addr", "127.0.0.1:0", "--with-parent"]);
    if !cpus.is_empty() {
        let list: Vec<_> = cpus.iter().map(usize::to_string).collect();
        command.args(["--cpus", &list.join(",")]);
    }
    command.args(&row.options);
    command
}

fn fire(plan: &engine::Plan, progress: &engine::Progress) -> Result<engine::Outcome, String> {
    engine::run(plan, progress).map_err(|error| error.to_string())
}

/// The workspace that this is run in: it holds the scenarios. Elsewhere there is none, and no
/// commit to speak of either.
fn workspace() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().find(|path| path.join("loadgen/scenarios.toml").is_file()).map(Path::to_owned)
}

/// The command that measures the same again. It leaves the output folder out, which is nobody's business.
fn command_line(args: &Args) -> String {
    let mut words = vec!["cargo run --release -p loadgen -- run".to_owned()];
    words.extend(args.phases.iter().map(|phase| format!("--phase {phase}")));
    words.extend(args.scenarios.iter().map(|name| format!("--scenario {name}")));
    words.extend(args.connections.map(|n| format!("-c {n}")));
    words.extend(args.trials.map(|n| format!("--trials {n}")));
    let time = |flag: &str, time: Duration| {
        format!("{flag} {}", humantime::format_duration(time)).replace("s ", "s")
    };
    words.extend(args.duration.map(|duration| time("--duration", duration)));
    words.extend(args.warmup.map(|warmup| time("--warmup", warmup)));
    words.extend(args.quick.then(|| "--quick".to_owned()));
    words.join(" ")
}

/// A duration to the second, or to ten where it is a minute and more.
fn about(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().ceil();
    if seconds < 60.0 {
        return format!("{seconds:.0} s");
    }
    let seconds = (seconds / 10.0).round() * 10.0;
    format!("{:.0} min {:02.0} s", (seconds / 60.0).floor(), seconds % 60.0)
}

fn known_phase(name: &str) -> Result<String, String> {
    rows::phase(name)
        .map(|phase| phase.name.to_owned())
        .ok_or_else(|| format!("there is no such phase; the phases are {}", rows::phase_names()))
}

fn known_scenario(name: &str) -> Result<String, String> {
    let scenarios = scenario::built_in()?;
    let names: Vec<_> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    if names.contains(&name) {
        return Ok(name.to_owned());
    }
    Err(format!("there is no such scenario; the scenarios are {}", names.join(", ")))
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
            quick: true,
            ..Args::default()
        };
        let agenda = agenda(&args).unwrap();
        assert_eq!(agenda.scenarios.len(), 3);
        for scenario in &agenda.scenarios {
            assert_eq!((scenario.connections, scenario.trials), (7, 1));
            assert_eq!(scenario.duration, Duration::from_millis(250));
            assert_eq!(scenario.rows.len(), 1);
        }
        assert_eq!(
            command_line(&args),
            "cargo run --release -p loadgen -- run --phase phase4-keepalive -c 7 --duration 250ms --quick"
        );
    }

    #[test]
    fn a_phase_brings_its_variants_along() {
        let args = Args { phases: vec!["phase1-threads".into()], ..Args::default() };
        let rows: Vec<_> = agenda(&args).unwrap().scenarios[0].rows.iter().map(Row::to_string).collect();
        assert_eq!(rows, ["phase1-threads", "phase1-threads --spawn"]);
    }

    #[test]
    fn a_phase_that_no_scenario_knows_is_refused() {
        let args = Args {
            phases: vec!["phase0-serial".into()],
            scenarios: vec!["pipelined".into()],
            ..Args::default()
        };
        let Err(Failure::BadArguments(message)) = agenda(&args) else { panic!("it must be refused") };
        assert_eq!(message, "phase0-serial is no part of pipelined; leave --phase or --scenario out");
    }

    #[test]
    fn an_estimate_is_round() {
        assert_eq!(about(Duration::from_millis(19_400)), "20 s");
        assert_eq!(about(Duration::from_secs(118)), "2 min 00 s");
    }
}
