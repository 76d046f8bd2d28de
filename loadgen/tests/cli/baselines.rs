//! Runs that are kept under a name, and what is held against them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{TINY, loadgen, output, refused};

/// `loadgen` in a folder that is no workspace, so that its results are its own.
fn loadgen_in(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    output(loadgen().args(arguments).current_dir(folder))
}

fn run_tiny<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["run", "--scenario-file", TINY, "--scenario", "tiny"], more].concat()
}

/// A gate in the tests' own scenario, with nothing but counts.
fn gate_tiny<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["gate", "--scenario-file", TINY, "--scenario", "tiny"], more].concat()
}

/// What a run says of allocations, so that a test can say otherwise.
fn with_allocations(from: &Path, to: &Path, change: f64) {
    let mut run: Value = serde_json::from_str(&fs::read_to_string(from).unwrap()).unwrap();
    let count = &mut run["scenarios"][0]["rows"][0]["server"]["allocs_per_request"];
    *count = (count.as_f64().unwrap() + change).into();
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::write(to, run.to_string()).unwrap();
}

#[test]
fn a_run_is_kept_under_a_name_and_this_builds_counts_are_held_against_it() {
    let root = tempfile::tempdir().unwrap();
    let (status, _, stderr) = loadgen_in(root.path(), &run_tiny(&["--save-baseline", "before"]));
    assert_eq!(status, Some(0), "{stderr}");
    let kept = root.path().join("results/baselines/before/run.json");
    assert!(stderr.contains("baseline before is saved: results/baselines/before/run.json"), "{stderr}");
    let (status, stdout, _) = loadgen_in(root.path(), &["baselines"]);
    assert!(status == Some(0) && stdout.starts_with("name ") && stdout.contains("\nbefore "), "{stdout}");

    let (status, stdout, stderr) = loadgen_in(root.path(), &gate_tiny(&["--against", "before"]));
    assert_eq!(status, Some(0), "{stderr}\n{stdout}");
    for part in [
        "against baseline before",
        "phase0-serial\n",
        "same",
        "Counts alone are judged",
        "For a verdict on times",
    ] {
        assert!(stdout.contains(part), "'{part}' is missing in {stdout}");
    }

    with_allocations(&kept, &root.path().join("results/baselines/fewer/run.json"), -1.0);
    let (status, stdout, _) = loadgen_in(root.path(), &gate_tiny(&["--against", "fewer", "--json"]));
    assert_eq!(status, Some(3), "{stdout}");
    let outcome: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&outcome["schema"], &outcome["verdict"]), (&"phase-lab/gate/1".into(), &"slower".into()));
    assert_eq!(outcome["servers"][0]["blocks"], 0);

    let (status, stdout, _) =
        loadgen_in(root.path(), &["gate", "--against", "before", "--candidate", "fewer"]);
    assert_eq!(status, Some(0), "{stdout}");
    assert!(stdout.contains("fewer than the base has. Tighten the limit"), "{stdout}");
    let (status, stdout, _) =
        loadgen_in(root.path(), &["gate", "--against", "results/baselines/fewer", "--candidate", "before"]);
    assert_eq!(status, Some(3), "{stdout}");
    assert!(stdout.contains("more than the base has") && stdout.contains("Verdict: slower."), "{stdout}");

    let (status, stdout, stderr) =
        loadgen_in(root.path(), &gate_tiny(&["--against", "before", "--budget", "20m"]));
    assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("--budget is for blocks"), "{stderr}");

    let (status, _, stderr) = loadgen_in(root.path(), &["gate", "--against", "befor"]);
    assert_eq!(status, Some(2), "{stderr}");
    let (status, _, stderr) =
        loadgen_in(root.path(), &["gate", "--against", "before", "--candidate", "befor"]);
    assert_eq!(status, Some(2), "{stderr}");
    assert!(
        stderr.contains("--candidate is no saved run") && stderr.contains("loadgen baselines"),
        "{stderr}"
    );
    let (status, _, stderr) = loadgen_in(root.path(), &["gate", "--against", "before"]);
    assert_eq!(status, Some(2), "the policy's scenario was not measured: {stderr}");
    assert!(stderr.contains("has no scenario plaintext") && stderr.contains("--scenario: tiny"), "{stderr}");
    let (status, _, stderr) = loadgen_in(root.path(), &run_tiny(&["--save-baseline", "before"]));
    assert!(status == Some(0) && stderr.contains("in the place of that of 20"), "{stderr}");
}

#[test]
fn a_name_that_is_no_folders_is_refused_before_anything_runs() {
    for name in ["", "..", "a/b", "-x", "with space", "é"] {
        refused(&["run", &format!("--save-baseline={name}")], 2, &["a baseline's name has letters"]);
    }
}

