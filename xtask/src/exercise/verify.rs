//! `cargo xtask exercise --verify-solutions`: whether checks and solutions are what they say.
//!
//! In a copy of the workspace, each check has to fail as long as its exercise is not solved, and because the
//! check says so; with its solution it has to pass, and so have the phase's own tests. Solutions of different
//! phases touch nothing of each other, so all first exercises are solved at once, then all second ones.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, ExitCode};
use std::time::Instant;

use super::check::{self, Verdict};
use super::folder::Exercise;
use super::own_tests;
use crate::cargo::{self, Program};
use crate::scratch::Scratch;

/// Tries them all, and says what is wrong with which.
pub(super) fn run(exercises: &[Exercise]) -> Result<ExitCode, String> {
    let start = Instant::now();
    let scratch = Scratch::new()?;
    println!("in {}", scratch.root().display());
    let mut faults = before(&scratch, exercises)?;
    for round in rounds(exercises) {
        faults.extend(after(&scratch, exercises, &round)?);
    }
    let seconds = start.elapsed().as_secs();
    if faults.is_empty() {
        println!(
            "{} exercises: each check fails without its solution, and passes with it ({seconds} s)",
            exercises.len()
        );
        return Ok(ExitCode::SUCCESS);
    }
    for fault in &faults {
        eprintln!("error: {fault}");
    }
    println!("{} faults in {} exercises ({seconds} s)", faults.len(), exercises.len());
    Ok(ExitCode::FAILURE)
}

/// What is wrong with the checks as long as nothing is solved.
fn before(scratch: &Scratch, exercises: &[Exercise]) -> Result<Vec<String>, String> {
    println!("without solutions: building all checks");
    scratch.renew()?;
    let mut cargo = scratch.cargo("test");
    let Some(programs) = check::build(with_packages(&mut cargo, exercises), exercises)? else {
        return Err("the checks have to compile without a solution, and don't; see above".to_owned());
    };
    let mut faults = Vec::new();
    for exercise in exercises {
        let number = exercise.number();
        match check::run(exercise, &programs)? {
            Verdict::NotYet(_) => println!("  {number} fails, as it should"),
            Verdict::Passed => faults.push(format!(
                "{number}: its check passes without its solution; is the exercise solved in this tree?"
            )),
            Verdict::Broken(output) => faults.push(format!(
                "{number}: its check fails without its solution, but not by an assertion of its own:\n{output}"
            )),
        }
    }
    Ok(faults)
}

/// What is wrong with these solutions.
fn after(scratch: &Scratch, all: &[Exercise], round: &[&Exercise]) -> Result<Vec<String>, String> {
    println!("with the solutions of {}: building", numbers(round));
    scratch.renew()?;
    let (mut applied, mut faults) = (Vec::new(), Vec::new());
    for exercise in round {
        let patch = exercise.path.join("solution.patch");
        match scratch.apply(&scratch.root().join(&patch)) {
            Ok(()) => applied.push(*exercise),
            Err(error) => faults.push(format!(
                "{}: {} does not apply any more; make it anew. {error}",
                exercise.number(),
                patch.display()
            )),
        }
    }
    if applied.is_empty() {
        return Ok(faults);
    }
    let mut cargo = scratch.cargo("test");
    let Some(programs) = check::build(with_packages(&mut cargo, all), applied.iter().copied())? else {
        faults.push(format!(
            "{}: with these solutions the tree does not compile; see above",
            numbers(&applied)
        ));
        return Ok(faults);
    };
    faults.extend(pass(&applied, &programs)?);
    faults.extend(keep(scratch, all, &applied)?);
    Ok(faults)
}

/// Checks that should pass now, and don't.
fn pass(applied: &[&Exercise], programs: &[Program]) -> Result<Vec<String>, String> {
    let mut faults = Vec::new();
    for exercise in applied {
        let number = exercise.number();
        match check::run(exercise, programs)? {
            Verdict::Passed => println!("  {number} passes"),
            Verdict::NotYet(messages) => faults
                .push(format!("{number}: its check does not pass with its solution: {}", messages.join(" "))),
            Verdict::Broken(output) => {
                faults.push(format!("{number}: its check does not pass with its solution:\n{output}"));
            }
        }
    }
    Ok(faults)
}

/// Tests of the phases that these solutions break.
fn keep(scratch: &Scratch, all: &[Exercise], applied: &[&Exercise]) -> Result<Vec<String>, String> {
    println!("  the phases' own tests");
    let mut cargo = scratch.cargo("test");
    // Of documentation there are no tests.
    let Some(programs) = cargo::built(with_packages(&mut cargo, all).args(["--no-run", "--tests"]))? else {
        return Ok(vec![format!(
            "{}: with these solutions, tests do not compile; see above",
            numbers(applied)
        )]);
    };
    let mut faults = Vec::new();
    for failure in own_tests::failures(&programs, &packages(applied.iter().copied()))? {
        eprintln!("{}", failure.output);
        let of_package = |exercise: &&&Exercise| exercise.package == failure.package;
        let number = applied.iter().find(of_package).map(|exercise| exercise.number()).unwrap_or_default();
        let (package, name) = (failure.package, failure.name);
        faults.push(format!("{number}: with its solution, tests of {package} fail ({name}); see above"));
    }
    Ok(faults)
}

/// The packages that cargo is given each time. Which there are decides with which features the libraries of
/// others are built, so they are always the same.
fn with_packages<'a>(cargo: &'a mut Command, all: &[Exercise]) -> &'a mut Command {
    for package in packages(all).into_iter().chain(["exercises"]) {
        cargo.args(["--package", package]);
    }
    cargo
}

fn packages<'a>(exercises: impl IntoIterator<Item = &'a Exercise>) -> BTreeSet<&'a str> {
    exercises.into_iter().map(|exercise| exercise.package.as_str()).collect()
}

/// Those that are solved at the same time: the first of each phase, then the second, and so on.
fn rounds(exercises: &[Exercise]) -> Vec<Vec<&Exercise>> {
    let mut rounds: BTreeMap<u8, Vec<&Exercise>> = BTreeMap::new();
    for exercise in exercises {
        rounds.entry(exercise.place).or_default().push(exercise);
    }
    rounds.into_values().collect()
}

fn numbers(exercises: &[&Exercise]) -> String {
    exercises.iter().map(|exercise| exercise.number()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{numbers, rounds};
    use crate::cargo::ROOT;
    use crate::exercise::folder;

    #[test]
    fn a_round_has_no_phase_twice() {
        let exercises = folder::all(Path::new(ROOT)).expect("exercises");
        let rounds: Vec<_> = rounds(&exercises).iter().map(|round| numbers(round)).collect();
        assert_eq!(rounds, ["0.1, 1.1, 2.1, 3.1, 4.1", "0.2, 1.2, 2.2, 3.2, 4.2"]);
    }
}
