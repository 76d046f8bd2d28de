//! The exercises of a lesson, from the folder that has their checks and answers.

use std::fmt::Write as _;
use std::path::Path;

use super::difference::fenced;
use crate::exercise::{Exercise, all};

/// Those of a phase, as sections below a heading of the second level.
pub(super) fn tasks(root: &Path, phase: &str) -> Result<String, String> {
    let mut out = String::new();
    for exercise in all(root)?.iter().filter(|exercise| exercise.package == phase) {
        let (number, text) = (exercise.number(), task(root, exercise)?);
        let check = fenced("sh", &format!("cargo xtask exercise {number}"));
        let _ = writeln!(out, "### {number} {}\n\n{text}\n", exercise.title);
        let _ = writeln!(out, "<!-- not run: it fails until the exercise is done -->\n{check}\n");
    }
    if out.is_empty() { Err(format!("there is no exercise for {phase}")) } else { Ok(out) }
}

/// What is asked, below the title.
fn task(root: &Path, exercise: &Exercise) -> Result<String, String> {
    let text = exercise.read(root, "task.md")?;
    Ok(text.split_once('\n').map_or("", |(_, text)| text).trim().to_owned())
}

/// The answers of all.
pub(super) fn solutions(root: &Path) -> Result<String, String> {
    let mut out = String::new();
    for exercise in all(root)? {
        let (why, patch) = (exercise.read(root, "solution.md")?, exercise.read(root, "solution.patch")?);
        let _ = writeln!(
            out,
            "## {} {}\n\n{}\n\n{}\n",
            exercise.number(),
            exercise.title,
            why.trim(),
            fenced("diff", &patch)
        );
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::ROOT;

    #[test]
    fn a_lesson_has_its_own_exercises_and_the_book_has_all_answers() {
        let tasks = tasks(Path::new(ROOT), "phase3-pooled").expect("exercises");
        let titles: Vec<_> = tasks.lines().filter(|line| line.starts_with("### 3.")).collect();
        assert_eq!(titles.len(), 2, "{tasks}");
        let solutions = solutions(Path::new(ROOT)).expect("solutions");
        assert_eq!(
            solutions.lines().filter(|line| line.starts_with("## ")).count(),
            all(Path::new(ROOT)).expect("all").len()
        );
    }
}
