//! The exercises that there are: the folders of `exercises` whose names begin with a number.

use std::fs;
use std::path::{Path, PathBuf};

/// An exercise, as its folder has it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exercise {
    /// The phase that it is about.
    pub(crate) phase: u8,
    /// Its number within the phase, from 1.
    pub(crate) place: u8,
    /// Of its folder, from the root of the workspace.
    pub(crate) path: PathBuf,
    /// The first line of its task.
    pub(crate) title: String,
    /// The package that it is about.
    pub(crate) package: String,
}

impl Exercise {
    /// What it is called by: `3.2`.
    pub(crate) fn number(&self) -> String {
        format!("{}.{}", self.phase, self.place)
    }

    /// The name of its check among the test targets.
    pub(crate) fn target(&self) -> String {
        format!("check-{}-{}", self.phase, self.place)
    }

    /// What is in a file of its folder.
    pub(crate) fn read(&self, root: &Path, file: &str) -> Result<String, String> {
        read(&root.join(&self.path).join(file))
    }
}

impl std::fmt::Display for Exercise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}  {}", self.number(), self.title)
    }
}

/// All of them, in order.
///
/// # Errors
/// Which folder can't be read, or lacks something.
pub(crate) fn all(root: &Path) -> Result<Vec<Exercise>, String> {
    let mut exercises = Vec::new();
    for name in names(&root.join("exercises"))? {
        if let Some((phase, place)) = number(&name) {
            let path = Path::new("exercises").join(&name);
            let task = root.join(&path).join("task.md");
            let title = title(&read(&task)?)
                .ok_or_else(|| format!("{} does not begin with a title: `# Title`", task.display()))?;
            exercises.push(Exercise { phase, place, path, title, package: package(root, phase)? });
        }
    }
    exercises.sort_by_key(|exercise| (exercise.phase, exercise.place));
    Ok(exercises)
}

/// The numbers that a folder's name begins with.
fn number(name: &str) -> Option<(u8, u8)> {
    let (phase, place) = name.split_once('-')?.0.split_once('.')?;
    Some((phase.parse().ok()?, place.parse().ok()?))
}

fn title(task: &str) -> Option<String> {
    task.lines().next()?.strip_prefix("# ").map(str::to_owned)
}

/// The crate of a phase, which is named as its folder is.
fn package(root: &Path, phase: u8) -> Result<String, String> {
    let prefix = format!("phase{phase}-");
    let package = names(root)?.into_iter().find(|name| name.starts_with(&prefix));
    package.ok_or_else(|| format!("there is no folder {prefix}… for the exercises of phase {phase}"))
}

fn names(folder: &Path) -> Result<Vec<String>, String> {
    let listed = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = listed.map_err(|error| format!("{} can't be listed: {error}", folder.display()))?;
    Ok(entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{} can't be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{all, number, read, title};
    use crate::cargo::ROOT;

    #[test]
    fn a_folder_is_an_exercise_if_its_name_begins_with_a_number() {
        assert_eq!(number("3.2-memory-given-back"), Some((3, 2)));
        for name in ["src", "Cargo.toml", "3.2", "3-2-x", "a.1-x", "3.x-y"] {
            assert_eq!(number(name), None, "{name}");
        }
    }

    #[test]
    fn a_title_is_the_first_line() {
        assert_eq!(title("# A pool\n\nText.\n").as_deref(), Some("A pool"));
        assert_eq!(title("Text.\n# A pool\n"), None);
    }

    #[test]
    fn every_phase_has_two_exercises() {
        let exercises = all(Path::new(ROOT)).expect("exercises");
        let numbers: Vec<_> = exercises.iter().map(|exercise| (exercise.phase, exercise.place)).collect();
        let two_each: Vec<_> = (0..5).flat_map(|phase| [(phase, 1), (phase, 2)]).collect();
        assert_eq!(numbers, two_each);
    }

    #[test]
    fn every_exercise_is_complete() {
        let root = Path::new(ROOT);
        let manifest = read(&root.join("exercises/Cargo.toml")).expect("a manifest");
        for exercise in all(root).expect("exercises") {
            for file in ["task.md", "check.rs", "solution.patch", "solution.md"] {
                let text = exercise.read(root, file).unwrap_or_else(|error| panic!("{error}"));
                assert!(!text.trim().is_empty(), "{exercise}: {file} is empty");
            }
            let folder = exercise.path.file_name().expect("a name").display();
            let target = exercise.target();
            let entry =
                format!("[[test]]\nname = \"{target}\"\npath = \"{folder}/check.rs\"\ntest = false\n");
            assert!(manifest.contains(&entry), "exercises/Cargo.toml needs this:\n{entry}");
        }
        assert_eq!(manifest.matches("[[test]]").count(), all(root).expect("exercises").len());
    }

    /// So that it can stand in a lesson as it is.
    #[test]
    fn every_task_is_short_and_has_no_other_heading_and_no_link() {
        let root = Path::new(ROOT);
        for exercise in all(root).expect("exercises") {
            let task = exercise.read(root, "task.md").expect("a task");
            let lines: Vec<_> = task.lines().skip(1).filter(|line| !line.is_empty()).collect();
            assert!(lines.len() <= 14, "{exercise}: {} lines", lines.len());
            assert!(lines.iter().all(|line| !line.starts_with('#') && !line.contains("](")), "{exercise}");
            assert!(task.contains(&exercise.package), "{exercise} does not say where");
        }
    }

    /// Two solutions of a round are applied together, so none may touch what is another's.
    #[test]
    fn every_solution_keeps_to_its_phase() {
        let root = Path::new(ROOT);
        for exercise in all(root).expect("exercises") {
            let patch = exercise.read(root, "solution.patch").expect("a patch");
            let own = format!("+++ b/{}/", exercise.package);
            let touched: Vec<_> = patch.lines().filter(|line| line.starts_with("+++ ")).collect();
            assert!(!touched.is_empty() && touched.iter().all(|line| line.starts_with(&own)), "{exercise}");
        }
    }
}
