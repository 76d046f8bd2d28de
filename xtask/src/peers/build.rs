//! The peers' programs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use crate::cargo;

/// Builds them all, and says where each is.
///
/// # Errors
/// When they can't be built; cargo has said why by then.
pub(super) fn peers() -> Result<BTreeMap<String, PathBuf>, String> {
    // Its progress is shown: the first time takes minutes.
    let args = ["build", "--release", "--locked", "--manifest-path", "peers/Cargo.toml"];
    let output = cargo::command(args)
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| cargo::cannot_start(&error))?;
    if !output.status.success() {
        return Err("the peers can't be built".to_owned());
    }
    Ok(cargo::executables(&String::from_utf8_lossy(&output.stdout)))
}
