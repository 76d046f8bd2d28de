//! Where there is no room for what was measured.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{TINY, loadgen, only_document, output, runs};

/// loadgen when it can't write a file of more than so many KiB, as on a disk that is nearly full.
fn loadgen_with_files_of_kib(kib: u32) -> Command {
    let mut command = Command::new("sh");
    // Without the trap the signal would end it, which a full disk does not. A block is half a KiB.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", kib * 2);
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_loadgen")]);
    command
}

/// A tiny run on such a disk.
fn run_with_files_of_kib(kib: u32, out: &Path, spare: &Path) -> (Option<i32>, String, String) {
    let mut command = loadgen_with_files_of_kib(kib);
    command.args(["run", "--scenario-file", TINY, "--scenario", "tiny", "--out"]).arg(out);
    output(command.env("TMPDIR", spare))
}

#[test]
fn where_the_disk_is_full_the_figures_are_kept_and_what_is_missing_is_named() {
    let (out, spare) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (status, stdout, stderr) = run_with_files_of_kib(16, out.path(), spare.path());
    assert_eq!(status, Some(1), "{stderr}");
    assert!(stdout.contains("phase0-serial"), "the table is printed: {stdout}");
    let folder = runs(out.path()).remove(0);
    let place = folder.display().to_string();
    assert!(place.ends_with("-partial") && stderr.contains(&format!("loadgen report {place}")), "{stderr}");
    assert!(stderr.contains("report.html could not be written"), "{stderr}");
    assert!(only_document(out.path()).scenarios[0].rows[0].qps.is_some());
    assert!(!folder.join("report.html").exists(), "half a file is worse than none");
    let (status, _, stderr) = output(loadgen().arg("report").arg(&folder));
    assert_eq!(status, Some(0), "{stderr}");
    assert!(folder.join("report.html").is_file());
}

#[test]
fn where_there_is_no_room_at_all_that_is_said_and_the_table_is_printed() {
    let (out, spare) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (status, stdout, stderr) = run_with_files_of_kib(1, out.path(), spare.path());
    assert_eq!(status, Some(1), "{stderr}");
    assert!(stdout.contains("phase0-serial"), "{stdout}");
    for part in ["could not write the results", &out.path().display().to_string(), "--out DIR"] {
        assert!(stderr.contains(part), "{part} is missing in {stderr}");
    }
    assert_eq!((runs(out.path()).len(), fs::read_dir(spare.path()).unwrap().count()), (0, 0), "no drafts");
}

#[test]
fn a_gate_that_can_not_be_kept_is_printed_all_the_same() {
    let out = tempfile::tempdir().unwrap();
    let mut command = loadgen_with_files_of_kib(1);
    command.args(["gate", "--against", env!("CARGO_BIN_EXE_loadgen"), "--phase", "phase3-pooled"]);
    command.args(["--budget", "1s", "--out"]).arg(out.path());
    let (status, stdout, stderr) = output(&mut command);
    assert_eq!(status, Some(1), "{stderr}");
    assert!(stdout.contains("Verdict: cannot tell."), "{stderr}\n{stdout}");
    for part in ["gate.json, ", "could not be written to", &out.path().display().to_string(), "--out DIR"] {
        assert!(stderr.contains(part), "{part} is missing in {stderr}");
    }
    let left: Vec<_> = fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        !left.iter().any(|name| name == "gate.json" || name == "gate.html"),
        "half a file is worse than none: {left:?}"
    );
}
