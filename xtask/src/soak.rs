//! `cargo xtask soak`: what the servers must survive, in `faults`.

use std::process::ExitCode;

use crate::cargo::cargo;

/// Faults and load against every phase; `cargo xtask soak --help` says how
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Passed on to `faults`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Builds and runs it.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    let fixed = ["run", "--quiet", "--package", "faults", "--"].map(str::to_owned);
    cargo(fixed.iter().chain(&args.args))
}
