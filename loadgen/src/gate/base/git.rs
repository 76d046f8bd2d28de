//! What git is asked, in a way that leaves the user's tree, index and environment out of it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::child::{self, Said, Trouble};
use super::error::BaseError;

/// A checkout of a large tree takes a while; nothing that is done here takes this long.
const GIT_WITHIN: Duration = Duration::from_secs(600);
/// More lines than any answer has that is asked for here; the rest is dropped.
const LINES_MAX: usize = 1 << 20;
/// Where the package stands in the workspace.
const PACKAGE: &str = "loadgen/Cargo.toml";

/// In a hook git names its own repository and index in these, which would then be taken for ours.
const OF_A_HOOK: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
];

/// The repository that a workspace is in.
pub(super) struct Repository<'a> {
    workspace: PathBuf,
    /// The workspace's folder in the repository; empty where they are the same.
    prefix: String,
    shallow: bool,
    interrupted: &'a dyn Fn() -> bool,
}

/// A commit, and what to call it.
pub(super) struct Revision {
    pub(super) commit: String,
    pub(super) name: String,
}

impl<'a> Repository<'a> {
    pub(super) fn around(workspace: &Path, interrupted: &'a dyn Fn() -> bool) -> Result<Self, BaseError> {
        let mut repository =
            Self { workspace: workspace.to_owned(), prefix: String::new(), shallow: false, interrupted };
        let lines = repository
            .ask(&["rev-parse", "--is-shallow-repository", "--show-prefix", "--show-toplevel"])?
            .map_err(|said| BaseError::NoRepository {
                workspace: workspace.to_owned(),
                said: said.complaint(),
            })?;
        repository.shallow = lines.first().is_some_and(|line| line == "true");
        repository.prefix = lines.get(1).cloned().unwrap_or_default();
        Ok(repository)
    }

    /// The commit of that name, which has to hold the lab.
    pub(super) fn revision(&self, rev: &str) -> Result<Revision, BaseError> {
        // In two steps: in `:/TEXT` all that follows is text, so that nothing can be appended to it.
        let object = self.hash(rev)?;
        let commit = match &object {
            Some(object) => self.hash(&format!("{object}^{{commit}}"))?,
            None => None,
        };
        let Some(commit) = commit else { return Err(self.unknown(rev, object.is_some())?) };
        let short =
            self.ask(&["rev-parse", "--short", &commit])?.ok().and_then(|lines| lines.into_iter().next());
        let short = short.unwrap_or_else(|| commit.clone());
        // One that was named by its hash has no other name.
        let name = if commit.starts_with(rev) { short } else { format!("{short} ({rev})") };
        let held = self.ask(&["ls-tree", "--name-only", &commit, "--", PACKAGE])?;
        if held.is_ok_and(|lines| lines.is_empty()) {
            return Err(BaseError::NoLoadgen { name, path: format!("{}{PACKAGE}", self.prefix) });
        }
        Ok(Revision { commit, name })
    }

    /// The workspace in another tree of the same repository.
    pub(super) fn workspace_in(&self, tree: &Path) -> PathBuf {
        tree.join(&self.prefix)
    }

    pub(super) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// What [`git`] says in the workspace.
    pub(super) fn ask(&self, arguments: &[&str]) -> Result<Result<Vec<String>, Said>, BaseError> {
        git(&self.workspace, arguments, self.interrupted)
    }

    fn hash(&self, name: &str) -> Result<Option<String>, BaseError> {
        let lines = self.ask(&["rev-parse", "--verify", "--end-of-options", name])?.unwrap_or_default();
        // `^main` is verified as well, and means all but main.
        let hash = lines
            .into_iter()
            .find(|line| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_hexdigit()));
        Ok(hash)
    }

    fn unknown(&self, rev: &str, is_object: bool) -> Result<BaseError, BaseError> {
        let at_origin = format!("origin/{rev}");
        let hint = if self.hash(&at_origin)?.is_some() {
            format!("the branch is known as {at_origin}")
        } else if self.shallow {
            return Ok(BaseError::Shallow { rev: rev.to_owned() });
        } else if is_object {
            "git knows no commit of that name; see git log".to_owned()
        } else {
            "git knows nothing of that name; see git log, or git fetch if it is new".to_owned()
        };
        Ok(BaseError::UnknownRevision { rev: rev.to_owned(), workspace: self.workspace.clone(), hint })
    }
}

/// Runs git in a folder. Its answer is lines; where git says no, that is what it said.
///
/// It is not ended when `interrupted` says so, only not begun, or its answer is not taken: what takes it long is a
/// checkout, and a git that is ended in one can leave its locks in the user's repository.
pub(super) fn git(
    folder: &Path,
    arguments: &[&str],
    interrupted: &dyn Fn() -> bool,
) -> Result<Result<Vec<String>, Said>, BaseError> {
    if interrupted() {
        return Err(BaseError::Interrupted);
    }
    let mut command = Command::new("git");
    for name in OF_A_HOOK {
        command.env_remove(name);
    }
    // Not even the times that the index remembers are refreshed, and nobody is asked for a password.
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0");
    // What the user has set up to happen at a checkout is meant for the user's checkouts.
    command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]);
    command.args(["-c", "core.quotePath=false", "-C"]).arg(folder).args(arguments);
    let mut lines = Vec::new();
    let said = child::run(&mut command, Stdio::null(), GIT_WITHIN, None, &mut |line, of| {
        if of == child::Of::Output && lines.len() < LINES_MAX {
            lines.push(line.to_owned());
        }
    });
    match said {
        Ok(_) if interrupted() => Err(BaseError::Interrupted),
        Ok(said) if said.status.success() => Ok(Ok(lines)),
        Ok(said) => Ok(Err(said)),
        Err(trouble) => Err(of_trouble(trouble, "git")),
    }
}

/// What it means that a program could not be run to its end.
pub(super) fn of_trouble(trouble: Trouble, program: &str) -> BaseError {
    match trouble {
        Trouble::Interrupted => BaseError::Interrupted,
        Trouble::Start { error, .. } if error.kind() == io::ErrorKind::NotFound => {
            BaseError::Missing(program.to_owned())
        }
        Trouble::Start { .. } => BaseError::Failed(trouble.to_string()),
        Trouble::TooLong(_) => BaseError::Failed(format!("{program} was ended: {trouble}")),
    }
}
