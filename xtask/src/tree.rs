//! The files of a workspace, as git knows them.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Git in this folder.
pub(crate) fn git(folder: &Path) -> Command {
    program("git", folder)
}

/// A program in this folder. If it is git or calls it, no other repository is meant than the one that is found from there,
/// also where a hook of git has called us.
pub(crate) fn program(name: &str, folder: &Path) -> Command {
    let mut program = Command::new(name);
    program.current_dir(folder);
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        program.env_remove(variable);
    }
    program
}

/// What git writes.
///
/// # Errors
/// What it has against it.
pub(crate) fn output(git: &mut Command) -> Result<Vec<u8>, String> {
    let output = git.output().map_err(|error| format!("git can't be started: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("git says: {}", String::from_utf8_lossy(&output.stderr).trim_end()))
}

/// The files that git tracks below `root` and those that it would, if they are there; of these only such as the patterns
/// fit, where there are any.
///
/// # Errors
/// When git can't be asked.
pub(crate) fn files(root: &Path, patterns: &[&str]) -> Result<BTreeSet<PathBuf>, String> {
    let mut git = git(root);
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]).args(patterns);
    let names = output(&mut git)?;
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let files = names.map(|name| PathBuf::from(String::from_utf8_lossy(name).into_owned()));
    // What was deleted and not committed is listed, too.
    Ok(files.filter(|file| root.join(file).is_file()).collect())
}

/// Makes `tree` a copy of these files of `root`, and of nothing else. What is the same is left alone, so that cargo builds
/// only what is not.
///
/// # Errors
/// Which file can't be copied.
pub(crate) fn copy(root: &Path, files: &BTreeSet<PathBuf>, tree: &Path) -> Result<(), String> {
    let in_tree = |error| format!("{} can't be renewed: {error}", tree.display());
    remove_others(tree, Path::new(""), files).map_err(in_tree)?;
    for file in files {
        let (from, to) = (root.join(file), tree.join(file));
        copy_file(&from, &to).map_err(|error| format!("{} can't be copied: {error}", from.display()))?;
    }
    Ok(())
}

/// Removes what is in `folder` of `tree` and not among `files`.
fn remove_others(tree: &Path, folder: &Path, files: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(tree.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            remove_others(tree, &path, files)?;
            // Only an empty one goes.
            let _ = fs::remove_dir(entry.path());
        } else if !files.contains(&path) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Copies a file unless it is there already.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    if fs::read(to).is_ok_and(|bytes| fs::read(from).is_ok_and(|same| same == bytes)) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(drop)
}
