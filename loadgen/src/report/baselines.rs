//! Runs that are kept under a name, to hold others against: `results/baselines/NAME/run.json`.

use std::fs;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::read::{RUN, read};
use super::whole;

/// The folder in that of the results.
const FOLDER: &str = "baselines";
/// Longer names are no names.
const NAME_BYTES_MAX: usize = 100;
/// More folders than this are not looked at.
const LISTED_MAX: usize = 10_000;

/// A name as it may be given: letters, digits, `-`, `_` and `.`, so that it is a folder's on every system and needs
/// no quotes in a shell.
///
/// # Errors
/// A sentence that says which names there may be.
pub fn baseline_name(name: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    // What begins with a dot is hidden, or leads elsewhere; what begins with a hyphen is taken for a flag.
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if begins_well && name.len() <= NAME_BYTES_MAX && name.chars().all(is_plain) {
        return Ok(name.to_owned());
    }
    Err(format!(
        "a baseline's name has letters, digits, '-', '_' and '.' and begins with none of '-' and '.', {NAME_BYTES_MAX} \
         at the most"
    ))
}

/// The baselines in a folder of results.
#[derive(Clone, Debug)]
pub struct Baselines {
    folder: PathBuf,
}

impl Baselines {
    /// Those below `results`, which need not exist.
    pub fn of(results: &Path) -> Self {
        Self { folder: results.join(FOLDER) }
    }

    /// The file that a name means, if there is such a baseline.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        baseline_name(name).ok().map(|name| self.file(&name)).filter(|file| file.is_file())
    }

    /// Keeps the run in `folder` under a name, in the place of what had it, as a whole or not at all. Says what it did.
    ///
    /// # Errors
    /// A sentence that says what could not be done; then what had the name has it still.
    pub fn save(&self, name: &str, folder: &Path) -> Result<String, String> {
        let (from, to) = (folder.join(RUN.name), self.file(name));
        let place = to.display();
        let failed = |error: &dyn std::fmt::Display| {
            format!("baseline {name} could not be saved to {place}: {error}; the run itself is kept")
        };
        let text = fs::read(&from).map_err(|error| failed(&error))?;
        let before = to.is_file().then(|| read(&to));
        fs::create_dir_all(self.folder.join(name)).map_err(|error| failed(&error))?;
        whole::write(&to, &text).map_err(|error| failed(&error))?;
        Ok(match before {
            None => format!("baseline {name} is saved: {place}"),
            Some(Ok(before)) => format!(
                "baseline {name} is saved, in the place of that of {}, {}: {place}",
                before.started_at,
                before.commit.map_or_else(|| "commit not known".into(), |commit| format!("commit {commit}"))
            ),
            Some(Err(_)) => {
                format!("baseline {name} is saved, in the place of one that could not be read: {place}")
            }
        })
    }

    /// Every baseline by name, in the order of the names, with its run or why it can't be read.
    pub fn all(&self) -> Vec<(String, Result<Document, String>)> {
        self.names().into_iter().map(|name| (name.clone(), read(&self.file(&name)))).collect()
    }

    /// Their names, in order.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten().take(LISTED_MAX);
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.retain(|name| self.find(name).is_some());
        names.sort();
        names
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name).join(RUN.name)
    }
}
