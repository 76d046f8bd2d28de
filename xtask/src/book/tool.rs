//! mdBook: found, or built once.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo;

/// The version that the book is built with, so that two builds look the same.
const VERSION: &str = "0.5.4";

/// Makes HTML of what was gathered.
pub(super) fn draw(tools: &Path, gathered: &Path, out: &Path) -> Result<(), String> {
    let output = Command::new(program(tools)?)
        .arg("build")
        .arg("--dest-dir")
        .arg(out)
        .arg(gathered)
        .output()
        .map_err(|error| format!("mdBook can't be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    // What it only warns of is a page that does not look as it should.
    if output.status.success() && !said.contains("WARN") {
        return Ok(());
    }
    Err(format!("mdBook ended with {}:\n{said}", output.status))
}

/// Where it is below `tools`; built first if need be.
fn program(tools: &Path) -> Result<PathBuf, String> {
    let program = tools.join("bin/mdbook");
    let is_there = Command::new(&program).arg("--version").output().is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout).trim().ends_with(VERSION) && output.status.success()
    });
    if is_there {
        return Ok(program);
    }
    eprintln!("building mdBook {VERSION} into {}, once", tools.display());
    // Without optimisation it is there sooner, and a book of this size takes it a second or two all the same.
    let status =
        cargo::command(["install", "--quiet", "mdbook", "--version", VERSION, "--locked", "--debug"])
            .args(["--no-default-features", "--features", "search", "--root"])
            .arg(tools)
            .status()
            .map_err(|error| format!("cargo can't be started: {error}"))?;
    if status.success() {
        Ok(program)
    } else {
        Err(format!("mdBook {VERSION} can't be built; cargo has said why"))
    }
}
