//! The tree that a base is built from: made in a temporary folder, and gone with it.
//!
//! A gate that is killed, by a second Ctrl-C say, gets to clean up nothing. So each holds a lock in its folder, which
//! the kernel takes from it however it ends, and the next gate removes the folders whose lock is free.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tempfile::{NamedTempFile, TempDir};

use super::error::BaseError;
use super::git::{Repository, git};

/// How the temporary folders begin, which tells ours from the user's own worktrees.
const FOLDER_PREFIX: &str = "loadgen-gate-";
/// The worktree in its folder, beside the program that is built from it.
const TREE: &str = "base";
/// Locked in its folder for as long as the gate lives.
const LOCK: &str = "lock";

/// A file of the tree: its path in it, and what tells its content.
pub(super) struct File {
    pub(super) path: String,
    pub(super) content: String,
}

/// A worktree. When it is dropped, git forgets it, and its folder goes.
#[derive(Debug)]
pub(super) struct Worktree {
    /// A folder of the repository's own tree.
    home: PathBuf,
    commit: String,
    tree: PathBuf,
    folder: TempDir,
    /// Let go of when the folder is gone.
    _lock: fs::File,
}

impl Worktree {
    pub(super) fn add(repository: &Repository<'_>, commit: &str, name: &str) -> Result<Self, BaseError> {
        let place = std::env::temp_dir();
        let no_folder = |error| BaseError::from_io("no temporary folder could be made", &place, &error);
        let folder = tempfile::Builder::new().prefix(FOLDER_PREFIX).tempdir().map_err(no_folder)?;
        // Before git knows of it: whoever finds the folder in git's list finds it locked.
        let lock = lock(folder.path()).map_err(no_folder)?;
        // By the name that git lists it under.
        let tree = folder.path().canonicalize().map_err(no_folder)?.join(TREE);
        // Before git begins, so that it is taken back however far git gets.
        let worktree = Self {
            home: repository.workspace().to_owned(),
            commit: commit.to_owned(),
            tree,
            folder,
            _lock: lock,
        };
        let path = worktree.tree.to_string_lossy();
        repository.ask(&["worktree", "add", "--quiet", "--detach", "--", &path, commit])?.map_err(
            |said| {
                let what = format!("{name} could not be checked out");
                if said.is_of_a_full_disk() {
                    return BaseError::DiskFull { what, folder: place.clone() };
                }
                BaseError::Failed(format!("{what}: {}", said.complaint()))
            },
        )?;
        Ok(worktree)
    }

    /// The temporary folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The checkout in it.
    pub(super) fn tree(&self) -> &Path {
        &self.tree
    }

    /// The files of the checkout; no links, and none with a name that git would have to quote.
    pub(super) fn files(&self, repository: &Repository<'_>) -> Result<Vec<File>, BaseError> {
        let lines = repository.ask(&["ls-tree", "-r", "--full-tree", &self.commit])?;
        let lines = lines.map_err(|said| {
            BaseError::Failed(format!("git could not list {}: {}", self.commit, said.complaint()))
        })?;
        let files = lines.iter().filter_map(|line| line.split_once('\t'));
        let files = files.filter(|(content, path)| content.starts_with("100") && !path.starts_with('"'));
        Ok(files.map(|(content, path)| File { path: path.to_owned(), content: content.to_owned() }).collect())
    }
}

impl Drop for Worktree {
    fn drop(&mut self) {
        forget(&self.home, &self.tree.to_string_lossy());
    }
}

/// Removes what gates have left that were killed, and has git forget worktrees of ours whose folder somebody has cleared
/// away.
///
/// Only ours: a worktree of the user's whose folder is away may be on a disk that comes back.
pub(super) fn forget_stale(repository: &Repository<'_>) {
    // Where git can't list them, adding one will tell why.
    let Ok(Ok(lines)) = repository.ask(&["worktree", "list", "--porcelain"]) else { return };
    let listed = lines.iter().filter_map(|line| line.strip_prefix("worktree ")).map(PathBuf::from);
    // A gate can be killed before git knows of its folder, after git has forgotten it, and in another repository.
    let others = fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    let others = others.map(|entry| entry.path().join(TREE));
    let home = repository.workspace();
    for tree in listed.clone().filter(|tree| is_ours(tree) && !tree.exists()) {
        forget(home, &tree.to_string_lossy());
    }
    for tree in listed.chain(others).filter(|tree| is_ours(tree)) {
        if let Some(folder) = tree.parent().filter(|folder| is_abandoned(folder)) {
            forget(home, &tree.to_string_lossy());
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// The lock of a folder. It is locked before it has its name, so that nobody finds it free.
fn lock(folder: &Path) -> io::Result<fs::File> {
    let file = NamedTempFile::new_in(folder)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file.persist(folder.join(LOCK))?)
}

/// Whether nobody holds its lock. A folder without one may be that of a gate from before there were locks.
fn is_abandoned(folder: &Path) -> bool {
    let path = folder.join(LOCK);
    let is_file = path.symlink_metadata().is_ok_and(|facts| facts.is_file());
    is_file
        && fs::File::open(path)
            .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok())
}

fn is_ours(tree: &Path) -> bool {
    let folder = tree.parent().and_then(Path::file_name);
    tree.ends_with(TREE) && folder.is_some_and(|name| name.to_string_lossy().starts_with(FOLDER_PREFIX))
}

/// Forced twice: one that git was ended while making is locked.
fn forget(home: &Path, tree: &str) {
    // It fails where git has cleaned up behind itself; then there is nothing left to do.
    let _ = git(home, &["worktree", "remove", "--force", "--force", "--", tree], &|| false);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worktree_of_the_users_is_not_ours() {
        assert!(is_ours(Path::new("/tmp/loadgen-gate-Ab12/base")));
        for other in ["/tmp/base", "/disk/loadgen-gate-Ab12/mine", "/home/me/project", "/"] {
            assert!(!is_ours(Path::new(other)), "{other}");
        }
    }
}
