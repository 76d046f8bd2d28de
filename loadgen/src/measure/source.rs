//! Which source this program was built from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The source that a workspace stands at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The commit, shortened; `None` outside of a repository.
    pub commit: Option<String>,
    /// Whether files differ from it.
    pub dirty: Option<bool>,
}

impl Source {
    /// What git says of `workspace`, if this program was built from what is there now. If it was not, or can't be known to
    /// be, nothing is claimed, and the second says why, in a sentence.
    pub fn of_this_program(workspace: &Path) -> (Self, Option<String>) {
        let built = std::env::current_exe()
            .map_err(|error| format!("this program can't be found: {error}"))
            .and_then(|program| is_of(&program, workspace));
        match built {
            Ok(()) => (Self::of(workspace), None),
            Err(why) => {
                let note = format!("Which commit this program was built from is not known: {why}.");
                (Self::default(), Some(note))
            }
        }
    }

    /// What git says of `workspace`.
    pub fn of(workspace: &Path) -> Self {
        let git = |arguments: &[&str]| {
            let output = Command::new("git")
                // It only looks: the index, which `status` would refresh, may be somebody's at this moment.
                .arg("--no-optional-locks")
                .arg("-C")
                .arg(workspace)
                .args(arguments)
                .output()
                .ok()?;
            output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        Self {
            commit: git(&["rev-parse", "--short=12", "HEAD"]).filter(|commit| !commit.is_empty()),
            // What was measured before is not a change of what is measured.
            dirty: git(&["status", "--porcelain", "--", ".", ":!results"]).map(|changes| !changes.is_empty()),
        }
    }
}

/// Whether `program` was built from files of `workspace` that are still as they were; where not, why.
///
/// As cargo tells: beside a program it lists the files that it was made of, and one that is younger than the program is
/// another one by now. What no compiler reads, a profile in `Cargo.toml` say, is not looked at.
fn is_of(program: &Path, workspace: &Path) -> Result<(), String> {
    let list = program.with_extension("d");
    let unknown = |_| format!("{} is not where cargo has put it", program.display());
    let files = files(&fs::read_to_string(list).map_err(unknown)?);
    let built = program.metadata().and_then(|facts| facts.modified()).map_err(unknown)?;
    let workspace = workspace.canonicalize().map_err(unknown)?;
    if files.is_empty() || !files.iter().any(|file| workspace.join(file).starts_with(&workspace)) {
        return Err(format!("it was not built from {}", workspace.display()));
    }
    let is_younger =
        |file: &PathBuf| -> io::Result<bool> { Ok(workspace.join(file).metadata()?.modified()? > built) };
    // One that is gone has changed, too.
    match files.iter().find(|file| is_younger(file).unwrap_or(true)) {
        Some(file) => {
            let file = file.strip_prefix(&workspace).unwrap_or(file).display();
            Err(format!("{file} has changed since; cargo builds it anew"))
        }
        None => Ok(()),
    }
}

/// The files of a list as make reads it: `program: file file`, with a backslash before a space that belongs to a name.
fn files(list: &str) -> Vec<PathBuf> {
    let line = list.lines().next().and_then(|line| line.split_once(": "));
    let Some((_, names)) = line else { return Vec::new() };
    // No path has this in it.
    let names = names.replace("\\ ", "\0");
    names.split_whitespace().map(|name| name.replace('\0', " ").into()).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn outside_of_a_repository_nothing_is_claimed() {
        assert_eq!(Source::of(Path::new("/")), Source::default());
    }

    #[test]
    fn a_program_is_of_a_workspace_as_long_as_none_of_its_files_has_changed_since() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let workspace = folder.join("a workspace");
        fs::create_dir(&workspace).unwrap();
        let (main, text, program) =
            (workspace.join("main.rs"), workspace.join("text"), folder.join("loadgen"));
        let now = SystemTime::now();
        let write = |path: &Path, age: u64| {
            let file = File::create(path).unwrap();
            file.set_modified(now - Duration::from_secs(age)).unwrap();
        };
        for (path, age) in [(&main, 30), (&text, 20), (&program, 10)] {
            write(path, age);
        }
        let why = |of: &Path| is_of(&program, of).unwrap_err();
        assert!(why(&workspace).contains("not where cargo has put it"), "{}", why(&workspace));

        let name = |path: &Path| path.display().to_string().replace(' ', "\\ ");
        let list = format!("{}: {} {}\n", name(&program), name(&main), name(&text));
        fs::write(folder.join("loadgen.d"), list).unwrap();
        assert_eq!(is_of(&program, &workspace), Ok(()));
        let other = folder.join("other");
        fs::create_dir(&other).unwrap();
        assert!(why(&other).contains("not built from"), "{}", why(&other));

        write(&text, 5);
        assert_eq!(why(&workspace), "text has changed since; cargo builds it anew");
        write(&program, 1);
        assert_eq!(is_of(&program, &workspace), Ok(()));
        fs::remove_file(&main).unwrap();
        assert!(why(&workspace).starts_with("main.rs has changed"), "{}", why(&workspace));
    }

    /// Whatever is tested here was built a moment ago, and cargo's own list says so.
    #[test]
    fn a_program_that_cargo_has_just_built_has_its_files_listed_beside_it() {
        let list = std::env::current_exe().unwrap().with_extension("d");
        let files = files(&fs::read_to_string(list).unwrap());
        let this = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/measure/source.rs");
        assert!(files.iter().any(|file| this.ends_with(file)), "{files:?}");
    }
}
