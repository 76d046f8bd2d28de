//! What was measured before, in a file: a run or a gate.

use std::path::{Path, PathBuf};

use crate::gate::outcome::{self, Outcome};
use crate::report::{self, Document, RUN};

/// One of them.
#[derive(Clone, Debug)]
pub enum Saved {
    /// A `run.json`.
    Run(Box<Document>),
    /// A `gate.json`.
    Gate(Box<Outcome>),
}

/// The file that `path` means: itself, or the `run.json` in that folder, or the `gate.json` where there is no run.
pub fn file_of(path: &Path) -> PathBuf {
    let gate = path.join(outcome::KIND.name);
    let run = report::file_of(path);
    if path.is_dir() && !run.is_file() && gate.is_file() { gate } else { run }
}

/// Reads what `path` is or holds.
///
/// # Errors
/// A sentence that names the file, says what is wrong with it and what to do.
pub fn read(path: &Path) -> Result<Saved, String> {
    let file = file_of(path);
    let text = report::text_of(&file, &format!("{} or {}", RUN.name, outcome::KIND.name))?;
    let schema = report::schema_of(&text).ok().flatten();
    // What does not say what it is may have the name of it.
    let is_gate = match schema.as_deref().and_then(|schema| schema.rsplit_once('/')) {
        Some((kind, _)) => outcome::KIND.schema.rsplit_once('/').is_some_and(|(ours, _)| ours == kind),
        None => file.file_name().is_some_and(|name| name == outcome::KIND.name),
    };
    if is_gate {
        outcome::KIND.parse(&file, &text).map(|outcome| Saved::Gate(Box::new(outcome)))
    } else {
        RUN.parse(&file, &text).map(|document| Saved::Run(Box::new(document)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const FULL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/full.gate.json");

    #[test]
    fn a_folder_is_read_by_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(FULL, folder.path().join("gate.json")).unwrap();
        assert!(matches!(read(folder.path()), Ok(Saved::Gate(_))));
        fs::copy(FULL.replace("gate", "run"), folder.path().join("run.json")).unwrap();
        assert!(matches!(read(folder.path()), Ok(Saved::Run(_))));
        assert!(matches!(read(&folder.path().join("gate.json")), Ok(Saved::Gate(_))));
    }

    #[test]
    fn a_gate_that_is_none_is_refused_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gate.json");
        let whole = fs::read_to_string(FULL).unwrap();
        for (text, part) in [
            (&whole[..whole.len() - 9], "is only half written"),
            ("{}", "is no gate.json: it says no \"schema\", where phase-lab/gate/1"),
            ("{\"schema\": \"phase-lab/gate/2\"}", "was written by a newer loadgen"),
            ("{\"schema\": \"phase-lab/gate/1\"}", "says that it is phase-lab/gate/1 and is not"),
            (&whole.replace("\"not slower\"", "\"fine\""), "verdict is 'fine', which is none"),
        ] {
            fs::write(&file, text).unwrap();
            let error = read(folder.path()).unwrap_err();
            assert!(error.contains(part) && error.contains("gate.json"), "{error}");
        }
    }
}
