//! `cargo xtask exercise`: the exercises of the lessons, and whether they are solved.
//!
//! # Layout
//! - `folder`: which there are.
//! - `check`: building and running their checks.
//! - `verify`: `--verify-solutions`, for CI, in a copy of the workspace, which also runs the phases'
//!   `own_tests`.

mod check;
mod folder;
mod own_tests;
mod verify;

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use crate::cargo::{self, ROOT};
use crate::interrupt;
use check::Verdict;
pub(crate) use folder::{Exercise, all};

/// What bad arguments are answered with, as clap does.
const BAD_ARGUMENTS: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  cargo xtask exercise
      which there are
  cargo xtask exercise 1.2
      is it solved?
  cargo xtask exercise 1.2 --solution
      one way to solve it, and what it costs
  cargo xtask exercise --verify-solutions
      what CI does: each check fails before its solution,
      and passes after";

/// The exercises of the lessons: which there are, and whether one is solved
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The exercise to check, as its phase and its number: 1.2. All are listed if none is named
    #[arg(value_name = "NUMBER")]
    number: Option<String>,
    /// Show one way to solve it instead
    #[arg(long, requires = "number")]
    solution: bool,
    /// Try all checks without and with their solutions, in a copy of the workspace
    #[arg(long, conflicts_with_all = ["number", "solution"])]
    verify_solutions: bool,
}

/// Does what was asked for. Only an exercise that is solved is a success.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    let exercises = folder::all(Path::new(ROOT))?;
    let Some(number) = &args.number else {
        if args.verify_solutions {
            return interrupt::can_end(|| verify::run(&exercises));
        }
        print!("{}\nTo check one: cargo xtask exercise {}\n", list(&exercises), example(&exercises));
        return Ok(ExitCode::SUCCESS);
    };
    let Some(place) = exercises.iter().position(|exercise| exercise.number() == *number) else {
        eprint!("error: there is no exercise {number}; there are:\n{}", list(&exercises));
        return Ok(ExitCode::from(BAD_ARGUMENTS));
    };
    let exercise = &exercises[place];
    if args.solution {
        print!("{}", solution(exercise)?);
        return Ok(ExitCode::SUCCESS);
    }
    interrupt::can_end(|| examine(exercise, exercises.get(place + 1)))
}

/// One a line.
fn list(exercises: &[Exercise]) -> String {
    exercises.iter().fold(String::new(), |mut text, exercise| {
        // A String takes all that is written to it.
        let _ = writeln!(text, "  {exercise}");
        text
    })
}

fn example(exercises: &[Exercise]) -> String {
    exercises.first().map_or_else(|| "NUMBER".to_owned(), Exercise::number)
}

/// Why it is solved in this way, the patch, and how to take it.
fn solution(exercise: &Exercise) -> Result<String, String> {
    let root = Path::new(ROOT);
    let (why, patch) = (exercise.read(root, "solution.md")?, exercise.read(root, "solution.patch")?);
    let path = exercise.path.display();
    Ok(format!(
        "{exercise}\n\n{why}\n{patch}\nTo take it as it is: git apply {path}/solution.patch\nIt is made for the phase as it came; where you have changed that, commit your changes and add --3way.\n"
    ))
}

/// Runs the check of one exercise on the user's tree, and says what came of it.
fn examine(exercise: &Exercise, next: Option<&Exercise>) -> Result<ExitCode, String> {
    println!("{exercise}: building your tree and the check, which takes a minute or more the first time");
    let programs = check::build(&mut cargo::command(["test"]), [exercise])?;
    interrupt::check()?;
    let Some(programs) = programs else {
        println!("\nNot yet: your tree does not build. Mend what the compiler says above, and ask again.");
        return Ok(ExitCode::FAILURE);
    };
    let verdict = check::run(exercise, &programs)?;
    print!("\n{}", tell(exercise, next, &verdict));
    Ok(if verdict == Verdict::Passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What came of a check, and what to do next.
fn tell(exercise: &Exercise, next: Option<&Exercise>, verdict: &Verdict) -> String {
    let (number, path) = (exercise.number(), exercise.path.display());
    match verdict {
        Verdict::Passed => {
            let next = next.map_or_else(
                || "That was the last one.".to_owned(),
                |next| format!("The next one is {}: {}/task.md", next.number(), next.path.display()),
            );
            format!(
                "Passed.\n\nDoes the rest still hold? cargo test -p {}\nAnother way to solve it, and what it costs: cargo xtask exercise {number} --solution\n{next}\n",
                exercise.package
            )
        }
        Verdict::NotYet(messages) => format!(
            "Not yet.\n\n{}\n\nThe task and a hint: {path}/task.md\nWhat exactly is asked for: {path}/check.rs\nOne way to solve it: cargo xtask exercise {number} --solution\n",
            messages.join("\n\n")
        ),
        Verdict::Broken(output) => format!(
            "{output}\n\nNot yet, and the check does not say what is missing: it ended in a way that nobody has thought of. What it wrote is above, and what it does is in {path}/check.rs.\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Verdict, folder, list, solution, tell};
    use crate::cargo::ROOT;

    #[test]
    fn whoever_has_passed_is_told_what_comes_next() {
        let exercises = folder::all(Path::new(ROOT)).expect("exercises");
        let [first, second, ..] = exercises.as_slice() else { panic!("{exercises:?}") };
        let told = tell(first, Some(second), &Verdict::Passed);
        assert!(told.starts_with("Passed.\n") && told.contains("0.1 --solution"), "{told}");
        assert!(told.contains("The next one is 0.2: exercises/0.2-"), "{told}");
        assert!(tell(second, None, &Verdict::Passed).contains("the last one"));
    }

    #[test]
    fn whoever_has_not_is_told_what_is_missing() {
        let exercises = folder::all(Path::new(ROOT)).expect("exercises");
        let told = tell(&exercises[0], None, &Verdict::NotYet(vec!["No flag.".into(), "No count.".into()]));
        assert!(told.starts_with("Not yet.\n\nNo flag.\n\nNo count.\n"), "{told}");
        assert!(told.contains("/task.md"), "{told}");
    }

    #[test]
    fn each_is_listed_with_its_title_and_each_solution_can_be_shown() {
        let exercises = folder::all(Path::new(ROOT)).expect("exercises");
        assert_eq!(list(&exercises).lines().count(), exercises.len());
        for exercise in &exercises {
            assert!(list(&exercises).contains(&format!("  {}  {}\n", exercise.number(), exercise.title)));
            let shown = solution(exercise).expect("a solution");
            assert!(shown.contains("\n+++ b/") && shown.contains("git apply exercises/"), "{shown}");
        }
    }
}
