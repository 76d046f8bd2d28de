//! Which pages there are.

use std::path::{Path, PathBuf};

use crate::tree;

/// Pages that are drawn from a run, whole, and checked by loadgen's own tests; and the lesson that a new phase begins with, which
/// has words to fill in.
const ELSEWHERE: [&str; 2] = ["results/reference", "xtask/new-phase"];

/// Every Markdown file that git knows or would take, from the workspace's root.
///
/// # Errors
/// When git can't be asked.
pub(crate) fn pages(root: &Path) -> Result<Vec<PathBuf>, String> {
    let pages = tree::files(root, &["*.md"])?.into_iter();
    Ok(pages.filter(|page| !ELSEWHERE.iter().any(|folder| page.starts_with(folder))).collect())
}
