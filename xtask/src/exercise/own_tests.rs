//! The phases' own tests, which no solution may break.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use crate::cargo::Program;
use crate::group::Group;

/// Programs that run at the same time. They mostly wait, and are not all in a hurry at once.
const SIDE_BY_SIDE: usize = 2;

/// The longest of them takes some seconds.
const LIMIT: Duration = Duration::from_secs(300);

/// A program of tests of which some have failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) package: String,
    pub(super) name: String,
    /// What it wrote.
    pub(super) output: String,
}

/// Runs all programs with tests of these packages, and says which have failed.
///
/// # Errors
/// When one can't be started, or the job is asked to end.
pub(super) fn failures(programs: &[Program], packages: &BTreeSet<&str>) -> Result<Vec<Failure>, String> {
    let tests = programs.iter().filter(|program| program.is_test && packages.contains(&*package(program)));
    let (queue, failures) = (Mutex::new(tests), Mutex::new(Vec::new()));
    let next = || queue.lock().ok()?.next();
    thread::scope(|scope| {
        let work = || -> Result<(), String> {
            while let Some(program) = next() {
                if let (Some(failure), Ok(mut failures)) = (run(program)?, failures.lock()) {
                    failures.push(failure);
                }
            }
            Ok(())
        };
        let threads: Vec<_> = (0..SIDE_BY_SIDE).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".to_owned())))
            // All are joined before the first error is passed on.
            .fold(Ok(()), Result::and)
    })?;
    failures.into_inner().map_err(|error| error.to_string())
}

/// The package, which is named as its folder is.
fn package(program: &Program) -> String {
    program.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn run(program: &Program) -> Result<Option<Failure>, String> {
    let mut group = Group::start(Command::new(&program.path).arg("--quiet").current_dir(&program.folder))?;
    let status = group.wait(LIMIT)?;
    if status.is_some_and(|status| status.success()) {
        return Ok(None);
    }
    let mut output = group.output();
    if status.is_none() {
        output += "\nIt did not end.";
    }
    Ok(Some(Failure { package: package(program), name: program.name.clone(), output }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::failures;
    use crate::cargo::Program;

    #[test]
    fn only_tests_of_these_packages_are_run_and_those_that_fail_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = |package: &str, path: &str, is_test| {
            let folder = folder.path().join(package);
            std::fs::create_dir_all(&folder).expect("made");
            Program { name: path.to_owned(), path: format!("/bin/{path}").into(), is_test, folder }
        };
        let programs = [
            program("phase0-serial", "true", true),
            program("phase0-serial", "false", true),
            program("phase0-serial", "false", false),
            program("phase1-threads", "true", true),
            program("phase2-async", "false", true),
        ];
        let packages = BTreeSet::from(["phase0-serial", "phase1-threads"]);
        let failures = failures(&programs, &packages).expect("all were started");
        let failed: Vec<_> = failures.iter().map(|failure| (&*failure.package, &*failure.name)).collect();
        assert_eq!(failed, [("phase0-serial", "false")]);
    }
}
