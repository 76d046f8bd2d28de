//! Making a phase in a workspace: all of it, or nothing.

use std::path::Path;
use std::process::Stdio;

use super::copy;
use super::name::Name;
use super::register::{self, Joining, LIST, PLACES};
use super::write::{self, Change};
use crate::cargo;

/// The lock files that learn of a new phase from cargo.
pub(super) const LOCKS: [&str; 2] = ["Cargo.lock", "fuzz/Cargo.lock"];
/// The manifest of the workspace of the second one.
const FUZZ: &str = "fuzz/Cargo.toml";

/// Why there is no new phase.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It can't be made as asked.
    BadArguments(String),
    /// It was tried and failed.
    Failed(String),
}

/// Makes the phase in this workspace, and says what was written.
pub(super) fn make(root: &Path, name: &Name, from: &str, idea: &str) -> Result<Vec<Change>, Refusal> {
    let changes = changes(root, name, from, idea)?;
    let failed = Refusal::Failed;
    let lock = root.join("Cargo.lock");
    let locked = copy::read(&lock).map_err(failed)?;
    let written = write::write(root, &changes).map_err(failed)?;
    if let Err(said) = update_lock(root, "Cargo.toml") {
        let back = written.take_back().and_then(|()| {
            std::fs::write(&lock, locked).map_err(|error| format!("Cargo.lock can't be taken back: {error}"))
        });
        let end = back.err().unwrap_or_else(|| "nothing was changed".into());
        return Err(failed(format!("cargo does not take it, and {end}; it said:\n{said}")));
    }
    // Where there is no network, what only the fuzzer needs may not be known here. It does without until there is one.
    if update_lock(root, FUZZ).is_err() {
        eprintln!("! {name} is not in fuzz/Cargo.lock yet: cargo update --workspace --manifest-path {FUZZ}");
    }
    format(root, name);
    Ok(changes)
}

/// What is to be written, all of it, or why it can't be.
fn changes(root: &Path, name: &Name, from: &str, idea: &str) -> Result<Vec<Change>, Refusal> {
    let failed = Refusal::Failed;
    let known = register::listed(&copy::read(&root.join(LIST)).map_err(failed)?);
    if known.is_empty() {
        return Err(failed(format!("{LIST} has not what this looks for: the phases")));
    }
    let from = known.iter().find(|known| known.to_string() == from).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(Name::to_string).collect();
        Refusal::BadArguments(format!(
            "there is no phase '{from}' to begin as; the phases are {}",
            names.join(", ")
        ))
    })?;
    is_free(root, name, &known).map_err(Refusal::BadArguments)?;
    let joining = Joining { name, from, idea };
    let mut changes = copy::files(root, &joining).map_err(failed)?;
    for (file, _, edit) in PLACES {
        let before = copy::read(&root.join(file)).map_err(failed)?;
        let after = edit(&before, &joining).map_err(|sought| {
            failed(format!("{file} has not what this looks for: {sought}; nothing was changed"))
        })?;
        changes.push(Change::of_file(file.into(), before, after));
    }
    Ok(changes)
}

/// Pictures and tables know a phase by its number, too, so no two have the same.
fn is_free(root: &Path, name: &Name, known: &[Name]) -> Result<(), String> {
    if let Some(there) = known.iter().find(|known| known.number == name.number) {
        let free = Name::first_free(&name.word, known);
        let instead = free.map_or_else(String::new, |free| format!("; {free} is free"));
        return Err(format!("there is a phase {} already, {there}{instead}", name.number));
    }
    if root.join(name.to_string()).exists() {
        return Err(format!("there is a folder {name} already; take it away, or take another name"));
    }
    Ok(())
}

