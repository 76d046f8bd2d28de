//! Which pages there are.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Pages that are drawn from a run, whole, and checked by loadgen's own tests; and the lesson that a new phase begins with, which
/// has words to fill in.
const ELSEWHERE: [&str; 2] = ["results/reference/", "xtask/new-phase/"];

/// Every Markdown file that git knows or would take, from the workspace's root.
///
/// # Errors
/// When git can't be asked.
pub(crate) fn pages(root: &Path) -> Result<Vec<PathBuf>, String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", "*.md"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("git can't be started, and it knows which pages there are: {error}"))?;
    if !output.status.success() {
        return Err(format!("git can't list the pages: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let names = String::from_utf8_lossy(&output.stdout);
    let pages = names
        .lines()
        .filter(|name| !ELSEWHERE.iter().any(|folder| name.starts_with(folder)))
        .map(PathBuf::from);
    let mut pages: Vec<_> = pages.filter(|page| root.join(page).is_file()).collect();
    pages.sort();
    Ok(pages)
}
