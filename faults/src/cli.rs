//! The command line of `cargo xtask soak`.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::{FAULTS, Failure, Fault, Phase, Setting, Size, serve, soak};

/// Faults and load against every phase, then a mix of everything, and whether anything grows
#[derive(Parser)]
#[command(name = "cargo xtask soak", bin_name = "cargo xtask soak", after_help = EXAMPLES)]
struct Args {
    /// The short form: smaller numbers, a mix of 20 seconds, and no limit that a busy machine could
    /// miss; about three minutes
    #[arg(long)]
    quick: bool,
    /// Only this phase; may be given several times
    #[arg(long, value_name = "PHASE", value_parser = Phase::parse)]
    phase: Vec<Phase>,
    /// Only this fault; may be given several times
    #[arg(long, value_name = "NAME", value_parser = fault)]
    fault: Vec<Fault>,
    /// How long to mix; 0s leaves the mix out [default: 10m; 20s with --quick, 0s with --fault]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    mix: Option<Duration>,
    /// Only the mix
    #[arg(long, conflicts_with = "fault")]
    only_mix: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask soak --quick
      all of it in short
  cargo xtask soak
      all of it: ten minutes of mix, the limits as stated
  cargo xtask soak --phase phase4-keepalive \\
    --fault many_idle
  cargo xtask soak --only-mix --mix 1h

Exit codes: 0 all survived, 1 one did not, 2 bad arguments.";

/// What the process's arguments ask for: a phase to serve, or faults to try.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    match words.split_first() {
        // How a subject is started; nobody types it.
        Some((word, words)) if word == "serve" => serve::serve(words),
        _ => try_all(Args::parse()),
    }
}

fn try_all(args: Args) -> ExitCode {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => {
            eprintln!("error: this program can't find itself to serve with: {error}");
            return ExitCode::FAILURE;
        }
    };
    // A thousand clients at once are as many descriptors here.
    server::raise_limit();
    let setting = Setting { program, size: if args.quick { Size::Short } else { Size::Full } };
    let phases = if args.phase.is_empty() { Phase::all() } else { args.phase };
    let mix_default = match (args.quick, args.fault.is_empty()) {
        (_, false) => Duration::ZERO,
        (true, true) => Duration::from_secs(20),
        (false, true) => Duration::from_secs(600),
    };
    let faults = match (args.only_mix, args.fault.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => FAULTS.to_vec(),
        (false, false) => args.fault,
    };

    let (mut survived, mut failed) = (0, 0);
    let mut tell = |phase: Phase, result: Result<String, Failure>| match result {
        Ok(figures) => {
            survived += 1;
            println!("  {phase:<23}  ok      {figures}");
        }
        Err(failure) => {
            failed += 1;
            println!("  {phase:<23}  FAILED  {failure}");
        }
    };
    for fault in faults {
        println!("{}: {}", fault.name, fault.outcome);
        for &phase in phases.iter().filter(|phase| (fault.applies)(**phase)) {
            tell(phase, (fault.check)(&setting, phase));
        }
    }
    let mix = args.mix.unwrap_or(mix_default);
    if !mix.is_zero() {
        println!("mix of {}: nothing grows", humantime::format_duration(mix));
        for (phase, result) in soak::run(&setting, &phases, mix) {
            tell(phase, result);
        }
    }
    println!("{survived} survived, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fault(name: &str) -> Result<Fault, String> {
    FAULTS.into_iter().find(|fault| fault.name == name).ok_or_else(|| {
        format!("there is no fault of that name; there are {}", FAULTS.map(|fault| fault.name).join(", "))
    })
}
