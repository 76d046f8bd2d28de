//! The command line, and the exit codes that scripts rely on.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::lab::interrupt;
use crate::{
    attack, baselines, calibrate, check, compare, completions, exec, export, gate, history, man, merge,
    redraw, run, serve,
};

/// Something that was asked for went wrong.
const EXIT_FAILED: u8 = 1;
/// What was asked for makes no sense. Clap uses the same.
const EXIT_BAD_ARGUMENTS: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  loadgen                                  the whole report, about two and a half minutes
  loadgen --quick                          the same in about half a minute
  loadgen run --scenario reference -c 200  one workload, with 200 connections
  loadgen run --phase phase2-async --phase phase3-pooled --trials 7
  loadgen run --scenario plaintext --target mine='./server --port {port}'
                                           your own server beside the phases
  loadgen calibrate                        what this kernel can do without HTTP
  loadgen serve phase0-serial              one phase as a server, on 127.0.0.1:8080
  loadgen attack http://127.0.0.1:8080/    any HTTP/1.1 server, not only these
  loadgen merge shards/slurm-17.0          what several processes measured together
  loadgen check phase4-keepalive           what it does with good and bad bytes
  loadgen report results/reference         a run that was measured before, drawn again
  loadgen compare RUN RUN                  two of them side by side
  loadgen history                          how each phase did, run after run
  loadgen gate --against main              is this build slower than main?
  loadgen export gate --as csv             a run or a gate for other tools
  loadgen run --save-baseline before       measure, and keep it under a name
  loadgen baselines                        what is kept so
  loadgen completions bash                 what a shell needs to complete all this
  loadgen man attack | man -l -            the same help as pages of a manual

Results go to results/MACHINE/TIME-COMMIT/ as run.json, report.md, report.html and .hgrm, and a line for each row to \
results/MACHINE/history.jsonl.

Exit codes: 0 good, 1 the run failed (also where any request failed), 2 bad arguments, 3 the gate found something \
slower, 130 interrupted.";

/// Five HTTP/1.1 servers, each one idea faster than the last, and what each idea buys.
///
/// Without a command it measures them all: fresh servers, in turns, on real sockets.
#[derive(Debug, Parser)]
#[command(name = "loadgen", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::Args,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the phases and write the report (also without the word `run`)
    // Not at its arguments, which the program takes as well, with a help of its own.
    #[command(after_help = run::EXAMPLES)]
    Run(run::Args),
    /// Serve one phase
    Serve(serve::Args),
    // Its help is told where its arguments are.
    Attack(Box<attack::Args>),
    /// Put the files of several shards together, without loss
    Merge(merge::Args),
    /// Hold a phase or any server to the rules of HTTP/1.1
    Check(check::Args),
    /// Measure what this kernel can do without HTTP
    Calibrate(calibrate::Args),
    /// Become a program, as the lab wants its servers
    #[command(hide = true)]
    Exec(exec::Args),
    /// Draw a run that was measured before once more: report.md and report.html
    Report(redraw::Args),
    /// Put two runs side by side: ratios, and whether their intervals overlap
    Compare(compare::Args),
    /// Say whether this build is slower than another: of each phase, with an interval, or that it cannot be told
    Gate(Box<gate::args::Args>),
    /// Write a run or a gate as other tools read it: benchstat, github-action-benchmark, Bencher, CSV
    Export(export::Args),
    /// Show how each server did, run after run
    History(history::Args),
    /// List the runs that are kept under a name
    Baselines(baselines::Args),
    /// Print what bash, zsh or fish needs to complete commands and flags
    Completions(completions::Args),
    /// Print or write the manual pages
    Man(man::Args),
}

/// How a command ended that did not end well.
#[derive(Debug)]
pub enum Failure {
    /// It can't be done as asked; exit code 2.
    BadArguments(String),
    /// It was tried and failed; exit code 1.
    Failed(String),
    /// Ctrl-C; exit code 130.
    Interrupted,
}

/// Runs what the process's arguments ask for.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        None => run::run(&cli.run).map(|()| ExitCode::SUCCESS),
        Some(Command::Run(args)) => run::run(&args).map(|()| ExitCode::SUCCESS),
        Some(Command::Serve(args)) => serve::run(args),
        Some(Command::Merge(args)) => merge::run(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Calibrate(args)) => calibrate::run(&args),
        Some(Command::Exec(args)) => exec::run(&args),
        Some(Command::Compare(args)) => compare::run(&args).map(|()| ExitCode::SUCCESS),
        Some(Command::Gate(args)) => gate::command::gate(&args),
        Some(Command::Export(args)) => export::run(&args).map(|()| ExitCode::SUCCESS),
        Some(Command::History(args)) => history::run(&args).map(|()| ExitCode::SUCCESS),
        Some(Command::Baselines(args)) => baselines::run(&args).map(|()| ExitCode::SUCCESS),
        Some(Command::Completions(args)) => {
            completions::run(&args, &Cli::command()).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Man(args)) => man::run(&args, Cli::command()).map(|()| ExitCode::SUCCESS),
        Some(Command::Report(args)) => redraw::run(&args).map(|()| ExitCode::SUCCESS),
        Some(Command::Attack(args)) => attack::run(&args).or_else(|error| {
            eprintln!("error: {error}");
            Ok(error.exit_code())
        }),
    };
    result.unwrap_or_else(|failure| failure.tell())
}

