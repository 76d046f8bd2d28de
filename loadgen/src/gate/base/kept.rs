//! What is kept from one base for the next: what cargo has built, and when which file last changed.
//!
//! cargo builds anew what is older than its source, and in a fresh checkout every file is new. So each file gets
//! the time back that it would have if all bases had been checked out into one tree, one after the other: that of
//! the first of those in a row that have the same content. A file that was different in between is new again, so
//! cargo finds what it would find in such a tree, whatever it was built with.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error::BaseError;
use super::worktree;

/// Another gate builds for a minute, and is waited for that long and longer.
const HELD_BY_ANOTHER_MAX: Duration = Duration::from_secs(3600);
/// How often it is looked whether the other one is done.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Whoever has this file locked may use the folder.
const LOCK: &str = "lock";
/// The times.
const TIMES: &str = "times.json";
/// cargo's own folder.
const TARGET: &str = "target";

/// The folder of what is kept, held for as long as this lives.
pub(super) struct Kept {
    folder: PathBuf,
    lock: File,
}

/// By path: what tells its content, and since when it was there, in ns since 1970.
type Times = BTreeMap<String, (String, u64)>;

/// Where that is kept for a workspace: under cargo's folder for it, wherever the user has put that.
pub fn folder(workspace: &Path) -> PathBuf {
    let target = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"].into_iter().find_map(std::env::var_os);
    target.map_or_else(|| workspace.join(TARGET), PathBuf::from).join("gate")
}

impl Kept {
    /// Waits until no other gate has it.
    pub(super) fn hold(
        folder: &Path,
        tell: &mut dyn FnMut(&str),
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Self, BaseError> {
        let bad = |error: &io::Error| {
            BaseError::from_io(
                &format!("{} can't be used (CARGO_TARGET_DIR names another one)", folder.display()),
                folder,
                error,
            )
        };
        fs::create_dir_all(folder).map_err(|error| bad(&error))?;
        // cargo is started in another folder.
        let folder = folder.canonicalize().map_err(|error| bad(&error))?;
        let lock = File::create(folder.join(LOCK)).map_err(|error| bad(&error))?;
        let deadline = Instant::now() + HELD_BY_ANOTHER_MAX;
        let mut told = false;
        loop {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { folder, lock }),
                Err(Errno::WOULDBLOCK | Errno::INTR) => {}
                Err(error) => return Err(bad(&error.into())),
            }
            if interrupted() {
                return Err(BaseError::Interrupted);
            }
            if Instant::now() >= deadline {
                let folder = folder.display();
                return Err(BaseError::Failed(format!("another gate does not get done with {folder}")));
            }
            if !std::mem::replace(&mut told, true) {
                tell("waiting for another gate that builds its base");
            }
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// Where cargo builds.
    pub(super) fn target(&self) -> PathBuf {
        self.folder.join(TARGET)
    }

    /// What a build is to hold for as long as it runs, as its standard input, where it reads nothing: a gate that is
    /// killed leaves a cargo behind, which the next gate has to wait for.
    pub(super) fn held_by_child(&self) -> Result<Stdio, BaseError> {
        let held = self.lock.try_clone();
        held.map(Stdio::from).map_err(|error| BaseError::Failed(format!("no descriptor is left: {error}")))
    }

    /// Gives the files of a fresh checkout the times that they would have if it were not fresh.
    pub(super) fn restore_times(&self, files: &[worktree::File], tree: &Path) -> Result<(), BaseError> {
        let path = self.folder.join(TIMES);
        let before: Times = File::open(&path)
            .ok()
            // Without it all is new, and is built anew.
            .and_then(|file| serde_json::from_reader(BufReader::new(file)).ok())
            .unwrap_or_default();
        let mut now = Times::new();
        let mut kept = Vec::new();
        for file in files {
            let since = match before.get(&file.path) {
                Some((content, since)) if *content == file.content => {
                    kept.push((&file.path, *since));
                    *since
                }
                // One that the checkout left out stays out here.
                _ => match fs::metadata(tree.join(&file.path)).and_then(|facts| facts.modified()) {
                    Ok(modified) => nanos(modified),
                    Err(_) => continue,
                },
            };
            now.insert(file.path.clone(), (file.content.clone(), since));
        }
        // First of all: with the old times and what is built next, a later base would be taken for this one.
        self.write(&path, &now).map_err(|error| {
            BaseError::from_io("the times of files could not be kept", &self.folder, &error)
        })?;
        for (path, since) in kept {
            let time = UNIX_EPOCH + Duration::from_nanos(since);
            // A file that stays new is built anew, and no harm done.
            let _ = File::open(tree.join(path)).and_then(|file| file.set_modified(time));
        }
        Ok(())
    }

    /// Whole or not at all.
    fn write(&self, path: &Path, times: &Times) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&serde_json::to_vec(times)?)?;
        file.persist(path)?;
        Ok(())
    }
}

/// Until the year 2554.
fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
