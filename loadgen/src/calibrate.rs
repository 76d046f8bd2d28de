//! `loadgen calibrate`: what this kernel can do without HTTP, for people or as JSON.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::cli::Failure;
use crate::lab::cpus::{self, Split};
use crate::lab::floor;
use crate::report;

/// How to show it.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen calibrate
      connections, bytes to and fro, and timers, in two
      seconds
  loadgen calibrate --json
      the same for scripts

A run measures the same, and its report says of each row how near it came.")]
pub struct Args {
    /// Print it as JSON, with the fields of run.json's "floor"
    #[arg(long)]
    json: bool,
}

/// Measures and prints; takes about two seconds.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let split = Split::of(&cpus::allowed());
    let measured = floor::measure(&split)
        .map_err(|error| Failure::Failed(format!("the floor could not be measured: {error}")))?;
    let floor = report::floor(&measured);
    let mut out = io::stdout().lock();
    let printed = if args.json {
        serde_json::to_writer_pretty(&mut out, &floor).map_err(io::Error::from).and_then(|()| writeln!(out))
    } else {
        out.write_all(report::floor_text(&floor).as_bytes())
    };
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("the floor could not be printed: {error}")))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}