impl Failure {
    /// Says on standard error what it is, and returns the exit code for it.
    pub fn tell(&self) -> ExitCode {
        let (code, message) = match self {
            Self::BadArguments(message) => (EXIT_BAD_ARGUMENTS, message.as_str()),
            Self::Failed(message) => (EXIT_FAILED, message.as_str()),
            Self::Interrupted => (interrupt::EXIT_CODE, "interrupted"),
        };
        eprintln!("error: {message}");
        if code == EXIT_BAD_ARGUMENTS {
            eprintln!("\nFor more information, try '--help'.");
        }
        ExitCode::from(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands among the examples of a help: lines indented by two that are not about the line above.
    fn examples(help: &str) -> Vec<&str> {
        let (_, rest) = help.split_once("Examples:\n").expect("a help has examples");
        let lines = rest.lines().take_while(|line| !line.is_empty());
        lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' '))).collect()
    }

    /// The words of each loadgen in a line of a shell, without what is said of it behind two spaces.
    fn calls(line: &str) -> Vec<Vec<String>> {
        let command = line.split("  ").next().unwrap_or(line);
        let words = shlex::split(command).expect("quotes are closed");
        let calls = words.split(|word| matches!(word.as_str(), "|" | "&" | ">"));
        let ours = calls.filter(|call| call.first().is_some_and(|word| word == "loadgen"));
        ours.map(<[String]>::to_vec).collect()
    }

    fn each_command(command: &clap::Command, look: &mut impl FnMut(&clap::Command)) {
        look(command);
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        shown.for_each(|command| each_command(command, look));
    }

    #[test]
    fn every_command_has_examples_that_it_takes() {
        each_command(&Cli::command(), &mut |command| {
            let name = command.get_name();
            let help =
                command.get_after_help().unwrap_or_else(|| panic!("{name} shows no examples")).to_string();
            let lines = examples(&help);
            let calls: Vec<_> = lines.iter().flat_map(|line| calls(line)).collect();
            let own = calls.iter().filter(|call| name == "loadgen" || call.iter().any(|word| word == name));
            assert!(own.count() > 0, "{name} has no example of its own");
            for call in &calls {
                // Asking for help is no mistake.
                if let Err(error) = Cli::try_parse_from(call)
                    && error.use_stderr()
                {
                    panic!("an example of {name}, {call:?}, is not taken: {error}");
                }
            }
        });
    }

    /// Each is a program, too, whose help is part of its lesson; it takes the flags that `serve` takes.
    #[test]
    fn the_examples_of_a_phases_own_program_are_taken() {
        for phase in crate::lab::rows::PHASES {
            let name = phase.name;
            let file = format!("{}/../{name}/src/main.rs", env!("CARGO_MANIFEST_DIR"));
            let source = std::fs::read_to_string(file).unwrap();
            let (_, help) = source.split_once("Try it:\n").expect("its help has something to try");
            let lines = help.split_once("\";").expect("the constant ends").0.lines();
            let of_it = lines.filter_map(|line| line.trim().strip_prefix(name));
            let all: Vec<_> = of_it.flat_map(|rest| calls(&format!("loadgen serve {name}{rest}"))).collect();
            assert!(!all.is_empty(), "{name} is not among what it says to try");
            for call in all {
                assert!(Cli::try_parse_from(&call).is_ok(), "{call:?}");
            }
        }
    }

    /// What a help says of its lines is two columns; a paragraph is wrapped where the terminal ends, and only there.
    #[test]
    fn prose_behind_a_help_is_not_wrapped_twice() {
        each_command(&Cli::command(), &mut |command| {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for paragraph in help.split("\n\n").filter(|paragraph| !paragraph.starts_with("Examples:\n")) {
                assert!(!paragraph.trim_end().contains('\n'), "{}: {paragraph}", command.get_name());
            }
        });
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_is_the_default() {
        for words in [["loadgen", "--quick"].as_slice(), &["loadgen", "run", "--quick"]] {
            let cli = Cli::parse_from(words);
            let args = match cli.command {
                None => cli.run,
                Some(Command::Run(args)) => args,
                Some(other) => panic!("{other:?}"),
            };
            assert!(args.quick);
        }
    }
}