/// Has cargo read what was written, and add the phase to a lock file. Whatever else is locked stays so.
fn update_lock(root: &Path, manifest: &str) -> Result<(), String> {
    let update = |more: &[&str]| -> Result<(), String> {
        let mut command = cargo::command(["update", "--workspace", "--quiet", "--manifest-path", manifest]);
        let output = command.args(more).current_dir(root).stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("cargo can't be started: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned())
    };
    // Everything is there as a rule; where it is not, the registry has it.
    update(&["--offline"]).or_else(|_| update(&[]))
}

/// Another name makes lines longer or shorter. It does no harm where that can't be done, only `.ci/run` will ask for it.
fn format(root: &Path, name: &Name) {
    let mut command = cargo::command(["fmt", "--package", &name.to_string()]);
    let status =
        command.current_dir(root).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !status.is_ok_and(|status| status.success()) {
        eprintln!("! {name} is not formatted: rustup component add rustfmt, then cargo fmt");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::ROOT;
    use crate::new_phase::register::SCENARIOS;

    fn name(text: &str) -> Name {
        Name::of_any(text).unwrap()
    }

    fn trial(from: &str) -> Vec<Change> {
        changes(Path::new(ROOT), &name("phase99-trial"), from, "a trial").unwrap()
    }

    /// Lines of a text that are not in another one, in their order, if the other's are all there.
    fn added<'a>(before: &str, after: &'a str) -> Option<Vec<&'a str>> {
        let (mut old, mut added) = (before.lines().peekable(), Vec::new());
        for line in after.lines() {
            if old.next_if_eq(&line).is_none() {
                added.push(line);
            }
        }
        old.next().is_none().then_some(added)
    }

    #[test]
    fn the_workspace_has_all_the_places_and_is_only_added_to() {
        for from in ["phase0-serial", "phase1-threads", "phase2-async", "phase3-pooled", "phase4-keepalive"] {
            let changes = trial(from);
            let place = |file: &str| changes.iter().find(|change| change.path == Path::new(file)).unwrap();
            for (file, expected) in [
                (
                    "Cargo.toml",
                    vec![
                        "    \"phase99-trial\",",
                        "phase99-trial = { path = \"phase99-trial\", version = \"0.1.0\" }",
                    ],
                ),
                ("loadgen/Cargo.toml", vec!["phase99-trial.workspace = true"]),
            ] {
                let before = copy::read(&Path::new(ROOT).join(file)).unwrap();
                assert_eq!(added(&before, &place(file).after), Some(expected), "{file}");
            }
            let list = &place(LIST).after;
            assert_eq!(register::listed(list).last(), Some(&name("phase99-trial")));
            let before = copy::read(&Path::new(ROOT).join(SCENARIOS)).unwrap();
            let rows = |text: &str, row: &str| text.matches(&format!("\"{row}\"")).count();
            // Where the original's figures are, a phase is named that has no row there.
            let theirs = rows(&before, from) - before.matches(&format!("row = \"{from}\"")).count();
            assert_eq!(rows(&place(SCENARIOS).after, "phase99-trial"), theirs);
            assert_eq!(
                place(SCENARIOS)
                    .after
                    .replace(", \"phase99-trial\"", "")
                    .replace("\n    \"phase99-trial\",", ""),
                before
            );
        }
    }

    #[test]
    fn a_name_or_a_phase_that_is_not_to_be_had_is_a_bad_argument() {
        let refuse = |name_: &str, from: &str| match changes(Path::new(ROOT), &name(name_), from, "x") {
            Err(Refusal::BadArguments(message)) => message,
            other => panic!("{other:?}"),
        };
        assert!(
            refuse("phase4-again", "phase4-keepalive")
                .contains("there is a phase 4 already, phase4-keepalive")
        );
        let unknown = refuse("phase99-trial", "phase9-none");
        assert!(
            unknown.contains("'phase9-none'") && unknown.contains("phase0-serial, phase1-threads"),
            "{unknown}"
        );
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("phase99-trial")).unwrap();
        let folder = is_free(root.path(), &name("phase99-trial"), &[]).unwrap_err();
        assert!(folder.contains("a folder phase99-trial"), "{folder}");
    }

    #[test]
    fn a_tree_that_lacks_a_place_is_left_alone_and_the_place_is_named() {
        let root = tempfile::tempdir().unwrap();
        let fail = || match make(root.path(), &name("phase99-trial"), "phase2-async", "x") {
            Err(Refusal::Failed(message)) => message,
            other => panic!("{other:?}"),
        };
        assert!(fail().contains("loadgen/src/phases.rs can't be read"), "{}", fail());
        let copy_of = |file: &str| {
            let to = root.path().join(file);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(Path::new(ROOT).join(file), to).unwrap();
        };
        let mut files: Vec<_> = ["Cargo.toml", "Cargo.lock", LIST, SCENARIOS, FUZZ].map(str::to_owned).into();
        for file in [
            "Cargo.toml",
            "src/lib.rs",
            "src/main.rs",
            "src/connection.rs",
            "benches/request.rs",
            "tests/conformance.rs",
        ] {
            files.push(format!("phase2-async/{file}"));
        }
        for file in &files {
            copy_of(file);
        }
        std::fs::write(root.path().join("loadgen/Cargo.toml"), "[dependencies]\n").unwrap();
        let message = fail();
        assert!(
            message.starts_with("loadgen/Cargo.toml has not what this looks for: a line of [dependencies]"),
            "{message}"
        );
        assert!(!root.path().join("phase99-trial").exists());
        let cargo = copy::read(&root.path().join("Cargo.toml")).unwrap();
        assert!(!cargo.contains("phase99"), "it is left alone");
    }
}
