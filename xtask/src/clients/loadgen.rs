//! The program that serves.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Builds `loadgen` as a plain `cargo run` would, and says where it is.
///
/// # Errors
/// When it can't be built; cargo has said why by then.
pub(super) fn build() -> Result<PathBuf, String> {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(&program)
        .args(["build", "--quiet", "--package", "loadgen", "--message-format=json-render-diagnostics"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{} can't be started: {error}", program.display()))?;
    if !output.status.success() {
        return Err("loadgen can't be built".to_owned());
    }
    executable(&String::from_utf8_lossy(&output.stdout))
        .ok_or_else(|| "cargo did not say where it put loadgen".to_owned())
}

/// The executable that cargo's messages, one a line, tell of. Libraries have none.
fn executable(messages: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is_loadgen = |message: &Value| message["target"]["name"] == "loadgen";
    messages.filter(is_loadgen).find_map(|message| message["executable"].as_str().map(PathBuf::from))
}
