//! Files that are there as a whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Writes a new file and waits until the disk has it: a full one may show itself only then.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Says whether [`write()`] could work, before there is something to write.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    if is_special(path) {
        return File::options().append(true).open(path).map(drop);
    }
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let (_, draft) = places(path)?;
    File::create(&draft)?;
    fs::remove_file(draft)
}

/// Writes `bytes` to `path`, in the place of what is there, or leaves all as it was.
///
/// What is no regular file, such as `/dev/stdout` or a pipe, is written to as it is.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if is_special(path) {
        return File::options().append(true).open(path)?.write_all(bytes);
    }
    let (path, draft) = places(path)?;
    let result = write_new(&draft, bytes).and_then(|()| fs::rename(&draft, path));
    if result.is_err() {
        // Whatever stopped the writing may stop this, too.
        let _ = fs::remove_file(&draft);
    }
    result
}

/// Writes `bytes` to `path`, or leaves all as it was: also what is there, which is an error.
pub(crate) fn write_if_absent(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (path, draft) = places(path)?;
    // A link, unlike a new name, takes nobody's place.
    let result =
        write_new(&draft, bytes).and_then(|()| match fs::hard_link(&draft, &path) {
            // Over a network it may be the answer to a second try, when the first one's was lost.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if fs::metadata(&draft)?.nlink() > 1 { Ok(()) } else { Err(error) }
            }
            // Some file systems know no links.
            Err(_) => {
                File::create_new(&path)?;
                fs::rename(&draft, &path).inspect_err(|_| drop(fs::remove_file(&path)))
            }
            Ok(()) => Ok(()),
        });
    let _ = fs::remove_file(&draft);
    result
}

/// `/dev/stdout` may lead to a regular file, which somebody else is writing to as well.
fn is_special(path: &Path) -> bool {
    let folder = path.parent();
    ["/dev", "/dev/fd"].iter().any(|special| folder == Some(Path::new(special)))
        || fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Where `path` really is, links followed, and the draft beside it: renaming works only there.
fn places(path: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let draft = format!(".{}.draft-{}", name.to_string_lossy(), std::process::id());
    let draft = path.with_file_name(draft);
    Ok((path, draft))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::os::unix::fs::symlink("file", &link).unwrap();
        for text in ["first, and longer", "second"] {
            check(&file).unwrap();
            write(&file, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&link).unwrap(), text);
        }
        write(&link, b"third").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "third", "a link stays one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left");
    }

    #[test]
    fn what_is_there_is_left_alone_where_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        write_if_absent(&file, b"first").unwrap();
        let refused = write_if_absent(&file, b"second").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&file).unwrap(), "first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn what_can_not_be_written_is_said_beforehand_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check(folder.path()).is_err());
        assert!(check(&folder.path().join("no/such/folder")).is_err());
        assert!(check(Path::new("/dev/null")).is_ok() && is_special(Path::new("/dev/stdout")));
        assert!(!is_special(Path::new("/dev/shm/file")));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
