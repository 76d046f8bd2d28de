//! `loadgen report`, `compare` and `history`, as people and scripts meet them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").join("results/reference")
}

fn loadgen<'a>(arguments: impl IntoIterator<Item = &'a Path>) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    let command = command.args(arguments).env("COLUMNS", "80").stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().expect("loadgen starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn a_run_is_drawn_again_beside_its_figures() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(reference().join("run.json"), folder.path().join("run.json")).unwrap();
    let (code, stdout, stderr) = loadgen([Path::new("report"), folder.path()]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout.lines().count(), 2, "a line for each file: {stdout}");
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("What the original report claimed"));
    assert!(!page.contains(&folder.path().display().to_string()), "a page names no local folder");
    let (_, text, _) = loadgen([Path::new("report"), folder.path(), Path::new("--stdout"), Path::new("md")]);
    assert_eq!(text, fs::read_to_string(folder.path().join("report.md")).unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "no draft is left");
}

/// With `UPDATE=1` in the environment it draws what it would otherwise ask for.
#[test]
fn the_reference_run_is_drawn_as_this_version_draws_it() {
    let out = tempfile::tempdir().unwrap();
    let out = if std::env::var_os("UPDATE").is_some() { reference() } else { out.path().to_owned() };
    let (code, _, stderr) = loadgen([Path::new("report"), &reference(), Path::new("--out"), &out]);
    assert_eq!(code, Some(0), "{stderr}");
    for name in ["report.md", "report.html"] {
        let kept = fs::read_to_string(reference().join(name)).unwrap();
        assert!(
            kept == fs::read_to_string(out.join(name)).unwrap(),
            "{name} is old: run this test with UPDATE=1"
        );
    }
}

#[test]
fn what_is_no_whole_run_is_refused_by_name_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.json");
    let whole = fs::read_to_string(reference().join("run.json")).unwrap();
    for (text, part) in [
        (&whole[..whole.len() / 3], "only half written"),
        ("{\"schema\": \"phase-lab/run/2\"}", "a newer loadgen"),
        ("{\"name\": \"package\"}", "says no \"schema\""),
    ] {
        fs::write(&file, text).unwrap();
        for arguments in [vec![Path::new("report"), folder.path()], vec![Path::new("compare"), &file, &file]]
        {
            let (code, stdout, stderr) = loadgen(arguments);
            assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
            assert!(stderr.contains(part) && stderr.contains("run.json"), "{stderr}");
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn two_runs_are_compared_as_a_table_or_as_json() {
    let full = PathBuf::from(format!("{DATA}/full.run.json"));
    let (code, stdout, stderr) = loadgen([Path::new("compare"), &reference(), &full]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.lines().all(|line| line.chars().count() <= 80), "{stdout}");
    for part in ["phase4-keepalive", "CPU B/A", "Only in A: pipelined", "Run B is partial"] {
        assert!(stdout.contains(part), "'{part}' is missing in {stdout}");
    }
    let (_, json, _) = loadgen([Path::new("compare"), &full, &full, Path::new("--json")]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["schema"], "phase-lab/compare/1");
    assert_eq!(json["scenarios"][0]["rows"][0]["ratio"], 1.0);
}

#[test]
fn no_width_is_too_small_for_a_report() {
    let full = PathBuf::from(format!("{DATA}/full.run.json"));
    for columns in ["0", "1", "-1", "18446744073709551615"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
        command.arg("compare").args([&full, &full]).env("COLUMNS", columns);
        let output = command.stdin(Stdio::null()).output().expect("loadgen starts");
        assert!(output.status.success(), "{columns}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_history_is_told_and_drawn_whatever_its_last_line_is() {
    let root = tempfile::tempdir().unwrap();
    let machine = root.path().join("some-machine");
    fs::create_dir(&machine).unwrap();
    let lines =
        fs::read_to_string(format!("{DATA}/history/linux-x86_64-2cpu-example/history.jsonl")).unwrap();
    fs::write(machine.join("history.jsonl"), &lines[..lines.len() - 100]).unwrap();
    let page = root.path().join("trend.html");
    let (code, stdout, stderr) = loadgen([Path::new("history"), root.path(), Path::new("--html"), &page]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("line 109: is only half written; it is left out"), "{stderr}");
    assert!(stdout.contains("some-machine: 14 runs") && stdout.contains('█'), "{stdout}");
    assert!(stdout.lines().all(|line| line.chars().count() <= 80), "{stdout}");
    assert_eq!(fs::read_to_string(page).unwrap().matches("<figure").count(), 2);
    let empty = tempfile::tempdir().unwrap();
    let (code, _, stderr) = loadgen([Path::new("history"), empty.path()]);
    assert_eq!(code, Some(2), "{stderr}");
    fs::write(empty.path().join("history.jsonl"), "").unwrap();
    let (code, stdout, stderr) = loadgen([Path::new("history"), empty.path()]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(
        stderr.contains("no run in the history") && stderr.contains("`loadgen run` adds one"),
        "{stderr}"
    );
    let mut elsewhere = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    let output = elsewhere.arg("history").current_dir(empty.path()).output().expect("loadgen starts");
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("`loadgen run` makes one") && stderr.contains("--out"), "{stderr}");
}

#[test]
fn a_level_that_changed_is_told_with_its_run_and_the_commits_between() {
    let folder = PathBuf::from(format!("{DATA}/history/linux-x86_64-4cpu-example"));
    let out = tempfile::tempdir().unwrap();
    let page = out.path().join("trend.html");
    let (code, stdout, stderr) =
        loadgen([Path::new("history"), &folder, Path::new("--changes"), Path::new("--html"), &page]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.lines().all(|line| line.chars().count() <= 80), "{stdout}");
    assert!(stdout.contains("4 levels changed") && stdout.contains("^: since that run"), "{stdout}");
    assert!(fs::read_to_string(page).unwrap().contains("An upright line is where a level changed."));
    let (_, json, _) = loadgen([Path::new("history"), &folder, Path::new("--changes"), Path::new("--json")]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["schema"], "phase-lab/changes/1");
    let changes: Vec<_> = json["machines"][0]["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|change| {
            (change["row"].as_str(), change["metric"].as_str(), change["first_after"]["number"].as_u64())
        })
        .collect();
    let (third, fourth) = (Some("phase3-pooled"), Some("phase4-keepalive"));
    assert_eq!(
        changes,
        [
            (third, Some("requests_per_sec"), Some(14)),
            (third, Some("cpu_us_per_request"), Some(14)),
            (third, Some("allocations_per_request"), Some(15)),
            (fourth, Some("syscalls_at_rest_per_request"), Some(21)),
        ]
    );
    let (code, stdout, stderr) = loadgen([Path::new("history"), &folder, Path::new("--json")]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
}
