//! `loadgen gate` from flags to exit codes. What its verdicts on times are worth is no test's business, so these have
//! too little time for any.

use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::NamedTempFile;

use super::{loadgen, output, refused};

/// A gate of one phase of this very program against itself, for so short that it can't tell of any time.
fn short(more: &[&str]) -> (Option<i32>, String, String) {
    let base = env!("CARGO_BIN_EXE_loadgen");
    let mut command = loadgen();
    command.args(["gate", "--against", base, "--phase", "phase3-pooled", "--budget", "1s"]).args(more);
    output(&mut command)
}

fn compared<'a>(outcome: &'a Value, metric: &str) -> &'a Value {
    let metrics = outcome["servers"][0]["metrics"].as_array().unwrap();
    metrics.iter().find(|each| each["metric"] == metric).unwrap()
}

fn verdict_on<'a>(outcome: &'a Value, metric: &str) -> &'a str {
    compared(outcome, metric)["verdict"].as_str().unwrap()
}

#[test]
fn the_same_has_the_same_counts_and_too_few_blocks_for_a_verdict_on_times() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("new/gate");
    let (status, stdout, stderr) = short(&["--json", "--out", folder.to_str().unwrap()]);
    assert_eq!(status, Some(0), "{stderr}\n{stdout}");
    let outcome: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(outcome["schema"], "phase-lab/gate/1");
    assert_eq!(outcome["verdict"], "cannot tell");
    assert_eq!(verdict_on(&outcome, "allocations_per_request"), "same");
    assert_eq!(verdict_on(&outcome, "requests_per_sec"), "cannot tell");
    assert!(!outcome["servers"][0]["trials"].as_array().unwrap().is_empty());
    let kept = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(kept("gate.json"), stdout, "the file has what was printed");
    assert!(kept("gate.md").starts_with("## Gate: ? cannot tell\n"));
    assert!(
        stderr.contains(&format!("gate.json, gate.md, gate.html are in {}", folder.display())),
        "{stderr}"
    );
    let page = kept("gate.html");
    assert!(!page.contains(&out.path().display().to_string()), "a page names no local folder");
    let (status, stdout, stderr) = output(loadgen().arg("report").arg(&folder));
    assert_eq!((status, stdout.lines().count()), (Some(0), 2), "{stderr}");
    assert_eq!(kept("gate.html"), page, "it is drawn again as it was");
}

#[test]
fn allocations_that_the_base_does_not_make_fail_it() {
    let (status, stdout, stderr) = short(&["--handicap", "phase3-pooled --fresh-buffers"]);
    assert_eq!(status, Some(3), "{stderr}\n{stdout}");
    assert!(stdout.contains("more than the base has") && stdout.contains("Verdict: slower."), "{stdout}");
}

/// The same program on both sides, one of which is made to do a fixed number of steps more for each request.
#[test]
fn instructions_are_counted_and_held_to_the_limit() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: valgrind is not installed, so that nothing counts instructions");
        return;
    }
    let (status, stdout, stderr) = short(&["--json", "--handicap", "phase3-pooled --burden=1000"]);
    assert_eq!(status, Some(3), "{stderr}\n{stdout}");
    let outcome: Value = serde_json::from_str(&stdout).unwrap();
    let instructions = compared(&outcome, "instructions_per_request");
    assert_eq!(instructions["verdict"], "more");
    assert!(instructions["base"].as_f64().unwrap() > 500.0, "{instructions}");
    assert!(instructions["change_percent"].as_f64().unwrap() > 2.0, "{instructions}");
    assert!(instructions["low_percent"].is_null(), "a count has no interval");
}

#[test]
fn without_valgrind_the_rest_is_judged_and_it_says_what_is_missing() {
    // Counting system calls needs a shell, and that is all that there is to be found.
    let bin = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/bin/sh", bin.path().join("sh")).unwrap();
    let base = env!("CARGO_BIN_EXE_loadgen");
    let (status, stdout, stderr) = output(
        loadgen()
            .args(["gate", "--against", base, "--phase", "phase3-pooled", "--budget", "1s"])
            .env("PATH", bin.path()),
    );
    assert_eq!(status, Some(0), "{stderr}\n{stdout}");
    assert!(stdout.contains("valgrind is not installed"), "{stdout}");
    let line = stdout.lines().find(|line| line.contains("instructions per request")).unwrap();
    assert!(line.contains("– → –") && line.ends_with('–'), "{line}");
    let line = stdout.lines().find(|line| line.contains("allocations per request")).unwrap();
    assert!(line.ends_with("same"), "{line}");
}

#[test]
fn where_it_can_not_be_written_is_refused_before_anything_runs() {
    let file = NamedTempFile::new().unwrap();
    let place = file.path().to_str().unwrap();
    refused(
        &["gate", "--against", "no-such-revision", "--out", place],
        2,
        &["can't write the gate to", place, "--out DIR"],
    );
}

#[test]
fn without_git_there_is_no_revision_to_build_and_it_says_what_else_there_is() {
    let bin = tempfile::tempdir().unwrap();
    let (status, stdout, stderr) =
        output(loadgen().args(["gate", "--against", "main"]).env("PATH", bin.path()));
    assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("there is no git in PATH") && stderr.contains("name a loadgen"), "{stderr}");
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_runs() {
    refused(&["gate"], 2, &["--against"]);
    refused(&["gate", "--against", "x", "--phase", "phase9"], 2, &["phase3-pooled"]);
    refused(&["gate", "--against", "x", "--scenario", "none"], 2, &["no scenario 'none'", "plaintext"]);
    refused(&["gate", "--against", "x", "--policy", "/no/such/file"], 2, &["/no/such/file"]);
    refused(&["gate", "--against", "no-such-revision"], 2, &["no-such-revision"]);
    refused(&["gate", "--target", "mine=x {port}"], 2, &["--base-target"]);
    refused(&["gate", "--target", "mine=x {port}", "--base-target", "y"], 2, &["--base-target", "{port}"]);
}
