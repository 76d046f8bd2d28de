//! Runs that end early, and servers that don't want to.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::{HANG, loadgen, only_document, output, run};

/// A run in the background, ended with the test.
struct Running {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Running {
    fn start(out: &Path) -> Self {
        let mut command = run("tiny");
        // Each long enough to be met in it.
        command.args(["--trials", "3", "--duration", "3s", "--out"]).arg(out);
        Self::of(&mut command)
    }

    fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr }
    }

    /// Waits until its standard error holds `part`.
    fn says(&mut self, part: &str) {
        let mut line = String::new();
        while self.stderr.read_line(&mut line).unwrap() > 0 {
            if line.contains(part) {
                return;
            }
            line.clear();
        }
        panic!("it ended without saying '{part}'");
    }

    /// The server that is running for it, as soon as there is one.
    fn server(&self) -> Pid {
        let parent = i32::try_from(self.child.id()).unwrap();
        let deadline = Instant::now() + HANG;
        loop {
            let processes = procfs::process::all_processes().unwrap().flatten();
            let mut children =
                processes.filter(|process| process.stat().is_ok_and(|stat| stat.ppid == parent));
            if let Some(child) = children.next() {
                return Pid::from_raw(child.pid).unwrap();
            }
            assert!(Instant::now() < deadline, "no server was started");
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.stderr, &mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

#[test]
fn a_server_that_is_killed_ends_its_row_and_keeps_the_trials_before() {
    let out = tempfile::tempdir().unwrap();
    let mut run = Running::start(out.path());
    run.says("1/3");
    kill_process(run.server(), Signal::KILL).unwrap();
    let (code, stderr) = run.end();
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("FAILED: the server ended"), "{stderr}");
    assert!(stderr.contains("with signal 9"), "{stderr}");
    assert!(stderr.contains("1 trial failed: tiny, phase0-serial, trial 2"), "{stderr}");
    let document = only_document(out.path());
    assert!(document.partial);
    let row = &document.scenarios[0].rows[0];
    assert_eq!(row.trials.len(), 2);
    assert!(row.trials[0].failed.is_none() && row.trials[0].qps.is_some(), "{row:?}");
    assert!(row.trials[1].failed.is_some(), "{row:?}");
}

#[test]
fn ctrl_c_keeps_what_was_measured_and_says_so() {
    let out = tempfile::tempdir().unwrap();
    let mut run = Running::start(out.path());
    run.says("1/3");
    kill_process(Pid::from_child(&run.child), Signal::INT).unwrap();
    let (code, stderr) = run.end();
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("stopping"), "{stderr}");
    let document = only_document(out.path());
    assert!(document.partial);
    assert!(document.scenarios[0].rows[0].trials[0].qps.is_some());
}

#[test]
fn a_server_does_not_outlive_a_lab_that_was_killed() {
    let out = tempfile::tempdir().unwrap();
    let mut run = Running::start(out.path());
    run.says("1/3");
    let server = run.server();
    // It asks for its parent's death signal before it starts a second thread.
    let threads = || {
        let process = procfs::process::Process::new(server.as_raw_nonzero().get());
        process.and_then(|process| process.stat()).map(|stat| stat.num_threads)
    };
    while threads().is_ok_and(|threads| threads < 2) {
        thread::sleep(Duration::from_millis(2));
    }
    run.child.kill().unwrap();
    run.child.wait().unwrap();
    let deadline = Instant::now() + HANG;
    let alive = || {
        let process = procfs::process::Process::new(server.as_raw_nonzero().get());
        process.and_then(|process| process.stat()).is_ok_and(|stat| stat.state != 'Z')
    };
    while alive() {
        assert!(Instant::now() < deadline, "the server is still there");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn ctrl_c_before_anything_was_measured_leaves_nothing_and_does_not_say_otherwise() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("new");
    let mut run = Running::start(&out);
    run.says("3 trials, about");
    kill_process(Pid::from_child(&run.child), Signal::INT).unwrap();
    let (code, stderr) = run.end();
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("nothing was measured yet"), "{stderr}");
    assert!(!out.exists(), "no empty folder is left");
}

/// It leaves the group that the lab gave it, and in the second case also its parent before anybody has looked.
#[test]
fn a_server_that_went_into_the_background_does_not_outlive_the_run() {
    for (then, code) in [("wait", 0), ("exit 0", 1)] {
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("pid");
        let target = format!(
            "mine=sh -c 'setsid {} serve phase4-keepalive --addr 127.0.0.1:{{port}} & echo $! > {}; {then}'",
            env!("CARGO_BIN_EXE_loadgen"),
            file.display()
        );
        let (status, _, stderr) =
            output(run("tiny").args(["--target", &target, "--out"]).arg(out.path().join("results")));
        assert_eq!(status, Some(code), "{stderr}");
        let pid = fs::read_to_string(&file).unwrap().trim().parse().unwrap();
        let process = procfs::process::Process::new(pid).and_then(|process| process.stat());
        assert!(process.is_err(), "{then}: the server is still there: {process:?}");
    }
}

#[test]
fn ctrl_c_ends_a_gate_in_blocks_and_while_it_counts_and_leaves_nothing() {
    for (budget, at) in [("10m", "blocks of"), ("1s", "counting")] {
        let temporary = tempfile::tempdir().unwrap();
        let base = env!("CARGO_BIN_EXE_loadgen");
        let mut gate = Running::of(
            loadgen()
                .args(["gate", "--against", base, "--phase", "phase4-keepalive", "--budget", budget])
                .env("TMPDIR", temporary.path()),
        );
        gate.says(at);
        let server = gate.server();
        kill_process(Pid::from_child(&gate.child), Signal::INT).unwrap();
        let (code, stderr) = gate.end();
        assert_eq!(code, Some(130), "{stderr}");
        assert!(stderr.contains("stopping"), "{stderr}");
        assert!(
            !Path::new(&format!("/proc/{}", server.as_raw_nonzero())).exists(),
            "{at}: the server is there"
        );
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "{at}: something is left");
    }
}
