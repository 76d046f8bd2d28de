//! Where results go: a folder for each run, which has its name once it is whole, or as whole as the disk allows.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::{contents, history, whole};
use crate::lab;

/// Runs that began in the same second get a number; more than this many are taken for a mistake.
const SAME_NAME_MAX: usize = 100;

/// The folder that a machine's results go to.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// Those that were made for it, the innermost first.
    made: Vec<PathBuf>,
    /// Where a run goes that can't be written there: a measurement that took minutes is not thrown away.
    spare: PathBuf,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The run's folder.
    pub folder: PathBuf,
    /// The names of the files in it.
    pub files: Vec<String>,
    /// What is not as it should be, in a sentence.
    pub complaint: Option<String>,
    /// Whether it is where it was to be.
    in_place: bool,
}

impl Written {
    /// Adds the run to the history of its machine, if it is in that machine's folder.
    pub fn remember(&self, document: &Document) -> Result<(), String> {
        if !self.in_place {
            return Ok(());
        }
        history::append(document, &self.folder).map_err(|error| {
            format!(
                "the run is written, but its lines could not be added to history.jsonl beside {}: {error}; see that \
                 it is a file that can be written",
                self.folder.display()
            )
        })
    }
}

impl Folder {
    /// Makes sure, before anything is measured, that results can be written below `root`.
    pub fn prepare(root: &Path, machine: &str) -> Result<Self, String> {
        let path = root.join(machine);
        let missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        let made = path.ancestors().take_while(missing).map(Path::to_owned).collect();
        let attempt = || -> io::Result<()> {
            fs::create_dir_all(&path)?;
            let probe = path.join(format!(".writable-{}", std::process::id()));
            File::create(&probe)?;
            fs::remove_file(&probe)
        };
        attempt().map_err(|error| {
            format!(
                "can't write results to {}: {error}; choose another folder with --out DIR",
                path.display()
            )
        })?;
        Ok(Self { path, made, spare: std::env::temp_dir() })
    }

    /// Takes away what [`prepare`](Self::prepare) made, as far as nothing is in it.
    pub fn leave(&self) {
        // Stops at the first that somebody else has put something into: only empty folders can be removed so.
        let _ = self.made.iter().try_for_each(fs::remove_dir);
    }

    /// Writes all files of a run, under a name that tells when and from which commit.
    ///
    /// The figures come first. Where the disk is full behind them, they are kept, and what is missing is
    /// named; where there is no room even for them, they go to the folder for temporary files.
    pub fn write(&self, document: &Document, measured: &lab::Measured) -> Result<Written, String> {
        let refused = |folder: &Path, error: io::Error| {
            format!("could not write the results to {}: {error}", folder.display())
        };
        let why = match write_run(&self.path, document, measured) {
            Ok(written) => return Ok(written),
            Err(error) => refused(&self.path, error),
        };
        match write_run(&self.spare, document, measured) {
            Ok(written) => {
                let also = written.complaint.map_or_else(String::new, |also| format!(". And {also}"));
                let complaint = format!("{why}; they are in {} instead{also}", written.folder.display());
                Ok(Written { complaint: Some(complaint), in_place: false, ..written })
            }
            Err(error) => Err(format!(
                "{why}, and {}; free some room or choose another folder with --out DIR",
                refused(&self.spare, error)
            )),
        }
    }
}

/// Writes a run into a new folder in `parent`; an error means that nothing of it is there.
fn write_run(parent: &Path, document: &Document, measured: &lab::Measured) -> io::Result<Written> {
    let (figures_name, figures) = contents::figures(document)?;
    // Hidden until it is as whole as it gets. The mode is that of any other folder.
    let draft = tempfile::Builder::new()
        .prefix(".draft-")
        .permissions(Permissions::from_mode(0o777))
        .tempdir_in(parent)?;
    whole::write_new(&draft.path().join(&figures_name), figures.as_bytes())?;
    let mut files = vec![figures_name];
    let mut missing = Vec::new();
    let mut first_error = None;
    for (name, text) in contents::others(document, measured) {
        let path = draft.path().join(&name);
        match whole::write_new(&path, text.as_bytes()) {
            Ok(()) => files.push(name),
            Err(error) => {
                // Half a file is worse than none; whatever stopped the writing may stop this, too.
                let _ = fs::remove_file(&path);
                missing.push(name);
                first_error.get_or_insert(error);
            }
        }
    }
    let mark = if missing.is_empty() { "" } else { "-partial" };
    let named = free_name(parent, &(run_name(document) + mark))
        .and_then(|folder| fs::rename(draft.path(), &folder).map(|()| folder));
    let draft = draft.keep();
    let (folder, unnamed) = match named {
        Ok(folder) => (folder, None),
        Err(error) => (draft, Some(error)),
    };
    let place = folder.display();
    let incomplete = first_error.map(|error| {
        format!(
            "the figures are kept, and {} could not be written ({error}); free some room, and `loadgen report {place}` \
             draws the reports again",
            missing.join(", ")
        )
    });
    let complaint = incomplete.or_else(|| {
        unnamed.map(|error| {
            format!("the results are whole, but their folder {place} could not be renamed: {error}")
        })
    });
    Ok(Written { complaint, files, in_place: true, folder })
}

