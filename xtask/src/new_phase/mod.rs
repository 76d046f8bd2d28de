//! `cargo xtask new-phase`: a phase of one's own, beside the lab's.
//!
//! It begins as a copy of another one ([`copy`]), under a name of its own ([`name`]), and joins the few places that
//! name every phase ([`register`]); all of that is written, or none ([`mod@write`]). `--try` does it in a copy of the
//! tree and has what came of it built, tested and measured ([`attempt`]).

mod attempt;
mod copy;
mod name;
mod register;
mod write;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use name::Name;
use register::{Joining, LIST, PLACES, SCENARIOS};
use write::Change;

use crate::cargo::{self, ROOT};

/// The same as clap's.
const EXIT_BAD_ARGUMENTS: u8 = 2;
/// What reports have room for beside a name.
const IDEA_CHARS_MAX: usize = 60;

const EXAMPLES: &str = "\
Examples:
  cargo xtask new-phase phase5-mine    a copy of phase 4, for an idea of your own
  cargo xtask new-phase phase5-uring --from phase3-pooled --idea 'the poll is a ring'
  cargo xtask new-phase --try          make one in a copy of the tree, and see it work

Exit codes: 0 it is there, 1 it could not be made and nothing has changed, 2 bad arguments.";

/// Make a phase of your own out of another one: it compiles, serves, has tests, and is measured with the others
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What it is called: phaseN-word, such as phase5-mine
    #[arg(value_name = "NAME", value_parser = Name::parse, required_unless_present = "attempt")]
    name: Option<Name>,
    /// The phase that it begins as
    #[arg(long, value_name = "PHASE", default_value = "phase4-keepalive")]
    from: String,
    /// What it adds, in a few words for the reports; can be changed in loadgen/src/phases.rs
    #[arg(long, value_name = "TEXT", value_parser = idea)]
    idea: Option<String>,
    /// Make one in a copy of the tree below target/, build it, test it and measure it: some minutes
    #[arg(long = "try", conflicts_with = "name")]
    attempt: bool,
}

/// Why there is no new phase.
#[derive(Debug)]
enum Refusal {
    /// It can't be made as asked.
    BadArguments(String),
    /// It was tried and failed.
    Failed(String),
}

/// Makes the phase, or tries to make one elsewhere.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    let Some(name) = &args.name else { return attempt::run(&args.from) };
    let idea = args.idea.clone().unwrap_or_else(|| default_idea(name, &args.from));
    match make(Path::new(ROOT), name, &args.from, &idea) {
        Ok(changes) => {
            print!("{}", told(name, &args.from, &changes));
            Ok(ExitCode::SUCCESS)
        }
        Err(Refusal::BadArguments(message)) => {
            eprintln!("error: {message}\n\nFor more information, try '--help'.");
            Ok(ExitCode::from(EXIT_BAD_ARGUMENTS))
        }
        Err(Refusal::Failed(message)) => Err(message),
    }
}

fn idea(text: &str) -> Result<String, String> {
    let sound = text.trim() == text && !text.is_empty() && !text.contains(char::is_control);
    if sound && text.chars().count() <= IDEA_CHARS_MAX {
        return Ok(text.to_owned());
    }
    Err(format!("an idea is told in one line of 1 to {IDEA_CHARS_MAX} characters"))
}

fn default_idea(name: &Name, from: &str) -> String {
    format!("{}, begun as a copy of {from}", name.word)
}

/// Makes the phase in this workspace, and says what was written.
fn make(root: &Path, name: &Name, from: &str, idea: &str) -> Result<Vec<Change>, Refusal> {
    let changes = changes(root, name, from, idea)?;
    let failed = Refusal::Failed;
    let lock = root.join("Cargo.lock");
    let locked = copy::read(&lock).map_err(failed)?;
    let written = write::write(root, &changes).map_err(failed)?;
    if let Err(said) = update_lock(root) {
        let back = written.take_back().and_then(|()| {
            std::fs::write(&lock, locked).map_err(|error| format!("Cargo.lock can't be taken back: {error}"))
        });
        let end = back.err().unwrap_or_else(|| "nothing was changed".into());
        return Err(failed(format!("cargo does not take it, and {end}; it said:\n{said}")));
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

/// Has cargo read what was written, and add the phase to its lock file. Whatever else is locked stays so.
fn update_lock(root: &Path) -> Result<(), String> {
    let update = |more: &[&str]| -> Result<(), String> {
        let mut command: Command = cargo::command(["update", "--workspace", "--quiet"]);
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

/// What was made, and what to do next.
fn told(name: &Name, from: &str, changes: &[Change]) -> String {
    let made = changes.iter().filter(|change| change.is_new_file());
    let made: Vec<_> = made.map(|change| format!("  {}\n", change.path.display())).collect();
    let width = SCENARIOS.len();
    let known = PLACES.map(|(file, what, _)| format!("  {file:width$}  {what}\n"));
    let (made, known) = (made.concat(), known.concat());
    format!(
        "{name} is there, a copy of {from}:\n{made}and known to\n{known}\
         \nNext:\n  \
         cargo test -p {name}\n  \
         cargo run -p loadgen -- serve {name}\n  \
         cargo run -p loadgen -- check {name}\n  \
         cargo run -p loadgen -- run --phase {from} --phase {name} --scenario plaintext\n  \
         diff -ru {from}/src {name}/src\n\n\
         {name}/README.md asks the questions of a lesson. Write down what you expect before you begin.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut files = vec!["Cargo.toml".to_owned(), "Cargo.lock".into(), LIST.into(), SCENARIOS.into()];
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

    #[test]
    fn an_idea_is_a_line() {
        assert_eq!(idea("one write for all"), Ok("one write for all".into()));
        for text in ["", " x", "a\nb", &"x".repeat(61)] {
            assert!(idea(text).is_err(), "{text}");
        }
    }
}
