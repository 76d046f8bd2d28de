//! A git repository with a tiny workspace, whose `loadgen` says one word and needs nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use loadgen::gate::base::{Base, BaseError, Wanted};
use loadgen::measure::Build;
use tempfile::TempDir;

/// `--locked` asks for it.
const LOCK: &str = "version = 4\n\n[[package]]\nname = \"loadgen\"\nversion = \"0.1.0\"\n";
const MANIFEST: &str = "[package]\nname = \"loadgen\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

/// Goes with the test.
pub(crate) struct Repository {
    root: PathBuf,
    /// The workspace's folder in it.
    inside: PathBuf,
    kept: PathBuf,
    _folder: Option<TempDir>,
}

impl Repository {
    /// An empty one. `None`, and said so, where there is no git or no cargo.
    pub(crate) fn new(inside: &str) -> Option<Self> {
        for program in ["git", "cargo"] {
            if Command::new(program).arg("--version").output().is_err() {
                skip(&format!("{program} is not installed"));
                return None;
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repository");
        fs::create_dir(&root).unwrap();
        let repository = Self { inside: inside.into(), _folder: Some(folder), ..Self::there(&root) };
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository.git(&["config", "user.name", "Test"]);
        repository.git(&["config", "user.email", "test@example.com"]);
        repository.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"loadgen\"]\n");
        repository.write("Cargo.lock", LOCK);
        repository.write("loadgen/Cargo.toml", MANIFEST);
        Some(repository)
    }

    /// One whose program says `one` at `main~1`, and `two` at `main`.
    pub(crate) fn of_one_and_two() -> Option<Self> {
        let repository = Self::new("")?;
        for word in ["one", "two"] {
            repository.program(word);
            repository.commit(word);
        }
        Some(repository)
    }

    /// One that is there already.
    pub(crate) fn there(root: &Path) -> Self {
        let kept = root.parent().unwrap().join("kept");
        Self { root: root.to_owned(), inside: PathBuf::new(), kept, _folder: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.root
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.root.join(&self.inside)
    }

    /// Where cargo puts what it builds.
    pub(crate) fn built(&self) -> PathBuf {
        self.kept.join("target/debug/loadgen")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.workspace().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Has the program say this word.
    pub(crate) fn program(&self, word: &str) {
        self.write("loadgen/src/main.rs", &format!("fn main() {{\n    println!(\"{word}\");\n}}\n"));
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "-m", message]);
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(name);
        }
        // What is looked at is not to change by that.
        command.env("GIT_OPTIONAL_LOCKS", "0");
        let Output { status, stdout, stderr } =
            command.arg("-C").arg(&self.root).args(arguments).output().unwrap();
        assert!(status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8_lossy(&stdout).trim().to_owned()
    }

    pub(crate) fn base(
        &self,
        rev: &str,
        tell: &mut dyn FnMut(&str),
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Base, BaseError> {
        let rustflags = Some(String::new());
        let build = Build { profile: "dev (optimised)".into(), rustflags, ..Build::default() };
        let workspace = self.workspace();
        let wanted = Wanted { workspace: &workspace, rev, build: &build, kept: &self.kept };
        Base::of_revision(&wanted, tell, interrupted)
    }

    /// The folders of all worktrees that git knows of, the first one its own.
    pub(crate) fn worktrees(&self) -> Vec<PathBuf> {
        let list = self.git(&["worktree", "list", "--porcelain"]);
        list.lines().filter_map(|line| line.strip_prefix("worktree ")).map(PathBuf::from).collect()
    }

    /// That everything is as it was; where not, it is said what differs.
    pub(crate) fn is_as_it_was(&self, before: &BTreeMap<PathBuf, Vec<u8>>) {
        let now = self.everything();
        let paths: BTreeSet<_> = before.keys().chain(now.keys()).collect();
        let changed: Vec<_> = paths.into_iter().filter(|path| before.get(*path) != now.get(*path)).collect();
        assert!(changed.is_empty(), "changed: {changed:?}");
    }

    /// All files with all that is in them, those of git among them: HEAD, index, branches, stash.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let content = fs::read(&path).unwrap();
                    files.insert(path, content);
                }
            }
        }
        files
    }
}

/// Says that a test could not be done here. Not with `eprintln!`, which the harness keeps to itself where a test
/// passes.
pub(crate) fn skip(why: &str) {
    let _ = writeln!(io::stderr(), "skipped: {why}");
}
