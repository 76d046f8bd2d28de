//! Building and running the checks, and what they say.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::folder::Exercise;
use crate::cargo::{self, Program};
use crate::group::{Group, describe};

/// A check is done after seconds; where it is not, what it waits for will not come.
const LIMIT: Duration = Duration::from_secs(120);

/// What the harness of a test that failed exits with.
const FAILED: i32 = 101;

/// What came of a check.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    /// What it says is not yet so, each thing once.
    NotYet(Vec<String>),
    /// It did not come to say anything; this is what it wrote.
    Broken(String),
}

/// Has `cargo test` build the checks of these exercises, and says what it has built. `None` if they can't be
/// built; cargo has said why by then.
pub(super) fn build<'a>(
    cargo: &mut Command,
    exercises: impl IntoIterator<Item = &'a Exercise>,
) -> Result<Option<Vec<Program>>, String> {
    cargo.args(["--no-run", "--package", "exercises"]);
    for exercise in exercises {
        cargo.arg("--test").arg(exercise.target());
    }
    cargo::built(cargo)
}

/// Runs the check of an exercise, which is one of `programs`.
pub(super) fn run(exercise: &Exercise, programs: &[Program]) -> Result<Verdict, String> {
    let target = exercise.target();
    let program = programs
        .iter()
        .find(|program| program.name == target)
        .ok_or_else(|| format!("cargo did not say where it put the check of {}", exercise.number()))?;
    // One test at a time, so that what it says does not depend on which is faster.
    let mut command = Command::new(&program.path);
    command.arg("--test-threads=1").env("RUST_BACKTRACE", "0");
    let mut group = Group::start(&mut command)?;
    let status = group.wait(LIMIT)?;
    let output = group.output();
    Ok(match status {
        Some(status) if status.success() => Verdict::Passed,
        Some(status) if status.code() == Some(FAILED) => judge(&output, &exercise.path),
        Some(status) => Verdict::Broken(format!("{output}\nIt ended with {}.", describe(status))),
        None => Verdict::Broken(format!("{output}\nIt was not done within {} s.", LIMIT.as_secs())),
    })
}

/// What a check says that has failed. Its own assertions name a line of its file; a panic elsewhere, as of the
/// server, says nothing about the exercise unless one of them follows.
fn judge(output: &str, folder: &Path) -> Verdict {
    let own = format!(" panicked at {}/", folder.display());
    let mut messages = Vec::new();
    let mut lines = output.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("thread '") && line.contains(&own) {
            let message: Vec<_> = lines.by_ref().take_while(|line| !is_end(line)).collect();
            let message = message.join("\n");
            if !messages.contains(&message) {
                messages.push(message);
            }
        }
    }
    if messages.is_empty() { Verdict::Broken(output.to_owned()) } else { Verdict::NotYet(messages) }
}

/// Whether the message of a panic is over.
fn is_end(line: &str) -> bool {
    line.is_empty() || line.starts_with("note: ") || line.starts_with("stack backtrace:")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Verdict, judge};

    const FOLDER: &str = "exercises/1.2-a-queue-with-an-end";

    fn of(output: &str) -> Verdict {
        judge(output, Path::new(FOLDER))
    }

    #[test]
    fn what_a_check_says_is_told_once_and_without_what_is_around_it() {
        let output = "\
running 2 tests
test one ... FAILED
test two ... FAILED

failures:

---- one stdout ----

thread 'one' (1234) panicked at exercises/1.2-a-queue-with-an-end/check.rs:31:5:
The third was not left in the queue.
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

---- two stdout ----

thread 'two' (1235) panicked at exercises/1.2-a-queue-with-an-end/check.rs:44:5:
assertion `left == right` failed: Nobody was counted.
  left: 0
 right: 1

---- three stdout ----

thread 'three' (1236) panicked at exercises/1.2-a-queue-with-an-end/check.rs:31:5:
The third was not left in the queue.
";
        let messages = [
            "The third was not left in the queue.",
            "assertion `left == right` failed: Nobody was counted.\n  left: 0\n right: 1",
        ];
        assert_eq!(of(output), Verdict::NotYet(messages.map(str::to_owned).to_vec()));
    }

    #[test]
    fn a_panic_elsewhere_is_not_what_the_check_says() {
        let output = "\
thread '<unnamed>' (99) panicked at phase1-threads/src/lib.rs:50:9:
not yet implemented
";
        assert_eq!(of(output), Verdict::Broken(output.to_owned()));
        assert_eq!(of(""), Verdict::Broken(String::new()));
    }
}
