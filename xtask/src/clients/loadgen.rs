//! The program that serves.

use std::path::PathBuf;
use std::process::Stdio;

use crate::cargo;

/// Builds `loadgen` as a `cargo run` with these options would, and says where it is.
///
/// # Errors
/// When it can't be built; cargo has said why by then.
pub(crate) fn build(options: &[&str]) -> Result<PathBuf, String> {
    let args = ["build", "--quiet", "--package", "loadgen", "--message-format=json-render-diagnostics"];
    let output = cargo::command(args)
        .args(options)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| cargo::cannot_start(&error))?;
    if !output.status.success() {
        return Err("loadgen can't be built".to_owned());
    }
    cargo::executables(&String::from_utf8_lossy(&output.stdout))
        .remove("loadgen")
        .ok_or_else(|| "cargo did not say where it put loadgen".to_owned())
}
