//! A `run.json` that is read again, or a reason not to.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use super::document::{Document, SCHEMA};
use super::sound;

/// The name of a run's figures in its folder.
pub(super) const NAME: &str = "run.json";
/// Larger files are taken for something else.
const BYTES_MAX: u64 = 256 << 20;

/// The file that `path` means: itself, or the one in that folder.
pub fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(NAME) } else { path.to_owned() }
}

/// Reads the run that `path` is or holds.
///
/// # Errors
/// A sentence that names the file, says what is wrong with it and what to do.
pub fn read(path: &Path) -> Result<Document, String> {
    let file = file_of(path);
    let text = text_of(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    parse(&text).map_err(|why| format!("{} {why}; it is left as it is", file.display()))
}

fn text_of(file: &Path) -> Result<String, String> {
    let can_not =
        |error: std::io::Error| format!("can't be read: {error}; name a {NAME} or the folder of a run");
    let found = fs::metadata(file).map_err(can_not)?;
    if !found.is_file() || found.len() > BYTES_MAX {
        return Err(format!("is no file of less than {} MiB, as a {NAME} is", BYTES_MAX >> 20));
    }
    fs::read_to_string(file).map_err(can_not)
}

fn parse(text: &str) -> Result<Document, String> {
    /// The only part that every version has.
    #[derive(serde::Deserialize)]
    struct Head {
        schema: Option<String>,
    }
    let head: Head = match serde_json::from_str(text) {
        Ok(head) => head,
        Err(error) if error.is_eof() => return Err(format!("is only half written: {error}")),
        Err(error) => return Err(format!("is no {NAME}: {error}")),
    };
    match head.schema.as_deref() {
        Some(SCHEMA) => {}
        Some(schema) if is_newer(schema) => {
            return Err(format!(
                "was written by a newer loadgen: its schema is {schema}, this one reads {SCHEMA}; use the version \
                 that wrote it"
            ));
        }
        Some(schema) => return Err(format!("is no {NAME}: its schema is {schema}, not {SCHEMA}")),
        None => return Err(format!("is no {NAME}: it says no \"schema\", where {SCHEMA} was expected")),
    }
    let wrong = |why: &dyn Display| format!("says that it is {SCHEMA} and is not: {why}");
    let document = serde_json::from_str(text).map_err(|error| wrong(&error))?;
    sound::check(&document).map_err(|why| wrong(&why))?;
    Ok(document)
}

/// Whether it is the same schema with a higher number.
fn is_newer(schema: &str) -> bool {
    let split = |schema: &str| {
        let (name, version) = schema.rsplit_once('/')?;
        Some((name.to_owned(), version.parse::<u32>().ok()?))
    };
    split(schema).zip(split(SCHEMA)).is_some_and(|(theirs, ours)| theirs.0 == ours.0 && theirs.1 > ours.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_run_is_read_from_its_file_or_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let document = sample::document();
        fs::write(folder.path().join(NAME), serde_json::to_string(&document).unwrap()).unwrap();
        assert_eq!(read(folder.path()).unwrap(), document);
        assert_eq!(read(&folder.path().join(NAME)).unwrap(), document);
    }

    #[test]
    fn what_is_no_run_is_refused_by_name_with_what_is_wrong() {
        let whole = serde_json::to_string(&sample::document()).unwrap();
        for (text, part) in [
            (&whole[..whole.len() / 2], "is only half written"),
            ("", "is only half written"),
            ("# Results", "is no run.json"),
            ("[1, 2]", "is no run.json"),
            ("{}", "it says no \"schema\""),
            ("{\"schema\": \"phase-lab/attack/1\"}", "its schema is phase-lab/attack/1"),
            ("{\"schema\": \"phase-lab/run/2\"}", "a newer loadgen: its schema is phase-lab/run/2"),
            (
                "{\"schema\": \"phase-lab/run/1\"}",
                "says that it is phase-lab/run/1 and is not: missing field",
            ),
        ] {
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), text).unwrap();
            let error = read(file.path()).unwrap_err();
            assert!(error.contains(part) && error.contains(file.path().to_str().unwrap()), "{error}");
            assert_eq!(fs::read_to_string(file.path()).unwrap(), text, "it is left alone");
        }
    }

    #[test]
    fn what_is_not_there_is_said_with_what_to_name() {
        let folder = tempfile::tempdir().unwrap();
        let error = read(folder.path()).unwrap_err();
        assert!(
            error.contains("run.json: can't be read") && error.contains("the folder of a run"),
            "{error}"
        );
    }
}
