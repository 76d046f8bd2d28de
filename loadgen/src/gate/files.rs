//! The folder that a gate's files go to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::drawing::{draw, file_name};
use super::outcome::{KIND, Outcome};
use crate::report::{Drawing, whole};

/// A folder that could be written to when it was asked.
#[derive(Debug)]
pub(super) struct Place {
    folder: PathBuf,
}

impl Place {
    /// Makes sure, before anything is built or measured, that all files can be written to `folder`, which is made
    /// where there is none.
    pub(super) fn prepare(folder: &Path) -> Result<Self, String> {
        let attempt = || -> io::Result<()> {
            fs::create_dir_all(folder)?;
            names().iter().try_for_each(|name| whole::check(&folder.join(name)))
        };
        attempt().map_err(|error| {
            format!(
                "can't write the gate to {}: {error}; choose another folder with --out DIR",
                folder.display()
            )
        })?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Writes each file whole or not at all, the figures first.
    ///
    /// # Errors
    /// Which were not written, why, and what to do.
    pub(super) fn write(&self, outcome: &Outcome, figures: &str) -> Result<(), String> {
        let drawings = Drawing::ALL.map(|drawing| (file_name(drawing), draw(drawing, outcome)));
        let all = [(KIND.name, figures)]
            .into_iter()
            .chain(drawings.iter().map(|(name, text)| (*name, text.as_str())));
        let refused: Vec<_> = all
            .filter_map(|(name, text)| {
                let error = whole::write(&self.folder.join(name), text.as_bytes()).err()?;
                Some((name, error))
            })
            .collect();
        let Some((first, error)) = refused.first() else { return Ok(()) };
        let names: Vec<_> = refused.iter().map(|(name, _)| *name).collect();
        let advice = if *first == KIND.name {
            "what is printed is all there is; free some room, or choose another folder with --out DIR"
                .to_owned()
        } else {
            format!(
                "free some room, and `loadgen report {}` draws it again",
                self.folder.join(KIND.name).display()
            )
        };
        Err(format!(
            "{} could not be written to {}: {error}; {advice}",
            names.join(", "),
            self.folder.display()
        ))
    }

    /// The files, for people.
    pub(super) fn told(&self) -> String {
        format!("{} are in {}", names().join(", "), self.folder.display())
    }
}

fn names() -> [&'static str; 3] {
    [KIND.name, file_name(Drawing::Md), file_name(Drawing::Html)]
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn what_can_not_be_written_is_said_before_anything_is_measured() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        let error = Place::prepare(&root.path().join("file")).unwrap_err();
        assert!(error.contains("file") && error.contains("--out DIR"), "{error}");
        fs::create_dir_all(root.path().join("out/gate.md")).unwrap();
        let error = Place::prepare(&root.path().join("out")).unwrap_err();
        assert!(error.contains("directory"), "{error}");
    }

    #[test]
    fn what_becomes_unwritable_meanwhile_is_named_and_leaves_the_others() {
        let root = tempfile::tempdir().unwrap();
        let place = Place::prepare(&root.path().join("new/out")).unwrap();
        let page = root.path().join("new/out/gate.html");
        fs::create_dir(&page).unwrap();
        let error = place.write(&sample::full(), "{}").unwrap_err();
        assert!(
            error.starts_with("gate.html could not be written") && error.contains("loadgen report"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(root.path().join("new/out/gate.json")).unwrap(), "{}");
        fs::remove_dir(&page).unwrap();
        place.write(&sample::full(), "{}").unwrap();
        assert_eq!(fs::read_dir(root.path().join("new/out")).unwrap().count(), 3, "no draft is left");
    }
}
