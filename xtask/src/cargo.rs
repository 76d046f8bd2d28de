//! Calling the cargo that called us, in the root of the workspace.

use std::env;
use std::ffi::OsStr;
use std::process::{Command, ExitCode};

/// The root of the workspace.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Cargo with these arguments, to be run.
pub(crate) fn command<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(ROOT);
    command
}

/// What to say when [`command`] can't be started.
pub(crate) fn cannot_start(error: &std::io::Error) -> String {
    format!("cargo can't be started: {error}")
}

/// Runs cargo with these arguments, and passes its exit code on.
///
/// # Errors
/// When cargo can't be started.
pub(crate) fn cargo<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Result<ExitCode, String> {
    let status = command(args).status().map_err(|error| cannot_start(&error))?;
    // What a signal has ended has no code.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
