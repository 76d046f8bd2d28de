//! The crate of a new phase: that of another one under its name, without that one's lesson.
//!
//! What is the other's by name alone is renamed, so that a diff of the two shows what the idea changes. What the other
//! teaches, its first paragraphs and its own tests, is not copied: there is a form for that.

use std::fs;
use std::path::{Path, PathBuf};

use super::name::Name;
use super::register::Joining;
use super::write::Change;

/// A lesson to be written.
const LESSON: &str = include_str!("../../new-phase/README.md");
/// The test to go on with.
const TEST: &str = include_str!("../../new-phase/idea.rs");

/// All files of the crate, in the order in which a reader wants them.
pub(super) fn files(root: &Path, joining: &Joining<'_>) -> Result<Vec<Change>, String> {
    let Joining { name, from, .. } = joining;
    let (old, new) = (root.join(from.to_string()), PathBuf::from(name.to_string()));
    let mut all = vec![Change::of_new_file(new.join("README.md"), filled(LESSON, joining))];
    let mut copied = vec![PathBuf::from("Cargo.toml")];
    copied.extend(sources(&old, "src")?);
    copied.push("tests/conformance.rs".into());
    copied.extend(sources(&old, "benches")?);
    for path in copied {
        let text = read(&old.join(&path))?;
        let text = adapted(&path, &text, joining).map_err(|sought| {
            format!(
                "{} has not what this looks for: {sought}",
                Path::new(&from.to_string()).join(&path).display()
            )
        })?;
        all.push(Change::of_new_file(new.join(path), text));
    }
    all.push(Change::of_new_file(new.join("tests/idea.rs"), filled(TEST, joining)));
    Ok(all)
}

pub(super) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{} can't be read: {error}", path.display()))
}

