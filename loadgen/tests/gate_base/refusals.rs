//! What can't be a base, whose fault that is, and what can be done about it.

use std::fs;
use std::path::Path;
use std::process::Command;

use loadgen::cli::Failure;
use loadgen::gate::base::{Base, BaseError, Wanted};
use loadgen::measure::Build;

use crate::repository::Repository;
use crate::{base, never};

fn bad_arguments(error: BaseError, parts: &[&str]) {
    match Failure::from(error) {
        Failure::BadArguments(said) => holds(&said, parts),
        other => panic!("{other:?}"),
    }
}

fn failed(error: BaseError, parts: &[&str]) {
    match Failure::from(error) {
        Failure::Failed(said) => holds(&said, parts),
        other => panic!("{other:?}"),
    }
}

fn holds(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn what_names_no_commit_is_no_revision() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    let before = repository.everything();
    for rev in ["nonsense", "", "^main", "main~1..main", "--help", "main:Cargo.toml", &"0".repeat(40)] {
        bad_arguments(base(&repository, rev).unwrap_err(), &[&format!("no commit '{rev}'"), "git log"]);
    }
    repository.is_as_it_was(&before);
}

#[test]
fn a_branch_that_only_the_remote_has_is_called_by_its_whole_name() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    repository.git(&["update-ref", "refs/remotes/origin/feature", "main"]);
    bad_arguments(base(&repository, "feature").unwrap_err(), &["no commit 'feature'", "origin/feature"]);
}

#[test]
fn a_shallow_clone_is_told_how_to_get_the_rest() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    let clone = tempfile::tempdir().unwrap();
    let clone = clone.path().join("clone");
    let url = format!("file://{}", repository.path().display());
    let cloned = Command::new("git").args(["clone", "--quiet", "--depth", "1", &url]).arg(&clone).status();
    assert!(cloned.unwrap().success());
    let clone = Repository::there(&clone);
    bad_arguments(base(&clone, "main~1").unwrap_err(), &["no commit 'main~1'", "git fetch --unshallow"]);
    assert!(base(&clone, "main").is_ok());
}

#[test]
fn outside_of_a_repository_there_are_no_revisions() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    for workspace in [folder.path(), Path::new("/nowhere/at/all")] {
        let wanted = Wanted { workspace, rev: "main", build: &Build::default(), kept: &kept };
        let error = Base::of_revision(&wanted, &mut |_| {}, &never).unwrap_err();
        if matches!(error, BaseError::Missing(_)) {
            return crate::skip("git is not installed");
        }
        bad_arguments(error, &["is in no git repository", &workspace.display().to_string()]);
    }
    assert!(!kept.exists());
}

#[test]
fn a_revision_without_a_loadgen_is_told_so_before_anything_is_built() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    repository.git(&["mv", "loadgen", "other"]);
    repository.commit("no lab");
    bad_arguments(base(&repository, "main").unwrap_err(), &["(main) holds no package loadgen"]);
    assert!(!repository.built().exists());
}

#[test]
fn a_base_that_does_not_build_quotes_cargo_and_leaves_nothing() {
    let Some(repository) = Repository::new("") else { return };
    repository.write("loadgen/src/main.rs", "fn main() {\n    no_such_function();\n}\n");
    repository.commit("broken");
    repository.write("Cargo.lock", "version = 4\n");
    repository.commit("lock");
    let before = repository.everything();
    failed(
        base(&repository, "main~1").unwrap_err(),
        &["(main~1) does not build", "no_such_function", "could not compile `loadgen`"],
    );
    failed(base(&repository, "main").unwrap_err(), &["does not build", "--locked"]);
    assert_eq!(repository.worktrees().len(), 1);
    repository.is_as_it_was(&before);
}

#[test]
fn what_is_kept_has_to_be_writable() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    fs::write(repository.path().parent().unwrap().join("kept"), "a file").unwrap();
    failed(base(&repository, "main").unwrap_err(), &["kept can't be used"]);
    assert_eq!(repository.worktrees().len(), 1);
}

#[test]
fn a_base_of_a_time_before_the_phase_can_not_serve_it() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    let silent = base(&repository, "main").unwrap();
    bad_arguments(
        silent.check_serves("phase0-serial", &[], &never).unwrap_err(),
        &["(main) can't serve phase0-serial: it does not say that it can"],
    );
    repository.write(
        "loadgen/src/main.rs",
        "fn main() {\n    eprintln!(\"error: unrecognized subcommand 'serve'\");\n    std::process::exit(2);\n}\n",
    );
    repository.commit("older");
    let older = base(&repository, "main").unwrap();
    bad_arguments(
        older.check_serves("phase0-serial", &[], &never).unwrap_err(),
        &["can't serve phase0-serial: unrecognized subcommand 'serve'"],
    );
}

#[test]
fn what_can_not_be_started_is_no_program() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "text").unwrap();
    for (path, why) in [
        (folder.path(), "it is no file"),
        (&file, "it is not executable"),
        (&folder.path().join("nothing"), "No such file"),
    ] {
        bad_arguments(Base::of_program(path).unwrap_err(), &[&path.display().to_string(), why]);
    }
}
