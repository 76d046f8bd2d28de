//! Names that a page takes from elsewhere: the cases and faults of the page about traps, and where a term of the glossary is
//! said to be met.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use conformance::Profile;
use pulldown_cmark::{Event, Options, Parser};

use super::links;

/// The page that names cases and faults.
const TRAPS: &str = "book/traps.md";
/// The page that says where a term is met.
const GLOSSARY: &str = "book/glossary.md";

/// What a page names that is not there, each with its line.
///
/// # Errors
/// When the faults can't be read.
pub(super) fn missing(root: &Path, page: &Path, text: &str) -> Result<Vec<String>, String> {
    Ok(if page == Path::new(TRAPS) {
        unknown(text, &cases(), &faults(root)?)
    } else if page == Path::new(GLOSSARY) {
        not_met(text, |path| fs::read_to_string(root.join("book").join(path)).unwrap_or_default())
    } else {
        Vec::new()
    })
}

fn cases() -> BTreeSet<String> {
    conformance::cases::all(&Profile::persistent("")).into_iter().map(|case| case.name.into()).collect()
}

/// Of the source, since a crate that attacks servers is much to build for its names.
fn faults(root: &Path) -> Result<BTreeSet<String>, String> {
    let folder = root.join("faults/src/faults");
    let unreadable = |error| format!("{} can't be read: {error}", folder.display());
    let mut names = BTreeSet::new();
    for file in fs::read_dir(&folder).map_err(unreadable)? {
        let text = fs::read_to_string(file.map_err(unreadable)?.path()).map_err(unreadable)?;
        names.extend(
            text.lines().filter_map(|line| {
                Some(line.trim().strip_prefix("name: \"")?.strip_suffix("\",")?.to_owned())
            }),
        );
    }
    Ok(names)
}

/// Words in backticks that are written as cases are, with hyphens, or as faults are, with underscores, and are none.
fn unknown(text: &str, cases: &BTreeSet<String>, faults: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let Event::Code(word) = event else { continue };
        let kind = if is_written(&word, '-') && !cases.contains(&*word) {
            "case of conformance"
        } else if is_written(&word, '_') && !faults.contains(&*word) {
            "fault"
        } else {
            continue;
        };
        wrong.push(format!("{}: there is no {kind} '{word}'", line_of(text, range.start)));
    }
    wrong
}

/// Whether it is words of small letters, digits and dots with this between them.
fn is_written(word: &str, between: char) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '.')
    };
    word.contains(between) && word.split(between).all(is_part)
}

/// Terms of a glossary that are not said where it sends for them: in the section that it links to, or on the page.
fn not_met(text: &str, read: impl Fn(&str) -> String) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut start = 0;
    for entry in text.split_inclusive("\n\n") {
        let line = line_of(text, start);
        start += entry.len();
        let Some((terms, said)) = entry.strip_prefix("**").and_then(|entry| entry.split_once(".**")) else {
            continue;
        };
        for link in links::of(said) {
            let (path, heading) = link.split_once('#').unwrap_or((&link, ""));
            let there = simple(&section(&read(path), heading));
            if !terms.split(", ").any(|term| there.contains(&simple(term))) {
                wrong.push(format!("{line}: '{terms}' is not met at {link}"));
            }
        }
    }
    wrong
}

/// The text below a heading, that of lesser headings included; the whole page where none is named.
fn section(text: &str, heading: &str) -> String {
    let level = |line: &str| {
        let level = line.chars().take_while(|char| *char == '#').count();
        (level > 0 && line[level..].starts_with(' ')).then_some(level)
    };
    let mut inside = heading.is_empty().then_some(0);
    let mut kept = Vec::new();
    for line in text.lines() {
        if let (Some(level), false) = (level(line), heading.is_empty()) {
            if inside.is_some_and(|above| level <= above) {
                inside = None;
            }
            if links::headings(line).iter().any(|name| name == heading) {
                inside = Some(level);
            }
        }
        kept.extend(inside.map(|_| line));
    }
    kept.join("\n")
}

/// Without marks of emphasis and code, breaks of lines and capitals, so that words can be found.
fn simple(text: &str) -> String {
    let plain = text.replace(['*', '`'], "").to_lowercase();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line_of(text: &str, place: usize) -> usize {
    text[..place].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_or_fault_that_is_not_there_is_told() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        let page = "Cases: `two-lengths`, `two-lenghts`.\n\nFaults: `slow_heads`, `slow_hats`; `--min-rate`, `Content-Length`.\n";
        let wrong = unknown(page, &names(&["two-lengths"]), &names(&["slow_heads"]));
        assert_eq!(
            wrong,
            ["1: there is no case of conformance 'two-lenghts'", "3: there is no fault 'slow_hats'"]
        );
    }

    #[test]
    fn the_faults_are_found_in_their_source() {
        let root = Path::new(crate::cargo::ROOT);
        assert!(faults(root).expect("read").contains("slow_heads"));
        assert!(cases().contains("length-then-chunked"));
    }

    #[test]
    fn a_term_has_to_be_said_in_the_section_that_is_linked_to() {
        let page = "# Lesson\n\nA thread *pool* waits.\n\n## One\n\nA\ntask.\n\n### Less\n\nmore\n\n## Two\n\nslab\n";
        let glossary = "# Glossary\n\n**Thread pool.** Threads. [L](l.md)\n\n**Task, job.** Work. [L](l.md#one)\n\n**More.** So. [L](l.md#one)\n\n**Slab.** A row. [L](l.md#one)\n";
        assert_eq!(not_met(glossary, |_| page.to_owned()), ["9: 'Slab' is not met at l.md#one"]);
    }
}
