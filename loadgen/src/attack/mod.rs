//! `loadgen attack URL`: fires at any HTTP/1.1 server and says what came back.
//!
//! The flags become a [`Plan`](crate::engine::Plan) (`args`, `url`, `request`), a watcher shows how far it is
//! (`watch`), and the outcome is written for people (`summary`) or for scripts (`json`).

mod args;
mod json;
mod request;
mod summary;
mod url;
mod watch;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

pub use args::Args;

use crate::engine::{EngineError, Outcome, Progress};

/// A run that Ctrl-C ended.
const EXIT_INTERRUPTED: u8 = 130;

/// Why an attack did not take place.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// An argument makes no sense, or names what is not there.
    #[error("{0}")]
    Argument(String),
    /// The engine refused the plan, or the machine refused the engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The result could not be written.
    #[error("writing the result: {0}")]
    Output(#[from] io::Error),
}

impl AttackError {
    /// 2 where the arguments are to blame, 1 otherwise.
    pub fn exit_code(&self) -> ExitCode {
        let bad_argument = match self {
            Self::Argument(_) => true,
            Self::Engine(error) => error.is_bad_argument(),
            Self::Output(_) => false,
        };
        ExitCode::from(if bad_argument { 2 } else { 1 })
    }
}

/// Runs the command and prints its result to standard output.
///
/// The exit code is 0 where requests were answered, even if others failed, which the result shows;
/// 1 where none was, where the server died, or where the client itself ran out; 130 after Ctrl-C.
pub fn run(args: &Args) -> Result<ExitCode, AttackError> {
    let plan = args.plan()?;
    let progress = Arc::new(Progress::default());
    watch::stop_on_ctrl_c(&progress);
    let outcome = watch::run(&plan, &progress)?;
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", json::of(&plan, &outcome))?;
    } else if outcome.ok + outcome.failed() > 0 && !never_there(&outcome) {
        summary::write(&mut out, args, &plan, &outcome)?;
    }
    out.flush()?;
    if let Some(why) = complaint(&outcome) {
        // Nothing is left to be done about a standard error that is closed.
        let _ = writeln!(io::stderr(), "error: {why}");
    }
    Ok(exit_code(&outcome))
}

fn never_there(outcome: &Outcome) -> bool {
    outcome.gave_up.is_some() && outcome.ok == 0
}

/// Why the run has failed as a whole, if it has.
fn complaint(outcome: &Outcome) -> Option<String> {
    if let Some(why) = &outcome.gave_up {
        return Some(why.clone());
    }
    if let Some(why) = outcome.invalid() {
        return Some(why);
    }
    if outcome.ok > 0 || outcome.interrupted {
        return None;
    }
    let first = outcome.samples.first();
    Some(first.map_or_else(
        || "nothing was answered; is the duration (-d) long enough for one request?".to_owned(),
        |sample| format!("nothing was answered as expected; the first failure was: {sample}"),
    ))
}

fn exit_code(outcome: &Outcome) -> ExitCode {
    if outcome.interrupted {
        ExitCode::from(EXIT_INTERRUPTED)
    } else if complaint(outcome).is_some() {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    }
}
