//! The program that serves.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use crate::cargo;

/// Builds `loadgen` as a plain `cargo run` would, and says where it is.
///
/// # Errors
/// When it can't be built; cargo has said why by then.
pub(crate) fn build() -> Result<PathBuf, String> {
    let args = ["build", "--quiet", "--package", "loadgen", "--message-format=json-render-diagnostics"];
    let output = cargo::command(args)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| cargo::cannot_start(&error))?;
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
