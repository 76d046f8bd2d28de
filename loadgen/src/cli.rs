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
  loadgen
      the whole report, about two and a half minutes
  loadgen --quick
      the same in about half a minute
  loadgen run --scenario reference -c 200
      one workload, with 200 connections
  loadgen run --phase phase2-async --phase phase3-pooled \\
    --trials 7
      two of the phases, more exactly
  loadgen run --scenario plaintext \\
    --target mine='./server --port {port}'
      your own server beside the phases
  loadgen calibrate
      what this kernel can do without HTTP
  loadgen serve phase0-serial
      one phase as a server, on 127.0.0.1:8080
  loadgen attack http://127.0.0.1:8080/
      any HTTP/1.1 server, not only these
  loadgen merge shards/slurm-17.0
      what several processes measured together
  loadgen check phase4-keepalive
      what it does with good and bad bytes
  loadgen report results/reference
      a run that was measured before, drawn again
  loadgen compare RUN RUN
      two of them side by side
  loadgen history
      how each phase did, run after run
  loadgen gate --against main
      is this build slower than main?
  loadgen export gate --as csv
      a run or a gate for other tools
  loadgen run --save-baseline before
      measure, and keep it under a name
  loadgen baselines
      what is kept so
  loadgen completions bash
      what a shell needs to complete all this
  loadgen man attack | man -l -
      the same help as pages of a manual

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
#[path = "cli_tests.rs"]
mod tests;