fn free_name(parent: &Path, name: &str) -> io::Result<PathBuf> {
    let numbered = (2..=SAME_NAME_MAX).map(|number| format!("{name}-{number}"));
    let mut free = std::iter::once(name.to_owned()).chain(numbered).map(|name| parent.join(name));
    free.find(|path| !path.exists())
        .ok_or_else(|| io::Error::new(io::ErrorKind::AlreadyExists, format!("{name} is there already")))
}

/// `20260102T030405Z-0123456789ab-dirty`
fn run_name(document: &Document) -> String {
    let time: String = document.started_at.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let mut parts = vec![time];
    parts.extend(document.commit.clone());
    if document.dirty == Some(true) {
        parts.push("dirty".into());
    }
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::lab::cpus::Split;
    use crate::report::sample;

    fn nothing() -> lab::Measured {
        lab::Measured {
            started_at: SystemTime::UNIX_EPOCH,
            split: Split::default(),
            scenarios: Vec::new(),
            interrupted: false,
        }
    }

    #[test]
    fn a_run_is_read_back_as_it_was_written() {
        let root = tempfile::tempdir().unwrap();
        let document = sample::document();
        let written = Folder::prepare(root.path(), "here").unwrap().write(&document, &nothing()).unwrap();
        assert_eq!(written.folder, root.path().join("here/20260102T030405Z-0123456789ab"));
        let text = fs::read_to_string(written.folder.join("run.json")).unwrap();
        assert_eq!(serde_json::from_str::<Document>(&text).unwrap(), document);
        assert_eq!(fs::read_dir(root.path().join("here")).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_run_never_takes_another_ones_place() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::prepare(root.path(), "here").unwrap();
        folder.write(&sample::document(), &nothing()).unwrap();
        let second = folder.write(&sample::document(), &nothing()).unwrap();
        assert!(second.folder.ends_with("20260102T030405Z-0123456789ab-2"), "{second:?}");
    }

    #[test]
    fn what_can_not_be_written_is_said_before_anything_is_measured() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Folder::prepare(&file, "here").unwrap_err();
        assert!(error.contains("--out DIR") && error.contains("file"), "{error}");
    }

    #[test]
    fn where_a_run_can_not_be_written_it_goes_to_the_folder_for_temporary_files() {
        let (root, spare) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut folder = Folder::prepare(root.path(), "here").unwrap();
        folder.spare = spare.path().to_owned();
        fs::remove_dir(root.path().join("here")).unwrap();
        let written = folder.write(&sample::document(), &nothing()).unwrap();
        assert!(written.folder.starts_with(spare.path()) && written.folder.join("run.json").is_file());
        let complaint = written.complaint.clone().unwrap();
        assert!(complaint.contains("could not write the results to"), "{complaint}");
        assert!(complaint.contains(&written.folder.display().to_string()), "{complaint}");
        written.remember(&sample::document()).unwrap();
        assert_eq!(fs::read_dir(spare.path()).unwrap().count(), 1, "no history is begun there");

        folder.spare = root.path().join("nowhere");
        let error = folder.write(&sample::document(), &nothing()).unwrap_err();
        assert!(error.contains("nowhere") && error.contains("--out DIR"), "{error}");
    }

    #[test]
    fn a_draft_that_was_left_behind_is_in_nobodys_way() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::prepare(root.path(), "here").unwrap();
        fs::create_dir(root.path().join(format!("here/.draft-{}", std::process::id()))).unwrap();
        let written = folder.write(&sample::document(), &nothing()).unwrap();
        assert_eq!(written.complaint, None);
        let mode = fs::metadata(written.folder).unwrap().permissions().mode();
        let usual = fs::metadata(root.path().join("here")).unwrap().permissions().mode();
        assert_eq!(mode, usual, "others may read it as they may any folder");
    }

    #[test]
    fn a_folder_is_left_as_it_was_found() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::prepare(&root.path().join("new"), "here").unwrap();
        folder.leave();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);

        let folder = Folder::prepare(&root.path().join("new"), "here").unwrap();
        fs::write(root.path().join("new/here/mine"), "").unwrap();
        folder.leave();
        assert!(root.path().join("new/here/mine").exists());
        Folder::prepare(&root.path().join("new"), "here").unwrap().leave();
        assert!(root.path().join("new/here/mine").exists(), "and so is one that was there before");
    }

    #[test]
    fn names_tell_time_commit_and_changes() {
        let mut document = sample::document();
        document.dirty = Some(true);
        assert_eq!(run_name(&document), "20260102T030405Z-0123456789ab-dirty");
        document.commit = None;
        document.dirty = None;
        assert_eq!(run_name(&document), "20260102T030405Z");
    }
}
