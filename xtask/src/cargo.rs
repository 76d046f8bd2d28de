//! Calling the cargo that called us, in the root of the workspace.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde_json::Value;

/// The root of the workspace.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Cargo with these arguments, to be run.
pub(crate) fn command<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(ROOT);
    command
}

/// What to say when [`command`] can't be started.
fn cannot_start(error: &std::io::Error) -> String {
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

/// Builds `loadgen` as a `cargo run` with these options would, and says where it is.
///
/// # Errors
/// When it can't be built; cargo has said why by then.
pub(crate) fn loadgen(options: &[&str]) -> Result<PathBuf, String> {
    build("loadgen", &[&["--quiet", "--package", "loadgen"], options].concat())?
        .remove("loadgen")
        .ok_or_else(|| "cargo did not say where it put loadgen".to_owned())
}

/// Builds with these options, and says where each executable is. An error calls it all `what`.
///
/// # Errors
/// When it can't be built; cargo has said why by then.
pub(crate) fn build(what: &str, options: &[&str]) -> Result<BTreeMap<String, PathBuf>, String> {
    let programs =
        built(command(["build"]).args(options))?.ok_or_else(|| format!("{what} can't be built"))?;
    Ok(programs.into_iter().map(|program| (program.name, program.path)).collect())
}

/// An executable that cargo has built.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// The target's, which may be another one's in another package.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Whether it has the tests of its target.
    pub(crate) is_test: bool,
    /// Of its package, where cargo would start its tests.
    pub(crate) folder: PathBuf,
}

/// Has cargo build by this command, and says which executables there are. `None` if it can't be built; cargo
/// has said why by then.
///
/// # Errors
/// When cargo can't be started.
pub(crate) fn built(command: &mut Command) -> Result<Option<Vec<Program>>, String> {
    let output = command
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| cannot_start(&error))?;
    Ok(output.status.success().then(|| executables(&String::from_utf8_lossy(&output.stdout))))
}

/// The folder that cargo builds into.
///
/// # Errors
/// When cargo can't be asked.
pub(crate) fn target_folder() -> Result<PathBuf, String> {
    let asked = command(["metadata", "--no-deps", "--format-version=1"]).stderr(Stdio::inherit()).output();
    let output = asked.map_err(|error| cannot_start(&error))?;
    let metadata: Option<Value> = serde_json::from_slice(&output.stdout).ok();
    metadata
        .and_then(|metadata| Some(metadata["target_directory"].as_str()?.into()))
        .ok_or_else(|| "cargo did not say where it builds".to_owned())
}

/// The executables that cargo's messages, one a line, tell of. Libraries have none.
fn executables(messages: &str) -> Vec<Program> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages
        .filter_map(|message| {
            Some(Program {
                name: message["target"]["name"].as_str()?.to_owned(),
                path: message["executable"].as_str()?.into(),
                is_test: message["profile"]["test"].as_bool()?,
                folder: Path::new(message["manifest_path"].as_str()?).parent()?.to_owned(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Program, executables};

    #[test]
    fn an_executable_is_told_by_its_name() {
        let messages = concat!(
            r#"{"manifest_path":"/a/Cargo.toml","target":{"name":"http1"},"profile":{"test":false},"executable":null}"#,
            "\nwarning: not JSON\n",
            r#"{"manifest_path":"/b/Cargo.toml","target":{"name":"hyper"},"profile":{"test":true},"executable":"/target/hyper"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let hyper = Program {
            name: "hyper".to_owned(),
            path: "/target/hyper".into(),
            is_test: true,
            folder: "/b".into(),
        };
        assert_eq!(executables(messages), [hyper]);
    }
}
