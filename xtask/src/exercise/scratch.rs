//! A copy of the workspace in which solutions can be tried, and which nobody else looks at.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{self, ROOT};

/// The copy, and the folder that it is built into. That one can't be the workspace's own: cargo names what it
/// makes of a crate by the crate's place in its workspace, so it would take the copy's for the workspace's.
pub(super) struct Scratch {
    tree: PathBuf,
    target: PathBuf,
}

impl Scratch {
    /// One below the folder that cargo builds into, as it was left the last time.
    pub(super) fn new() -> Result<Self, String> {
        let folder = cargo::target_folder()?.join("exercises");
        Self::in_folder(&folder).map_err(|error| format!("{} can't be made: {error}", folder.display()))
    }

    fn in_folder(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder.join("tree"))?;
        // Git looks for a repository up to a folder that it is told, and wants its real name.
        let folder = folder.canonicalize()?;
        Ok(Self { tree: folder.join("tree"), target: folder.join("target") })
    }

    /// Its root.
    pub(super) fn root(&self) -> &Path {
        &self.tree
    }

    /// Cargo in it, to be given arguments.
    pub(super) fn cargo(&self, job: &str) -> Command {
        let mut command = cargo::command([job]);
        command.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// Makes it the workspace as it is now: what git tracks, and what it would. What is the same is left alone,
    /// so that cargo builds only what is not.
    pub(super) fn renew(&self) -> Result<(), String> {
        self.renew_from(Path::new(ROOT))
    }

    fn renew_from(&self, root: &Path) -> Result<(), String> {
        let files = files_of_git(root)?;
        let in_tree = |error| format!("{} can't be renewed: {error}", self.tree.display());
        remove_others(&self.tree, Path::new(""), &files).map_err(in_tree)?;
        for file in &files {
            let (from, to) = (root.join(file), self.tree.join(file));
            copy(&from, &to).map_err(|error| format!("{} can't be copied: {error}", from.display()))?;
        }
        Ok(())
    }

    /// Applies a patch to it, as `git apply` does in the root of the workspace.
    ///
    /// # Errors
    /// What git has against it.
    pub(super) fn apply(&self, patch: &Path) -> Result<(), String> {
        let mut git = Command::new("git");
        git.arg("apply").arg(patch).current_dir(&self.tree);
        // In a repository, git takes a patch to be of its root. So none must be found here.
        git.env("GIT_CEILING_DIRECTORIES", self.tree.parent().unwrap_or(&self.tree));
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            git.env_remove(variable);
        }
        output(&mut git).map(drop)
    }
}

/// The files that git tracks below `root` and those that it would, if they are there.
fn files_of_git(root: &Path) -> Result<BTreeSet<PathBuf>, String> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let names = output(&mut git)?;
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let files = names.map(|name| PathBuf::from(String::from_utf8_lossy(name).into_owned()));
    Ok(files.filter(|file| root.join(file).is_file()).collect())
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
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if fs::read(to).is_ok_and(|bytes| fs::read(from).is_ok_and(|same| same == bytes)) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(drop)
}

/// What git writes.
fn output(git: &mut Command) -> Result<Vec<u8>, String> {
    let output = git.output().map_err(|error| format!("git can't be started: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("git says: {}", String::from_utf8_lossy(&output.stderr).trim_end()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::{Scratch, output};

    const PATCH: &str = "\
--- a/phase/lib.rs
+++ b/phase/lib.rs
@@ -1 +1 @@
-before
+after
";

    #[test]
    fn a_copy_is_what_git_knows_and_takes_patches_and_is_renewed() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("workspace");
        fs::create_dir_all(root.join("phase")).expect("made");
        output(Command::new("git").args(["init", "--quiet"]).current_dir(&root)).expect("a repository");
        for (name, text) in [("phase/lib.rs", "before\n"), (".gitignore", "/ignored\n"), ("ignored", "")] {
            fs::write(root.join(name), text).expect("written");
        }
        // Inside of the repository, as the target folder is.
        let scratch = Scratch::in_folder(&root.join("ignored-too")).expect("a copy");
        fs::write(root.join(".gitignore"), "/ignored*\n").expect("written");
        let patch = folder.path().join("solution.patch");
        fs::write(&patch, PATCH).expect("written");
        let text = || fs::read_to_string(scratch.root().join("phase/lib.rs")).expect("copied");

        for _ in 0..2 {
            scratch.renew_from(&root).expect("renewed");
            assert_eq!(text(), "before\n");
            scratch.apply(&patch).expect("applied");
            assert_eq!(text(), "after\n");
            fs::create_dir_all(scratch.root().join("left/over")).expect("made");
            fs::write(scratch.root().join("left/over/file"), "").expect("written");
        }
        scratch.renew_from(&root).expect("renewed");
        assert!(!scratch.root().join("left").exists() && !scratch.root().join("ignored").exists());
        assert_eq!(fs::read_to_string(root.join("phase/lib.rs")).expect("there"), "before\n");
    }

    #[test]
    fn what_git_has_against_a_patch_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let scratch = Scratch::in_folder(folder.path()).expect("a copy");
        let patch = folder.path().join("solution.patch");
        fs::write(&patch, PATCH).expect("written");
        let error = scratch.apply(&patch).expect_err("there is no such file");
        assert!(error.contains("phase/lib.rs"), "{error}");
    }
}
