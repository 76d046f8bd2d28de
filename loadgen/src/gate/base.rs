//! The base: the program that a candidate is held against, and how it comes to be.
//!
//! A revision is checked out into a git worktree of its own in a temporary folder, so that the user's tree, index,
//! stash and branches stay as they are, whatever state they are in. It is built there, and its program is copied
//! out of cargo's folder, which the next base is built in. When a [`Base`] is dropped, worktree and folder go; where a gate
//! was killed, the next one removes them.

mod cargo;
mod child;
mod error;
mod git;
mod kept;
mod worktree;

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use self::git::Repository;
use self::kept::Kept;
use self::worktree::Worktree;
use crate::lab::rows;
use crate::measure::Build;
use crate::run::launch;

pub use self::error::BaseError;
pub use self::kept::folder as kept_folder;

/// A program is copied within this, also to a slow disk.
const COPY_WITHIN: Duration = Duration::from_secs(60);
/// A program says what it can do within this.
const HELP_WITHIN: Duration = Duration::from_secs(20);
/// The program's name in the temporary folder.
const PROGRAM: &str = "loadgen";

/// A program that can `serve` the phases; where it was built for this, its worktree goes when this is dropped.
#[derive(Debug)]
pub struct Base {
    program: PathBuf,
    name: String,
    commit: Option<String>,
    notes: Vec<String>,
    /// The program is in its folder.
    _worktree: Option<Worktree>,
}

/// What is to be built.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The folder of the workspace, anywhere in a git repository.
    pub workspace: &'a Path,
    /// A revision as git takes it: `main`, `HEAD~1`, a tag, a commit.
    pub rev: &'a str,
    /// How the candidate was built; the base is built with the same profile.
    pub build: &'a Build,
    /// What cargo builds for one base and needs again for the next: [`kept_folder`].
    pub kept: &'a Path,
}

impl Base {
    /// The revision that is wanted, built.
    ///
    /// Takes a minute or so the first time, and tells in between what it does. Ends soon after `interrupted` says
    /// so, with [`BaseError::Interrupted`]. On every way out nothing is left but what is kept.
    pub fn of_revision(
        wanted: &Wanted<'_>,
        tell: &mut dyn FnMut(&str),
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Self, BaseError> {
        let repository = Repository::around(wanted.workspace, interrupted)?;
        let revision = repository.revision(wanted.rev)?;
        let name = revision.name;
        // From the checkout to the copy: another gate would build another revision into the same folder.
        let kept = Kept::hold(wanted.kept, tell, interrupted)?;
        // Not before: the cargo of a gate that was killed may still be at work in its tree, and holds `kept` so long.
        worktree::forget_stale(&repository);
        let worktree = Worktree::add(&repository, &revision.commit, &name)?;
        kept.restore_times(&worktree.files(&repository)?, worktree.tree())?;
        let sources = repository.workspace_in(worktree.tree());
        let built = cargo::build(&sources, &kept, wanted.build, &name, tell, interrupted)?;
        let program = worktree.folder().join(PROGRAM);
        copy(&built.program, &program, interrupted)?;
        let (commit, notes) = (Some(revision.commit), built.notes);
        Ok(Self { program, name, commit, notes, _worktree: Some(worktree) })
    }

    /// A loadgen that is there already.
    pub fn of_program(path: &Path) -> Result<Self, BaseError> {
        let bad = |why: &str| BaseError::NoProgram { path: path.to_owned(), why: why.to_owned() };
        // Absolute: a name without a slash would be looked for in PATH.
        let program = path.canonicalize().map_err(|error| bad(&error.to_string()))?;
        let facts = program.metadata().map_err(|error| bad(&error.to_string()))?;
        if !facts.is_file() {
            return Err(bad("it is no file"));
        }
        if facts.permissions().mode() & 0o111 == 0 {
            return Err(bad("it is not executable"));
        }
        let name = path.display().to_string();
        Ok(Self { program, name, commit: None, notes: Vec::new(), _worktree: None })
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// What to call it: `3f2a1c9 (main~1)`, or the program's path as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole hash of its commit, where that is known.
    pub fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// In what it was built otherwise than this program, each in a sentence.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether it can serve that phase, started with all that the lab gives to a server and with `options`.
    ///
    /// Some of what the lab gives is in no help text. So all of it is given, with `--help` at the end: what the
    /// program does not know it refuses before it gets there.
    pub fn check_serves(
        &self,
        phase: &str,
        options: &[String],
        interrupted: &dyn Fn() -> bool,
    ) -> Result<(), BaseError> {
        let lacks = |why: String| BaseError::CannotServe {
            name: self.name.clone(),
            phase: phase.to_owned(),
            options: options.join(" "),
            why,
        };
        let known = rows::phase(phase).ok_or_else(|| {
            lacks(format!("there is no such phase; the phases are {}", rows::phase_names()))
        })?;
        let lab = launch::phase(known, options, &[0], 1);
        let mut command = Command::new(&self.program);
        command.args(lab.get_args().chain([OsStr::new("--help")]));
        let mut help = false;
        let said = child::run(&mut command, Stdio::null(), HELP_WITHIN, Some(interrupted), &mut |line, _| {
            help |= line.contains(&format!("serve {phase}"));
        });
        match said {
            Ok(said) if said.status.success() && help => Ok(()),
            Ok(said) if said.status.success() => {
                Err(lacks("it does not say that it can; is it a loadgen?".into()))
            }
            Ok(said) => Err(lacks(said.complaint())),
            Err(child::Trouble::Interrupted) => Err(BaseError::Interrupted),
            Err(trouble) => Err(lacks(trouble.to_string())),
        }
    }
}

/// Whether git knows a commit by that name. Where it can't be asked, it does not.
pub fn is_revision(workspace: &Path, rev: &str, interrupted: &dyn Fn() -> bool) -> bool {
    Repository::around(workspace, interrupted).is_ok_and(|repository| repository.revision(rev).is_ok())
}

/// Not in this process: what another thread starts meanwhile would hold the file open for writing for a moment, and
/// such a file can't be started.
fn copy(from: &Path, to: &Path, interrupted: &dyn Fn() -> bool) -> Result<(), BaseError> {
    let mut command = Command::new("cp");
    command.arg("--").args([from, to]);
    let said = child::run(&mut command, Stdio::null(), COPY_WITHIN, Some(interrupted), &mut |_, _| {})
        .map_err(|trouble| git::of_trouble(trouble, "cp"))?;
    let what = format!("{} could not be copied", from.display());
    if said.status.success() {
        Ok(())
    } else if said.is_of_a_full_disk() {
        Err(BaseError::DiskFull { what, folder: to.to_owned() })
    } else {
        Err(BaseError::Failed(format!("{what}: {}", said.complaint())))
    }
}
