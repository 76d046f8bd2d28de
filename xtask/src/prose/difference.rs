//! Code in the prose: excerpts, differences, and how many of them a phase may have.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use similar::{ChangeTag, TextDiff};

use super::Sources;
use super::item::item;

/// An item of a file.
pub(super) fn code(sources: &Sources, what: &str) -> Result<String, String> {
    let (file, words) = what.split_once(' ').ok_or("code needs a FILE and the ITEM's first words")?;
    Ok(fenced("rust", &item_of(sources, file, words)?))
}

fn item_of(sources: &Sources, file: &str, words: &str) -> Result<String, String> {
    item(&sources.text_of(file)?, words).ok_or_else(|| format!("{file} has no '{words}'"))
}

/// What differs between two files, or between the same item in both.
pub(super) fn diff(sources: &Sources, what: &str) -> Result<String, String> {
    let mut words = what.splitn(3, ' ');
    let (Some(old), Some(new), chosen) = (words.next(), words.next(), words.next()) else {
        return Err("diff needs a FILE and a FILE".into());
    };
    let Some(chosen) = chosen else {
        let (a, b) = (sources.text_of(old)?, sources.text_of(new)?);
        let diff = TextDiff::from_lines(&a, &b);
        let diff = diff.unified_diff().context_radius(2).header(old, new).to_string();
        return Ok(fenced("diff", &diff));
    };
    let (a, b) = (item_of(sources, old, chosen)?, item_of(sources, new, chosen)?);
    let (a, b) = (a + "\n", b + "\n");
    let lines = TextDiff::from_lines(&a, &b);
    let marked = lines.iter_all_changes().map(|change| {
        let mark = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        format!("{mark}{change}")
    });
    Ok(fenced("diff", &marked.collect::<String>()))
}

/// A code block, whatever is in it.
pub(crate) fn fenced(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```", text.trim_end())
}

/// How many lines each file of a phase differs by from the phase before, and all of them together; an error where these
/// are more than the idea is given.
pub(super) fn changes(sources: &Sources, what: &str) -> Result<String, String> {
    let usage = "changes needs a CRATE and a CRATE, at most N";
    let (crates, limit) = what.split_once(", at most ").ok_or(usage)?;
    let (old, new) = crates.split_once(' ').ok_or(usage)?;
    let limit: usize = limit.trim().parse().map_err(|_| usage)?;
    let (old, new) = (sources.root.join(old).join("src"), sources.root.join(new).join("src"));
    let mut names = files(&old)?;
    names.extend(files(&new)?);
    names.sort();
    names.dedup();
    let mut rows = String::from("| file | lines added | lines removed |\n|---|---:|---:|\n");
    let mut total = 0;
    for name in names {
        let (before, after) = (text(&old.join(&name)), text(&new.join(&name)));
        let (added, removed) = changed(before.as_deref().unwrap_or(""), after.as_deref().unwrap_or(""));
        total += added + removed;
        let note = match (&before, &after) {
            (None, _) => " (new)",
            (_, None) => " (gone)",
            _ if added + removed == 0 => " (the same)",
            _ => "",
        };
        let _ = writeln!(rows, "| `{name}`{note} | {added} | {removed} |");
    }
    if total > limit {
        return Err(format!(
            "the phase changes {total} lines, and its idea is given {limit}: take out what is not the idea, or say why it \
             needs more"
        ));
    }
    Ok(format!("{rows}\n{total} lines in all, and no more than {limit} are allowed."))
}

/// The files below a folder, by their paths there.
fn files(folder: &Path) -> Result<Vec<String>, String> {
    let failed = |error| format!("{}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            names.extend(files(&path)?.into_iter().map(|inner| format!("{name}/{inner}")));
        } else {
            names.push(name);
        }
    }
    Ok(names)
}

fn text(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok()
}

/// Lines added and removed, blank ones aside.
fn changed(old: &str, new: &str) -> (usize, usize) {
    let diff = TextDiff::from_lines(old, new);
    let count = |tag| {
        let of_that_kind = diff.iter_all_changes().filter(|change| change.tag() == tag);
        of_that_kind.filter(|change| !change.value().trim().is_empty()).count()
    };
    (count(ChangeTag::Insert), count(ChangeTag::Delete))
}

#[cfg(test)]
mod tests {
    use super::{changed, files};

    #[test]
    fn files_in_folders_count_too() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("big")).expect("made");
        std::fs::write(folder.path().join("big/mod.rs"), "").expect("written");
        assert_eq!(files(folder.path()), Ok(vec!["big/mod.rs".to_owned()]));
    }

    #[test]
    fn blank_lines_are_no_change() {
        assert_eq!(changed("a\nb\n", "a\n\nc\nd\n"), (2, 1));
        assert_eq!(changed("a\n", "a\n"), (0, 0));
    }
}