#[test]
fn a_partial_run_is_no_baseline_and_leaves_the_one_that_there_is() {
    let root = tempfile::tempdir().unwrap();
    let kept = root.path().join("results/baselines/before");
    fs::create_dir_all(&kept).unwrap();
    fs::write(kept.join("run.json"), "as it was").unwrap();
    let target = "--target=mine=sh -c 'echo no such port >&2; exit 3' {port}";
    let (status, _, stderr) = loadgen_in(root.path(), &run_tiny(&[target, "--save-baseline", "before"]));
    assert_eq!(status, Some(1), "{stderr}");
    assert!(
        stderr.contains("baseline before is not saved") && stderr.contains("the run is partial"),
        "{stderr}"
    );
    assert_eq!(fs::read_to_string(kept.join("run.json")).unwrap(), "as it was");
    let (status, stdout, _) = loadgen_in(root.path(), &["baselines"]);
    assert!(status == Some(0) && stdout.contains("! before: "), "{stdout}");
    let (status, _, stderr) = loadgen_in(root.path(), &["gate", "--against", "before"]);
    assert!(status == Some(2) && stderr.contains("is no run.json"), "{stderr}");
    fs::remove_file(kept.join("run.json")).unwrap();
    let (status, _, stderr) = loadgen_in(root.path(), &["baselines"]);
    assert!(status == Some(1) && stderr.contains("--save-baseline NAME"), "{stderr}");
}

/// A repository with a branch that is called as a baseline is. It holds no lab, so that as a revision it would be of
/// no use.
#[test]
fn where_a_name_is_a_baseline_and_a_revision_the_baseline_is_meant_and_others_are_listed() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("loadgen")).unwrap();
    fs::write(root.path().join("loadgen/scenarios.toml"), "").unwrap();
    fs::write(root.path().join("loadgen/Cargo.toml"), "").unwrap();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").arg("-C").arg(root.path()).args(identity).args(arguments).output();
        assert!(output.as_ref().is_ok_and(|output| output.status.success()), "{output:?}");
    };
    git(&["init", "-q", "-b", "before"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    let reference =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("results/reference/run.json");
    let kept = root.path().join("results/baselines/before");
    fs::create_dir_all(&kept).unwrap();
    fs::copy(reference, kept.join("run.json")).unwrap();
    let (status, stdout, stderr) =
        loadgen_in(root.path(), &["gate", "--against", "before", "--candidate", "before"]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stdout.contains("is a baseline and also a revision"), "{stdout}");
    let (status, _, stderr) = loadgen_in(root.path(), &["gate", "--against", "after"]);
    assert_eq!(status, Some(2), "{stderr}");
    assert!(stderr.contains("no commit 'after'") && stderr.contains("the baselines are before"), "{stderr}");
}

/// What a gate of phase 3 says of allocations, against a program that gives each phase 3 these options.
fn against_phase3(options: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("base");
    let text = format!("#!/bin/sh\nexec '{}' \"$@\" {options}\n", env!("CARGO_BIN_EXE_loadgen"));
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = loadgen();
    command
        .args(["gate", "--phase", "phase3-pooled", "--budget", "1s", "--against"])
        .arg(&program)
        .args(more);
    let (status, stdout, stderr) = output(&mut command);
    // Where a line breaks is nothing to say here.
    (status, stdout.split_whitespace().collect::<Vec<_>>().join(" "), stderr)
}

#[test]
fn fewer_allocations_than_the_base_pass_and_a_limit_that_both_exceed_does_not() {
    let (status, stdout, stderr) = against_phase3("--fresh-buffers", &[]);
    assert_eq!(status, Some(0), "{stderr}\n{stdout}");
    assert!(stdout.contains("fewer than the base has, and as few as the policy asks for"), "{stdout}");

    let handicap = ["--handicap", "phase3-pooled --fresh-buffers"];
    let (status, stdout, stderr) = against_phase3("--fresh-buffers", &handicap);
    assert_eq!(status, Some(3), "{stderr}\n{stdout}");
    assert!(stdout.contains("more than the 0 that the policy allows at the most"), "{stdout}");

    let policy = tempfile::NamedTempFile::new().unwrap();
    let built_in = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/gate.toml")).unwrap();
    fs::write(
        policy.path(),
        built_in.replacen("allocations_per_request_max = 0", "allocations_per_request_max = 2", 1),
    )
    .unwrap();
    let policy = policy.path().to_str().unwrap();
    let (status, stdout, stderr) = against_phase3("", &["--policy", policy]);
    assert_eq!(status, Some(0), "{stderr}\n{stdout}");
    assert!(stdout.contains("allocations_per_request_max = 0 for [server.phase3-pooled]"), "{stdout}");
}
