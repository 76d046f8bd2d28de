//! What `--against` means: a run that was saved, a program, a baseline's name, or a revision, in this order.

use std::path::{Path, PathBuf};

use super::base::{self, BaseError};
use crate::cli::Failure;
use crate::lab::interrupt;
use crate::report::{self, Baselines, Document};
use crate::run::results;

/// A run that was measured before.
#[derive(Clone, Debug)]
pub(super) struct Saved {
    /// What to call it: `baseline main`, or the path as it was given.
    pub(super) name: String,
    pub(super) document: Document,
    /// What is to be known of that name.
    pub(super) note: Option<String>,
}

/// The saved run that is meant; `None` where a program or a revision is.
pub(super) fn saved(meant: &str, workspace: Option<&Path>) -> Result<Option<Saved>, Failure> {
    let path = Path::new(meant);
    if let Some(file) = run_at(path) {
        let document = report::read(&file).map_err(Failure::BadArguments)?;
        return Ok(Some(Saved { name: meant.to_owned(), document, note: None }));
    }
    if path.is_file() {
        return Ok(None);
    }
    let Some(file) = Baselines::of(&results(workspace)).find(meant) else { return Ok(None) };
    let document = report::read(&file).map_err(Failure::BadArguments)?;
    let also = workspace.is_some_and(|workspace| base::is_revision(workspace, meant, &interrupt::requested));
    let note = also.then(|| {
        format!(
            "'{meant}' is a baseline and also a revision; the baseline was taken. For the revision write \
             refs/heads/{meant}, refs/tags/{meant}, or its commit."
        )
    });
    Ok(Some(Saved { name: format!("baseline {meant}"), document, note }))
}

/// The run that a path is or holds. A program has no such ending.
fn run_at(path: &Path) -> Option<PathBuf> {
    let file = report::file_of(path);
    (file.is_file() && file.extension().is_some_and(|ending| ending == "json")).then_some(file)
}

/// Who was looking for a baseline is told which there are.
pub(super) fn with_baselines(error: BaseError, workspace: Option<&Path>) -> Failure {
    if !matches!(
        error,
        BaseError::UnknownRevision { .. } | BaseError::Shallow { .. } | BaseError::NoRepository { .. }
    ) {
        return error.into();
    }
    let names = Baselines::of(&results(workspace)).names();
    let known = if names.is_empty() {
        "nor is there any baseline, which `loadgen run --save-baseline NAME` saves".to_owned()
    } else {
        format!("the baselines are {}", names.join(", "))
    };
    Failure::BadArguments(format!("{error}; {known}"))
}
