//! Why there is no base, in words for people.

use std::io;
use std::path::{Path, PathBuf};

use crate::cli::Failure;

/// Why there is no base.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// A program that is needed is not installed.
    #[error(
        "there is no {0} in PATH, which a base is made with; install it, or name a loadgen that is there already"
    )]
    Missing(String),
    /// The workspace is in no git repository, or in one that git refuses.
    #[error(
        "{} is in no git repository with a work tree, so there is no revision to compare with; git says: {said}",
        workspace.display()
    )]
    NoRepository {
        /// The folder.
        workspace: PathBuf,
        /// git's own words.
        said: String,
    },
    /// git knows no such revision.
    #[error("there is no commit '{rev}' in {}: {hint}", workspace.display())]
    UnknownRevision {
        /// As it was given.
        rev: String,
        /// Where it was looked for.
        workspace: PathBuf,
        /// What may help.
        hint: String,
    },
    /// git knows no such revision, and has not been given the whole history.
    #[error(
        "there is no commit '{rev}' in this shallow clone; fetch what is missing with: git fetch --unshallow"
    )]
    Shallow {
        /// As it was given.
        rev: String,
    },
    /// The revision is of something else, or of a time before the lab.
    #[error(
        "{name} holds no package loadgen (no {path}), so nothing there can serve; choose another revision"
    )]
    NoLoadgen {
        /// The revision.
        name: String,
        /// Where it would be.
        path: String,
    },
    /// There is nothing that can be started under that path.
    #[error("{} is no program that can be the base: {why}", path.display())]
    NoProgram {
        /// As it was given.
        path: PathBuf,
        /// What it is.
        why: String,
    },
    /// It can't do what the lab asks of a server.
    #[error("the base {name} can't serve {}: {why}", [phase.as_str(), options.as_str()].join(" ").trim_end())]
    CannotServe {
        /// The base.
        name: String,
        /// Which phase.
        phase: String,
        /// With which options besides the lab's own.
        options: String,
        /// What it said.
        why: String,
    },
    /// cargo failed.
    #[error("the base {name} does not build; the last lines of cargo build:\n    {}", lines.join("\n    "))]
    DoesNotBuild {
        /// The base.
        name: String,
        /// What cargo wrote at the end.
        lines: Vec<String>,
    },
    /// There was no room for it.
    #[error("{what}, as the disk is full; make room for {}", folder.display())]
    DiskFull {
        /// What did not work.
        what: String,
        /// What was to grow.
        folder: PathBuf,
    },
    /// Something else went wrong.
    #[error("{0}")]
    Failed(String),
    /// It was asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl BaseError {
    /// `what` says what did not work in `folder`.
    pub(super) fn from_io(what: &str, folder: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull {
            return Self::DiskFull { what: what.to_owned(), folder: folder.to_owned() };
        }
        Self::Failed(format!("{what}: {error}"))
    }
}

impl From<BaseError> for Failure {
    fn from(error: BaseError) -> Self {
        use BaseError as E;
        match error {
            E::Interrupted => Self::Interrupted,
            E::DoesNotBuild { .. } | E::DiskFull { .. } | E::Failed(_) => Self::Failed(error.to_string()),
            E::Missing(_)
            | E::NoRepository { .. }
            | E::UnknownRevision { .. }
            | E::Shallow { .. }
            | E::NoLoadgen { .. }
            | E::NoProgram { .. }
            | E::CannotServe { .. } => Self::BadArguments(error.to_string()),
        }
    }
}
