//! Places that are not a developer's: no terminal, no tree, no home, one processor, a narrow window.

use std::fs;
use std::process::{Command, Stdio};

use crate::{loadgen, only_document, output, run};

/// As it is when it was installed: another file, in a folder with nothing in it, and no variables at all.
#[test]
fn away_from_the_tree_and_without_a_home_it_measures_and_serves() {
    let (place, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let installed = place.path().join("loadgen");
    fs::copy(env!("CARGO_BIN_EXE_loadgen"), &installed).unwrap();
    let alone = || {
        let mut command = Command::new(&installed);
        command.env_clear().current_dir(empty.path());
        command
    };
    let arguments = ["--scenario", "plaintext", "--phase", "phase4-keepalive", "--quick", "-c", "4"];
    let (status, stdout, stderr) =
        output(alone().args(arguments).args(["--duration", "100ms", "--warmup", "0s"]));
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stdout.contains("phase4-keepalive") && !stderr.contains("! "), "{stderr}\n{stdout}");
    let document = only_document(&empty.path().join("results"));
    assert_eq!((document.commit, document.dirty), (None, None), "it is of no tree");
    assert!(document.command.starts_with("loadgen run --phase"), "{}", document.command);
    let (status, stdout, stderr) = output(alone().arg("history"));
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains("phase4-keepalive"), "{stdout}");
    let (status, _, stderr) = output(alone().args(["gate", "--against", "main"]));
    assert_eq!(status, Some(2));
    assert!(stderr.contains("no workspace of the lab's around"), "{stderr}");
}

#[test]
fn without_a_terminal_nothing_is_drawn_over_and_a_narrow_window_is_kept_to() {
    for columns in [60, 40] {
        let out = tempfile::tempdir().unwrap();
        let mut command = run("tiny-floor");
        command.arg("--out").arg(out.path()).env("COLUMNS", columns.to_string()).env("LANG", "C");
        let (status, stdout, stderr) = output(&mut command);
        assert_eq!(status, Some(0), "{stderr}");
        assert!(
            !stdout.contains('\x1b') && !stderr.contains('\x1b') && !stderr.contains('\r'),
            "{stderr}{stdout}"
        );
        // A path is whole on its line, so that it can be copied.
        let wide = |line: &&str| line.chars().count() > columns && !line.starts_with('/');
        assert_eq!(stdout.lines().find(wide), None, "{columns} columns");
    }
}

#[test]
fn whoever_reads_one_line_and_leaves_does_not_stop_it() {
    let out = tempfile::tempdir().unwrap();
    let script =
        "\"$0\" \"$@\" 2>&1 >/dev/null | head -n 1; \"$0\" man | head -n 1; \"$0\" --help | head -n 1";
    let mut command = Command::new("sh");
    command.args(["-c", script]).args(run("tiny").get_program().to_str());
    command.args(run("tiny").get_args()).arg("--out").arg(out.path());
    let (status, stdout, stderr) = output(&mut command);
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert_eq!(stdout.lines().count(), 3, "{stdout}");
    assert!(!only_document(out.path()).partial);
}

#[test]
fn on_one_processor_server_and_client_share_it_and_that_is_said() {
    let there = Command::new("taskset").arg("--version").stdout(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no taskset here");
        return;
    }
    let allowed = loadgen::lab::cpus::allowed();
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new("taskset");
    command.args(["-c", &allowed[0].to_string()]).arg(loadgen().get_program());
    command.args(run("tiny").get_args()).arg("--out").arg(out.path());
    let (status, stdout, stderr) = output(&mut command);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stdout.contains("Server and client shared the same CPUs"), "{stdout}");
}
