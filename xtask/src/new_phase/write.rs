//! Writing many files or none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file, and what is to stand in it.
#[derive(Debug)]
pub(super) struct Change {
    /// From the root of the workspace.
    pub(super) path: PathBuf,
    /// `None` where there is no such file yet.
    before: Option<String>,
    pub(super) after: String,
}

impl Change {
    pub(super) fn of_new_file(path: PathBuf, after: String) -> Self {
        Self { path, before: None, after }
    }

    pub(super) fn of_file(path: PathBuf, before: String, after: String) -> Self {
        Self { path, before: Some(before), after }
    }

    pub(super) fn is_new_file(&self) -> bool {
        self.before.is_none()
    }
}

/// Changes that are written. They can be taken back.
#[derive(Debug)]
pub(super) struct Written<'a> {
    root: &'a Path,
    changes: &'a [Change],
    folders: Vec<PathBuf>,
}

/// Writes all of them, or leaves everything as it was.
///
/// They are written beside their places first, which is what a full disk stops, and moved there when all are.
pub(super) fn write<'a>(root: &'a Path, changes: &'a [Change]) -> Result<Written<'a>, String> {
    let cannot = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| format!("{path} can't be written: {error}; nothing was changed")
    };
    let beside = tempfile::Builder::new().prefix(".new-phase-").tempdir_in(root).map_err(cannot(root))?;
    let place = |index: usize| beside.path().join(index.to_string());
    for (index, change) in changes.iter().enumerate() {
        fs::write(place(index), &change.after).map_err(cannot(&change.path))?;
    }
    let mut written = Written { root, changes: &[], folders: Vec::new() };
    for (index, change) in changes.iter().enumerate() {
        let folder = change.path.parent().unwrap_or(Path::new(""));
        let moved = written.make(folder).and_then(|()| fs::rename(place(index), root.join(&change.path)));
        if let Err(error) = moved {
            let message = cannot(&change.path)(error);
            written.take_back()?;
            return Err(message);
        }
        written.changes = &changes[..=index];
    }
    Ok(written)
}

impl Written<'_> {
    /// Makes a folder with those above it, and remembers which were not there.
    fn make(&mut self, folder: &Path) -> io::Result<()> {
        let missing: Vec<&Path> =
            folder.ancestors().take_while(|folder| !self.root.join(folder).is_dir()).collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(self.root.join(folder))?;
            self.folders.push(folder.to_owned());
        }
        Ok(())
    }

    /// Leaves everything as it was.
    ///
    /// # Errors
    /// Where that can't be done: it says what is left.
    pub(super) fn take_back(self) -> Result<(), String> {
        let mut left = Vec::new();
        for change in self.changes.iter().rev() {
            let path = self.root.join(&change.path);
            let done = match &change.before {
                Some(before) => fs::write(&path, before),
                None => fs::remove_file(&path),
            };
            left.extend(done.err().map(|error| format!("{}: {error}", change.path.display())));
        }
        for folder in self.folders.iter().rev() {
            // What is not empty was named above.
            let _ = fs::remove_dir(self.root.join(folder));
        }
        if left.is_empty() { Ok(()) } else { Err(format!("it can't all be taken back: {}", left.join(", "))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(root: &Path) -> Vec<String> {
        let mut found: Vec<_> = fs::read_dir(root)
            .unwrap()
            .flat_map(|entry| {
                let entry = entry.unwrap();
                let name = entry.file_name().to_string_lossy().into_owned();
                if entry.path().is_dir() {
                    let inner = all(&entry.path()).into_iter().map(|inner| format!("{name}/{inner}"));
                    inner.chain([format!("{name}/")]).collect()
                } else {
                    vec![format!("{name}={}", fs::read_to_string(entry.path()).unwrap())]
                }
            })
            .collect();
        found.sort();
        found
    }

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("old"), "before").unwrap();
        fs::create_dir(root.path().join("folder")).unwrap();
        root
    }

    fn changes(last: &str) -> [Change; 3] {
        [
            Change::of_new_file("new/deep/file".into(), "made".into()),
            Change::of_file("old".into(), "before".into(), "after".into()),
            Change::of_new_file(last.into(), "last".into()),
        ]
    }

    #[test]
    fn all_are_written_and_can_be_taken_back() {
        let root = tree();
        let before = all(root.path());
        let changes = changes("new/last");
        let written = write(root.path(), &changes).unwrap();
        assert_eq!(
            all(root.path()),
            ["folder/", "new/", "new/deep/", "new/deep/file=made", "new/last=last", "old=after"]
        );
        written.take_back().unwrap();
        assert_eq!(all(root.path()), before);
    }

    #[test]
    fn where_one_can_not_be_written_none_is() {
        let root = tree();
        let before = all(root.path());
        // A file can't be moved to where a folder is.
        let changes = changes("folder");
        let error = write(root.path(), &changes).unwrap_err();
        assert!(
            error.starts_with("folder can't be written: ") && error.contains("nothing was changed"),
            "{error}"
        );
        assert_eq!(all(root.path()), before);
    }
}
