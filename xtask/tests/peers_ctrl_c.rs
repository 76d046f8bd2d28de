//! Ctrl-C in a terminal where `cargo xtask peers` runs, with scripts in the place of cargo and of the lab.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Far beyond what it takes; reached only by one that hangs.
const HANG: Duration = Duration::from_secs(60);

/// It has an orderly ending, which takes its time, and then writes down how many signals have reached it.
const LAB: &str = "n=0
trap 'n=$((n + 1))' INT TERM
: > ready
looks=0
while [ $n = 0 ] && [ $looks -lt 6000 ]; do sleep 0.01; looks=$((looks + 1)); done
sleep 0.5
echo $n > signals
exit 130";

/// The job, ended with the test.
struct Job(Child);

impl Job {
    fn ends(&mut self) -> ExitStatus {
        let deadline = Instant::now() + HANG;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn script(folder: &Path, name: &str, text: &str) {
    let text = format!("#!/bin/sh\ncd '{}'\n{text}\n", folder.display());
    fs::write(folder.join(name), text).unwrap();
    fs::set_permissions(folder.join(name), Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn the_lab_is_told_once_although_a_terminal_tells_the_whole_group() {
    let folder = tempfile::tempdir().unwrap();
    let lab = folder.path().join("loadgen").display().to_string();
    script(folder.path(), "loadgen", LAB);
    let message = format!(
        r#"{{"manifest_path":"/Cargo.toml","target":{{"name":"loadgen"}},"profile":{{"test":false}},"executable":"{lab}"}}"#
    );
    script(folder.path(), "cargo", &format!("echo '{message}'"));

    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    // In that mode this peer takes no part, so nothing else is built.
    command.args(["peers", "--mode", "kept", "--only", "std_pool"]);
    command.env("CARGO", folder.path().join("cargo"));
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut job = Job(command.spawn().unwrap());
    let deadline = Instant::now() + HANG;
    while !folder.path().join("ready").exists() {
        assert!(Instant::now() < deadline && job.0.try_wait().unwrap().is_none(), "no lab was started");
        thread::sleep(Duration::from_millis(10));
    }
    kill_process_group(Pid::from_child(&job.0), Signal::INT).unwrap();
    assert_eq!(job.ends().code(), Some(130));
    assert_eq!(fs::read_to_string(folder.path().join("signals")).unwrap(), "1\n");
}
