//! Calling the cargo that called us.

use std::env;
use std::ffi::OsStr;
use std::process::{Command, ExitCode};

/// Runs cargo with these arguments in the root of the workspace, and passes its exit code on.
///
/// # Errors
/// When cargo can't be started.
pub(crate) fn cargo<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Result<ExitCode, String> {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let status = Command::new(&program)
        .args(args)
        .current_dir(root)
        .status()
        .map_err(|error| format!("{} can't be started: {error}", program.display()))?;
    // What a signal has ended has no code.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
