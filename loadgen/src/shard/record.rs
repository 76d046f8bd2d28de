//! The file of a shard: who it is, when it began, and all that it measured, without loss.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::args::Output;
use super::clock::Offset;
use super::{Seat, Started};
use crate::engine::{Outcome, Part, Plan};
use crate::report::whole;

/// Fields are only ever added under this one.
pub(crate) const SCHEMA: &str = "phase-lab/shard/1";

/// What one shard of a run has to tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) schema: String,
    /// What the shards of one run have in common, and those of no other.
    pub(crate) run: String,
    pub(crate) index: usize,
    pub(crate) count: usize,
    /// The flag or variable that says which shard this is.
    pub(crate) said_by: String,
    pub(crate) host: String,
    /// The version of the program.
    pub(crate) version: String,
    /// Shards that had not come when this one began, as far as it was told.
    pub(crate) absent: Vec<usize>,
    /// One for an attack, one for each trial of a run.
    pub(crate) fired: Vec<Fired>,
}

/// One thing that was fired.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fired {
    /// Of an attack its method and URL, of a trial its scenario, row and number.
    pub(crate) name: String,
    /// What all shards together were to fire.
    pub(crate) plan: Plan,
    /// When all were to begin, by shard 0's clock, in nanoseconds since 1970.
    pub(crate) at_unix_ns: u64,
    /// What was to be added to this host's clock to have shard 0's; `None` where they were not compared.
    pub(crate) clock: Option<Offset>,
    /// Connections made before the run to find the server.
    pub(crate) probes: u64,
    pub(crate) outcome: Outcome,
}

impl Record {
    /// All that a shard has to tell.
    pub(crate) fn of(seat: &Seat, started: &Started, fired: Vec<Fired>) -> Self {
        let Part { index, count } = seat.part();
        Self {
            schema: SCHEMA.to_owned(),
            run: started.beginning.run.clone(),
            index,
            count,
            said_by: seat.rank.said_by.to_owned(),
            host: host(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            absent: started.beginning.absent.clone(),
            fired,
        }
    }

    pub(crate) fn part(&self) -> Part {
        Part { index: self.index, count: self.count }
    }

    /// One line of JSON.
    fn line(&self) -> Result<String, String> {
        serde_json::to_string(self)
            .map(|line| line + "\n")
            .map_err(|error| format!("writing the shard: {error}"))
    }

    /// Puts it where it belongs; says where that is, but for standard output. Where no file can be written any more,
    /// standard output has it all the same: what was measured is not lost.
    pub(crate) fn put(&self, output: &Output) -> Result<Option<PathBuf>, String> {
        let line = self.line()?;
        let Output::Folder(folder) = output else {
            return print(&line).map(|()| None).map_err(|error| format!("printing the shard: {error}"));
        };
        let folder = folder.clone().unwrap_or_else(|| default_folder(&self.run));
        let path = folder.join(file_name(self.part()));
        // Another run may have put one there in the meantime.
        let written =
            std::fs::create_dir_all(&folder).and_then(|()| whole::write_if_absent(&path, line.as_bytes()));
        written.map(|()| Some(path.clone())).map_err(|error| {
            let kept = match print(&line) {
                Ok(()) => "standard output has this one instead: put it into a file of that name",
                Err(_) => "and it could not be printed either",
            };
            if error.kind() == io::ErrorKind::AlreadyExists {
                format!("{}: another run has put its own there; {kept} in another folder", path.display())
            } else {
                format!("{}: could not be written: {error}; is there room left? {kept}", path.display())
            }
        })
    }
}

fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes()).and_then(|()| out.flush())
}

/// Where the shards of a run go if nobody says.
pub(crate) fn default_folder(run: &str) -> PathBuf {
    Path::new("shards").join(run)
}

/// The name of a shard's file.
pub(crate) fn file_name(part: Part) -> String {
    format!("shard-{}-of-{}.json", part.index, part.count)
}

/// Which shard a file of that name is, if it is one's name.
pub(crate) fn part_of(file_name: &str) -> Option<Part> {
    let (index, count) = file_name.strip_prefix("shard-")?.strip_suffix(".json")?.split_once("-of-")?;
    let part = Part { index: index.parse().ok()?, count: count.parse().ok()? };
    (part.index < part.count).then_some(part)
}

/// Says whether a file could be written there, before anything is fired.
pub(crate) fn check(output: &Output, part: Part, run: Option<&str>) -> Result<(), String> {
    let Output::Folder(folder) = output else { return Ok(()) };
    let folder = match (folder, run) {
        (Some(folder), _) => folder.clone(),
        (None, Some(run)) => default_folder(run),
        // The name of a run that has none yet is made when the shards have met; its folder is in this one.
        (None, None) => return can_write(Path::new("shards"), &Path::new("shards").join(file_name(part))),
    };
    let path = folder.join(file_name(part));
    if path.exists() {
        return Err(format!(
            "{}: is there already, of an earlier run; remove it, or name another folder (--shard-dir)",
            path.display()
        ));
    }
    can_write(&folder, &path)?;
    let names = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let other = names.filter_map(|name| part_of(name.to_str()?)).find(|other| other.count != part.count);
    other.map_or(Ok(()), |other| {
        Err(format!(
            "{}: holds shards of a run with {} of them; empty it, or name another folder (--shard-dir)",
            folder.display(),
            other.count
        ))
    })
}

fn can_write(folder: &Path, path: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).and_then(|()| whole::check(path)).map_err(|error| {
        format!(
            "{}: can't write there: {error}; --shard-dir names another folder, or - for standard output",
            path.display()
        )
    })
}

/// What this host is called.
pub(crate) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_which_shard_it_is() {
        let part = Part { index: 3, count: 12 };
        assert_eq!(file_name(part), "shard-3-of-12.json");
        assert_eq!(part_of("shard-3-of-12.json"), Some(part));
        for other in ["shard-3.json", "shard-12-of-12.json", "shard-a-of-2.json", "run.json"] {
            assert_eq!(part_of(other), None, "{other}");
        }
    }

    #[test]
    fn where_no_file_can_be_it_is_said_before_anything_is_fired() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let part = Part { index: 0, count: 2 };
        let why = check(&Output::Folder(Some(file.join("x"))), part, None).unwrap_err();
        assert!(why.contains("shard-0-of-2.json: can't write there") && why.contains("--shard-dir"), "{why}");
        check(&Output::Folder(Some(folder.path().join("new"))), part, None).unwrap();
        assert_eq!(std::fs::read_dir(folder.path().join("new")).unwrap().count(), 0);
        check(&Output::StandardOutput, part, None).unwrap();
        let earlier = folder.path().join(file_name(part));
        std::fs::write(&earlier, "").unwrap();
        let why = check(&Output::Folder(Some(folder.path().to_owned())), part, None).unwrap_err();
        assert!(why.contains("is there already, of an earlier run"), "{why}");
        std::fs::remove_file(earlier).unwrap();
        std::fs::write(folder.path().join("shard-2-of-3.json"), "").unwrap();
        let why = check(&Output::Folder(Some(folder.path().to_owned())), part, None).unwrap_err();
        assert!(why.contains("holds shards of a run with 3"), "{why}");
    }
}