/// The Rust files in a folder of a crate and below, by their paths in the crate.
fn sources(of: &Path, folder: &str) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error| format!("{} can't be read: {error}", of.join(folder).display());
    let mut found = Vec::new();
    for entry in fs::read_dir(of.join(folder)).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = Path::new(folder).join(entry.file_name());
        if entry.path().is_dir() {
            found.extend(sources(of, &path.to_string_lossy())?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A form with the names filled in.
fn filled(form: &str, joining: &Joining<'_>) -> String {
    let Joining { name, from, idea } = joining;
    form.replace("{name}", &name.to_string())
        .replace("{crate}", &name.ident())
        .replace("{number}", &name.number.to_string())
        .replace("{word}", &name.word)
        .replace("{from}", &from.to_string())
        .replace("{idea}", idea)
}

/// A file of the other phase as this one has it, or what was looked for in it in vain.
fn adapted(path: &Path, text: &str, joining: &Joining<'_>) -> Result<String, String> {
    let Joining { name, from, idea } = joining;
    let number = name.number;
    let opening = format!("//! Phase {}: ", from.number);
    if path == Path::new("src/lib.rs") && !text.starts_with(&opening) {
        return Err(format!("a first line that begins with {opening}"));
    }
    let text: String = text.split_inclusive('\n').map(|line| renamed(line, name, from)).collect();
    let (kind, block): (fn(&str) -> bool, String) = match path.to_str() {
        Some("Cargo.toml") => (
            |line| line.starts_with("description = "),
            format!("description = {:?}", format!("Phase {number}: {idea}")),
        ),
        Some("src/lib.rs") => (
            |line| line.starts_with("//!"),
            format!(
                "//! Phase {number}: {idea}.\n//!\n//! The idea: say here what a request costs in `{from}` that it \
                 need not cost, and what is done\n//! instead. `diff -ru {from}/src {name}/src` shows it."
            ),
        ),
        Some("src/main.rs") => {
            (|line| line.starts_with("///"), format!("/// Phase {number} of the lab: {idea}"))
        }
        _ => return Ok(text),
    };
    with_block(&text, kind, &block).ok_or_else(|| format!("what {block:?} takes the place of"))
}

/// The text with the first run of lines of a kind replaced.
fn with_block(text: &str, is_of_it: impl Fn(&str) -> bool, block: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.iter().position(|line| is_of_it(line))?;
    let end = lines[start..].iter().position(|line| !is_of_it(line)).map_or(lines.len(), |end| start + end);
    let lines: Vec<&str> = [&lines[..start], &[block], &lines[end..]].concat();
    Some(lines.join("\n") + "\n")
}

/// A line with the other phase's name, crate, threads and number replaced.
fn renamed(line: &str, name: &Name, from: &Name) -> String {
    let mut made = line.replace(&from.ident(), &name.ident());
    if let Some((before, after)) = made.split_once(&from.to_string()) {
        let after = aligned(after, from.to_string().len(), name.to_string().len());
        made = format!("{before}{name}{after}").replace(&from.to_string(), &name.to_string());
    }
    let (old, new) = (from.number, name.number);
    made = made.replace(&format!("\"phase{old}-"), &format!("\"phase{new}-"));
    for word in ["phase", "Phase"] {
        let old = format!("{word} {old}");
        made = match made.split_once(&old) {
            Some((before, after)) if !after.starts_with(|next: char| next.is_ascii_digit()) => {
                format!("{before}{word} {new}{after}")
            }
            _ => made,
        };
    }
    made
}

/// What follows a name that is replaced by one of another length, with the gap before a remark changed by as much, so
/// that remarks below each other stay so.
fn aligned(after: &str, old: usize, new: usize) -> String {
    const GAP: &str = "    ";
    let Some(start) = after.find(GAP) else { return after.to_owned() };
    let (command, rest) = after.split_at(start);
    let remark = rest.trim_start_matches(' ');
    let gap = (rest.len() - remark.len() + old).saturating_sub(new).max(GAP.len());
    format!("{command}{}{remark}", " ".repeat(gap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::ROOT;

    fn name(text: &str) -> Name {
        Name::of_any(text).unwrap()
    }

    /// Of a phase of the lab's own, what a copy of it would be.
    fn copy(from: &str) -> Vec<Change> {
        let joining = Joining { name: &name("phase99-trial"), from: &name(from), idea: "a trial" };
        files(Path::new(ROOT), &joining).unwrap()
    }

    fn text<'a>(files: &'a [Change], path: &str) -> &'a str {
        &files.iter().find(|file| file.path == Path::new("phase99-trial").join(path)).unwrap().after
    }

    const LABS_OWN: [&str; 5] =
        ["phase0-serial", "phase1-threads", "phase2-async", "phase3-pooled", "phase4-keepalive"];

    #[test]
    fn every_phase_of_the_labs_own_can_be_copied_and_is_nowhere_named_but_as_where_it_comes_from() {
        for from in LABS_OWN {
            let files = copy(from);
            for file in &files {
                for line in file
                    .after
                    .lines()
                    .filter(|line| line.contains(from) || line.contains(&name(from).ident()))
                {
                    let path = file.path.to_string_lossy();
                    assert!(
                        ["README.md", "src/lib.rs", "tests/idea.rs"].iter().any(|end| path.ends_with(end)),
                        "{path}: {line}"
                    );
                }
                let is_blank = |blank: &&str| file.after.contains(*blank);
                let blanks = ["{name}", "{crate}", "{number}", "{word}", "{from}", "{idea}"];
                assert_eq!(blanks.iter().find(|blank| is_blank(blank)), None, "{}", file.path.display());
            }
            assert!(
                text(&files, "src/lib.rs").starts_with("//! Phase 99: a trial.\n//!\n//! The idea: "),
                "{from}"
            );
            assert!(
                text(&files, "Cargo.toml")
                    .contains("name = \"phase99-trial\"\ndescription = \"Phase 99: a trial\"\n")
            );
        }
    }

    #[test]
    fn a_diff_with_the_other_shows_the_names_and_the_lesson_alone() {
        for from in LABS_OWN {
            let files = copy(from);
            for file in files.iter().filter(|file| file.path.starts_with("phase99-trial/src")) {
                let path = file.path.strip_prefix("phase99-trial").unwrap();
                let theirs = read(&Path::new(ROOT).join(from).join(path)).unwrap();
                let code = |text: &str| -> Vec<String> {
                    let code =
                        text.lines().filter(|line| !line.starts_with("//!") && !line.starts_with("///"));
                    code.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
                };
                let (ours, theirs) = (code(&file.after), code(&theirs));
                assert_eq!(ours.len(), theirs.len(), "{from}: {}", path.display());
                for (ours, theirs) in ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs) {
                    let named = theirs.contains(from)
                        || theirs.contains(&name(from).ident())
                        || theirs.contains("-worker\"");
                    assert!(named && ours.contains("phase99"), "{from}: {theirs}");
                }
            }
        }
    }

    #[test]
    fn threads_numbers_and_remarks_follow_the_name() {
        let (mine, two) = (name("phase5-mine"), name("phase2-async"));
        for (line, made) in [
            ("        .thread_name(\"phase2-worker\")\n", "        .thread_name(\"phase5-worker\")\n"),
            ("/// What the user of phase 2 can set.\n", "/// What the user of phase 5 can set.\n"),
            ("/// As phases 0 to 2 do, phase 20, too.\n", "/// As phases 0 to 2 do, phase 20, too.\n"),
            ("  phase2-async &\n", "  phase5-mine &\n"),
            ("  phase2-async --x      what x buys\n", "  phase5-mine --x       what x buys\n"),
        ] {
            assert_eq!(renamed(line, &mine, &two), made);
        }
        assert_eq!(renamed("phase5-mine --x    y", &name("phase6-longer"), &mine), "phase6-longer --x    y");
    }

    #[test]
    fn a_file_that_is_not_as_it_should_be_is_not_guessed_at() {
        let joining = Joining { name: &name("phase5-mine"), from: &name("phase2-async"), idea: "mine" };
        for (path, why) in [
            ("Cargo.toml", "description"),
            ("src/lib.rs", "//! Phase 2:"),
            ("src/main.rs", "/// Phase 5 of the lab"),
        ] {
            let error = adapted(Path::new(path), "nothing\n", &joining).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
