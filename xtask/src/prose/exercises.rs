//! The exercises of a lesson, from the folder that has their checks and answers.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::difference::fenced;

/// An exercise's number, its title and what is asked.
struct Task {
    number: String,
    title: String,
    text: String,
    folder: PathBuf,
}

/// Those of a phase, as sections below a heading of the second level.
pub(super) fn tasks(root: &Path, phase: &str) -> Result<String, String> {
    let digit = phase.strip_prefix("phase").and_then(|rest| rest.chars().next());
    let digit = digit.ok_or_else(|| format!("'{phase}' is no phase"))?;
    let mut out = String::new();
    for task in all(root)?.into_iter().filter(|task| task.number.starts_with(digit)) {
        let Task { number, title, text, .. } = task;
        let check = fenced("sh", &format!("cargo xtask exercise {number}"));
        let _ = writeln!(out, "### {number} {title}\n\n{text}\n");
        let _ = writeln!(out, "<!-- not run: it fails until the exercise is done -->\n{check}\n");
    }
    if out.is_empty() { Err(format!("there is no exercise for {phase}")) } else { Ok(out) }
}

/// The answers of all.
pub(super) fn solutions(root: &Path) -> Result<String, String> {
    let mut out = String::new();
    for Task { number, title, folder, .. } in all(root)? {
        let why = read(&folder.join("solution.md"))?;
        let patch = read(&folder.join("solution.patch"))?;
        let _ = writeln!(out, "## {number} {title}\n\n{}\n\n{}\n", why.trim(), fenced("diff", &patch));
    }
    Ok(out)
}

/// Every exercise, in order.
fn all(root: &Path) -> Result<Vec<Task>, String> {
    let folder = root.join("exercises");
    let failed = |error| format!("{}: {error}", folder.display());
    let mut tasks = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let folder = entry.map_err(failed)?.path();
        let file = folder.join("task.md");
        if !file.is_file() {
            continue;
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let number = name.split_once('-').map_or(name.as_str(), |(number, _)| number).to_owned();
        let text = read(&file)?;
        let (title, text) = text.split_once('\n').unwrap_or((&text, ""));
        let title = title.trim_start_matches('#').trim().to_owned();
        tasks.push(Task { number, title, text: text.trim().to_owned(), folder });
    }
    tasks.sort_by(|a, b| a.number.cmp(&b.number));
    Ok(tasks)
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}
