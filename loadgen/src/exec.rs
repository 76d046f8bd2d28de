//! `loadgen exec -- CMD`: how the lab starts a server that is not its own. It does what `loadgen serve`
//! does about the lab, and then becomes that program.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use crate::cli::Failure;
use crate::lab::Leash;
use crate::serve::put_on;

/// What to become.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    leash: Leash,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    words: Vec<String>,
}

/// Does not return unless the program can't be started.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    put_on(&args.leash, &args.words[0])?;
    let error = Command::new(&args.words[0]).args(&args.words[1..]).exec();
    Err(Failure::Failed(format!("could not start {}: {error}", args.words[0])))
}
