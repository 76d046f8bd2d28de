//! Where results go: a folder of their own, there as a whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::build::merged_latency;
use super::document::Document;
use super::drawing::Drawing;
use super::{hgrm, history, whole};
use crate::lab;

/// Runs that began in the same second get a number; more than this many are taken for a mistake.
const SAME_NAME_MAX: usize = 100;

/// The folder that a machine's results go to.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// What was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The run's folder.
    pub folder: PathBuf,
    /// The names of the files in it.
    pub files: Vec<String>,
}

impl Written {
    /// Adds the run to the history of its machine.
    pub fn remember(&self, document: &Document) -> Result<(), String> {
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
        let folder = root.join(machine);
        let attempt = || -> io::Result<()> {
            fs::create_dir_all(&folder)?;
            let probe = folder.join(format!(".writable-{}", std::process::id()));
            File::create(&probe)?;
            fs::remove_file(&probe)
        };
        attempt().map_err(|error| {
            format!(
                "can't write results to {}: {error}; choose another folder with --out DIR",
                folder.display()
            )
        })?;
        Ok(Self(folder))
    }

    /// Writes all files of a run, under a name that tells when and from which commit.
    pub fn write(&self, document: &Document, measured: &lab::Measured) -> Result<Written, String> {
        let draft = self.0.join(format!(".draft-{}", std::process::id()));
        let result = self.write_draft(&draft, document, measured);
        if result.is_err() {
            // Half a result is worse than none; whatever stopped the writing may stop this, too.
            let _ = fs::remove_dir_all(&draft);
        }
        result.map_err(|error| {
            format!(
                "could not write the results to {}: {error}; free some room or choose another folder with --out DIR",
                self.0.display()
            )
        })
    }

    fn write_draft(
        &self,
        draft: &Path,
        document: &Document,
        measured: &lab::Measured,
    ) -> io::Result<Written> {
        fs::create_dir(draft)?;
        let mut files = vec![("run.json".to_owned(), json(document)?)];
        files.extend(Drawing::ALL.map(|drawing| (drawing.file_name().to_owned(), drawing.draw(document))));
        for lab::MeasuredScenario { scenario, rows } in &measured.scenarios {
            for row in rows {
                if let Some(histogram) = merged_latency(row) {
                    let name = format!("{}-{}.hgrm", scenario.name, file_name(&row.row.to_string()));
                    files.push((name, hgrm::text(&histogram)));
                }
            }
        }
        for (name, text) in &files {
            whole::write_new(&draft.join(name), text.as_bytes())?;
        }
        let folder = self.free_name(document)?;
        fs::rename(draft, &folder)?;
        Ok(Written { folder, files: files.into_iter().map(|(name, _)| name).collect() })
    }

    fn free_name(&self, document: &Document) -> io::Result<PathBuf> {
        let name = run_name(document);
        let numbered = (2..=SAME_NAME_MAX).map(|number| format!("{name}-{number}"));
        let mut free = std::iter::once(name.clone()).chain(numbered).map(|name| self.0.join(name));
        free.find(|path| !path.exists())
            .ok_or_else(|| io::Error::new(io::ErrorKind::AlreadyExists, format!("{name} is there already")))
    }
}

/// `run.json` as text, keys sorted, so that two runs differ in lines where they differ in numbers.
fn json(document: &Document) -> io::Result<String> {
    let sorted = serde_json::to_value(document)?;
    Ok(serde_json::to_string_pretty(&sorted)? + "\n")
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

/// A row's name without what file names had better not hold.
fn file_name(row: &str) -> String {
    let words = row.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
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
    fn what_can_not_be_written_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::prepare(root.path(), "here").unwrap();
        // A file in the draft's place stops the writing as a full disk would.
        let draft = root.path().join(format!("here/.draft-{}", std::process::id()));
        fs::write(&draft, "").unwrap();
        let error = folder.write(&sample::document(), &nothing()).unwrap_err();
        assert!(error.contains("could not write the results") && error.contains("--out DIR"), "{error}");
        assert_eq!(fs::read_dir(root.path().join("here")).unwrap().count(), 1, "only that file");
    }

    #[test]
    fn names_tell_time_commit_and_changes() {
        let mut document = sample::document();
        document.dirty = Some(true);
        assert_eq!(run_name(&document), "20260102T030405Z-0123456789ab-dirty");
        document.commit = None;
        document.dirty = None;
        assert_eq!(run_name(&document), "20260102T030405Z");
        assert_eq!(file_name("phase1-threads --spawn"), "phase1-threads-spawn");
    }
}
