//! `cargo xtask peers`: the phases beside servers that other people wrote, on this machine, in turns.
//!
//! The lab measures: `loadgen run` gives each server a fresh process for each trial, lets them take turns and
//! accounts for their CPU time. What is here builds the peers, has them measured in three modes, reads the
//! `run.json` of each, and prints a table with ratios and which of the bounds that the phases were given are met.
//!
//! # Layout
//! - `roster`: who takes part, and in which mode.
//! - `build`, `lab` and `ending`: the programs, the runs, and their end.
//! - `measured`: what a `run.json` says of them.
//! - `table` and `bounds`: what comes of it.

mod bounds;
mod build;
mod ending;
mod lab;
mod measured;
mod roster;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;

use crate::cargo;
use crate::interrupt;
use lab::Effort;
use roster::Mode;

/// The phases beside hyper, axum, actix-web, ntex, `may_minihttp`, nginx and a plain pool of threads
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask peers
      all of it, in about twelve minutes
  cargo xtask peers --quick
      whether all of them answer
  cargo xtask peers --mode kept --only hyper
      one peer under one load")]
pub(crate) struct Args {
    /// Two rounds of a second, about two and a half minutes: too few to judge by, enough to see that all answer
    #[arg(long)]
    quick: bool,
    /// Fresh processes of each server in each mode, in turns [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: Option<u16>,
    /// How long each of them is fired at, in seconds [default: 4]
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u16).range(1..=600))]
    seconds: Option<u16>,
    /// Only this peer beside the phases and the canned loop; may be given more than once
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(roster::names()))]
    only: Vec<String>,
    /// Only this mode; may be given more than once
    #[arg(long, value_name = "MODE")]
    mode: Vec<Mode>,
    /// Keep the lab's reports of the runs in this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Fail if a bound is missed or can't be judged
    #[arg(long)]
    require: bool,
}

/// Builds, measures, and prints what came of it.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    interrupt::can_end(|| Ok(if measure(args)? { ExitCode::SUCCESS } else { ExitCode::FAILURE }))
}

/// The result is whether all was well.
fn measure(args: &Args) -> Result<bool, String> {
    let peers = roster::chosen(&args.only);
    println!("building the lab and the peers, with --release");
    let loadgen = cargo::loadgen(&["--release"])?;
    let programs = build::peers()?;
    let effort = Effort { quick: args.quick, rounds: args.rounds, seconds: args.seconds };
    let mut all_good = true;
    for mode in roster::MODES.into_iter().filter(|mode| args.mode.is_empty() || args.mode.contains(mode)) {
        let targets = roster::targets(&peers, mode, &programs)?;
        interrupt::check()?;
        let run = lab::run(&loadgen, mode, &targets, effort, args.out.as_deref())?;
        let run = measured::Run::parse(&run)?;
        let verdicts = bounds::judge(mode, &run);
        print!("\n{}{}", table::Table { mode, run: &run }, table::Lines(&verdicts));
        all_good &= !run.has_failures();
        all_good &= !args.require || verdicts.iter().all(bounds::Verdict::is_met);
    }
    Ok(all_good)
}
