//! `loadgen compare`: two runs that were measured before, side by side.

use std::path::PathBuf;

use crate::cli::Failure;
use crate::redraw::print;
use crate::report;

/// Which two.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen compare results/reference \\
    results/MACHINE/TIME-COMMIT
  loadgen compare before/run.json after/run.json --json

It says what differs and never fails for it.")]
pub struct Args {
    /// The run to compare with: a run.json, or the folder that it is in
    #[arg(value_name = "A")]
    a: PathBuf,
    /// The run that is compared
    #[arg(value_name = "B")]
    b: PathBuf,
    /// JSON in place of a table
    #[arg(long)]
    json: bool,
}

/// Reads both and prints what differs.
pub fn run(args: &Args) -> Result<(), Failure> {
    let read = |path| report::read(path).map_err(Failure::BadArguments);
    let comparison = report::compare(&read(&args.a)?, &read(&args.b)?);
    if args.json {
        let text = serde_json::to_string_pretty(&comparison)
            .map_err(|error| Failure::Failed(format!("the comparison can't be told as JSON: {error}")))?;
        return print(&(text + "\n"));
    }
    print(&report::comparison(&comparison, report::width()))
}
