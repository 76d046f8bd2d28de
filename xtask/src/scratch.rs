//! A copy of the workspace in which solutions and new phases can be tried, and which nobody else looks at.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{self, ROOT};
use crate::tree;

/// How everything in it is built: to be built soon, since none of it is measured. Tests and programs are built alike, so that
/// they share what they depend on.
const PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_DEV_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_DEV_DEBUG", "none"),
    ("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "true"),
    ("CARGO_PROFILE_TEST_DEBUG_ASSERTIONS", "true"),
];

/// The copy, and the folder that it is built into. That one can't be the workspace's own: cargo names what it
/// makes of a crate by the crate's place in its workspace, so it would take the copy's for the workspace's.
pub(crate) struct Scratch {
    tree: PathBuf,
    target: PathBuf,
}

impl Scratch {
    /// One below the folder that cargo builds into, as it was left the last time.
    pub(crate) fn new() -> Result<Self, String> {
        let folder = cargo::target_folder()?.join("scratch");
        Self::in_folder(&folder).map_err(|error| format!("{} can't be made: {error}", folder.display()))
    }

    fn in_folder(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder.join("tree"))?;
        // Git looks for a repository up to a folder that it is told, and wants its real name.
        let folder = folder.canonicalize()?;
        Ok(Self { tree: folder.join("tree"), target: folder.join("target") })
    }

    /// Its root.
    pub(crate) fn root(&self) -> &Path {
        &self.tree
    }

    /// Cargo in it, to be given arguments.
    pub(crate) fn cargo(&self, job: &str) -> Command {
        let mut command = cargo::command([job]);
        command.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.target).envs(PROFILE);
        command
    }

    /// Makes it the workspace as it is now: what git tracks, and what it would. What is the same is left alone,
    /// so that cargo builds only what is not.
    pub(crate) fn renew(&self) -> Result<(), String> {
        self.renew_from(Path::new(ROOT))
    }

    fn renew_from(&self, root: &Path) -> Result<(), String> {
        tree::copy(root, &tree::files(root, &[])?, &self.tree)
    }

    /// Applies a patch to it, as `git apply` does in the root of the workspace.
    ///
    /// # Errors
    /// What git has against it.
    pub(crate) fn apply(&self, patch: &Path) -> Result<(), String> {
        let mut git = tree::git(&self.tree);
        // In a repository, git takes a patch to be of its root. So none must be found here.
        git.env("GIT_CEILING_DIRECTORIES", self.tree.parent().unwrap_or(&self.tree));
        tree::output(git.arg("apply").arg(patch)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Scratch;
    use crate::tree::{git, output};

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
        output(git(&root).args(["init", "--quiet"])).expect("a repository");
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
