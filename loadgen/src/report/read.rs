//! A `run.json`, or another file of loadgen's, that is read again, or a reason not to.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::document::{Document, SCHEMA};
use super::sound;

/// Larger files are taken for something else.
const BYTES_MAX: u64 = 256 << 20;

/// A kind of file that loadgen writes and reads again.
pub(crate) struct Kind<T> {
    /// What it is called in its folder.
    pub(crate) name: &'static str,
    /// The schema that it says it has.
    pub(crate) schema: &'static str,
    /// Says the first value that makes no sense.
    pub(crate) check: fn(&T) -> Result<(), String>,
}

/// A run's figures.
pub(crate) const RUN: Kind<Document> = Kind { name: "run.json", schema: SCHEMA, check: sound::check };

/// The file that `path` means: itself, or the one in that folder.
pub fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(RUN.name) } else { path.to_owned() }
}

/// Reads the run that `path` is or holds.
///
/// # Errors
/// A sentence that names the file, says what is wrong with it and what to do.
pub fn read(path: &Path) -> Result<Document, String> {
    let file = file_of(path);
    RUN.parse(&file, &text_of(&file, RUN.name)?)
}

/// What is in a file that is to be of the kind `name`, or why it can't be.
pub(crate) fn text_of(file: &Path, name: &str) -> Result<String, String> {
    let wrong = |why: String| format!("{}: {why}", file.display());
    let can_not =
        |error: std::io::Error| wrong(format!("can't be read: {error}; name a {name} or the folder of one"));
    let found = fs::metadata(file).map_err(can_not)?;
    if !found.is_file() || found.len() > BYTES_MAX {
        return Err(wrong(format!("is no file of less than {} MiB, as a {name} is", BYTES_MAX >> 20)));
    }
    fs::read_to_string(file).map_err(can_not)
}

/// The schema that a text says it has; the error is that of the reader of JSON.
pub(crate) fn schema_of(text: &str) -> serde_json::Result<Option<String>> {
    /// The only part that every version has.
    #[derive(serde::Deserialize)]
    struct Head {
        schema: Option<String>,
    }
    serde_json::from_str(text).map(|head: Head| head.schema)
}

impl<T: DeserializeOwned> Kind<T> {
    /// Understands `text`, which is that of `file`.
    ///
    /// # Errors
    /// A sentence that names the file, says what is wrong with it and what to do.
    pub(crate) fn parse(&self, file: &Path, text: &str) -> Result<T, String> {
        self.understand(text).map_err(|why| format!("{} {why}; it is left as it is", file.display()))
    }

    fn understand(&self, text: &str) -> Result<T, String> {
        let Self { name, schema: ours, check } = *self;
        let schema = match schema_of(text) {
            Ok(schema) => schema,
            Err(error) if error.is_eof() => return Err(format!("is only half written: {error}")),
            Err(error) => return Err(format!("is no {name}: {error}")),
        };
        match schema.as_deref() {
            Some(schema) if schema == ours => {}
            Some(schema) if is_newer(schema, ours) => {
                return Err(format!(
                    "was written by a newer loadgen: its schema is {schema}, this one reads {ours}; use the version \
                     that wrote it"
                ));
            }
            Some(schema) => return Err(format!("is no {name}: its schema is {schema}, not {ours}")),
            None => return Err(format!("is no {name}: it says no \"schema\", where {ours} was expected")),
        }
        let wrong = |why: &dyn Display| format!("says that it is {ours} and is not: {why}");
        let document = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        check(&document).map_err(|why| wrong(&why))?;
        Ok(document)
    }
}

/// Whether it is the same schema with a higher number.
fn is_newer(schema: &str, ours: &str) -> bool {
    let split = |schema: &str| {
        let (name, version) = schema.rsplit_once('/')?;
        Some((name.to_owned(), version.parse::<u32>().ok()?))
    };
    split(schema).zip(split(ours)).is_some_and(|(theirs, ours)| theirs.0 == ours.0 && theirs.1 > ours.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    const NAME: &str = RUN.name;

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
        assert!(error.contains("run.json: can't be read") && error.contains("the folder of one"), "{error}");
    }
}
