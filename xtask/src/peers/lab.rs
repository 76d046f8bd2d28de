//! The lab's own runs, one for each mode: what joins them as a target joins every scenario of a run.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::{fs, io};

use rustix::process::{Pid, Signal, kill_process};

use super::roster::Mode;
use crate::cargo::ROOT;
use crate::clients::group::describe;
use crate::clients::interrupt;

/// How thoroughly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    pub(super) quick: bool,
    pub(super) rounds: Option<u16>,
    pub(super) seconds: Option<u16>,
}

/// Measures a mode, and returns its `run.json`. What the lab keeps goes to `out`, or away where there is none.
///
/// # Errors
/// When there is no `run.json` to read. A run in which requests failed has one, which tells of them.
pub(super) fn run(
    loadgen: &Path,
    mode: Mode,
    targets: &[String],
    effort: Effort,
    out: Option<&Path>,
) -> Result<String, String> {
    let no_folder = |error: io::Error| format!("there is no folder for the results: {error}");
    let passing = tempfile::tempdir().map_err(no_folder)?;
    // The lab runs in the workspace, so that it knows the commit, and the path may be relative to elsewhere.
    let out = std::path::absolute(out.unwrap_or(passing.path())).map_err(no_folder)?;
    let mut command = Command::new(loadgen);
    command.current_dir(ROOT).arg("run");
    command.args(["--scenario-file", "peers/scenarios.toml", "--scenario", mode.scenario()]);
    for target in targets {
        command.args(["--target", target]);
    }
    if effort.quick {
        command.arg("--quick");
    }
    if let Some(rounds) = effort.rounds {
        command.args(["--trials", &rounds.to_string()]);
    }
    if let Some(seconds) = effort.seconds {
        command.args(["--duration", &format!("{seconds}s")]);
    }
    command.arg("--out").arg(&out);
    let said = output(command)?;
    // Its last line is the folder, alone and whole.
    let folder = said.lines().last().map(PathBuf::from).filter(|folder| folder.is_dir());
    let folder = folder.ok_or_else(|| format!("the lab has written no results; it said:\n{said}"))?;
    let run = folder.join("run.json");
    fs::read_to_string(&run).map_err(|error| format!("{} can't be read: {error}", run.display()))
}

/// What it writes to standard output; how it goes is shown meanwhile.
fn output(mut command: Command) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("loadgen can't be started: {error}"))?;
    let mut said = String::new();
    thread::scope(|scope| {
        let pipe = child.stdout.take();
        // It writes its table at the end, which may be more than the pipe holds.
        let reader = scope.spawn(|| pipe.map_or(Ok(0), |mut pipe| pipe.read_to_string(&mut said)));
        let status = wait(&mut child)?;
        let read = reader.join().map_err(|_| "the reader of its output panicked")?;
        read.map_err(|error| format!("what loadgen says can't be read: {error}"))?;
        // 1 is for requests that failed, which run.json tells better.
        match status.code() {
            Some(0 | 1) => Ok(()),
            _ => Err(format!("loadgen ended with {}", describe(status))),
        }
    })?;
    Ok(said)
}

/// Waits for its end. The lab bounds every trial, and leaves no server behind when it is asked to end.
fn wait(child: &mut Child) -> Result<std::process::ExitStatus, String> {
    /// Fine enough for whoever presses Ctrl-C, and nothing that a trial would feel.
    const LOOK_INTERVAL: std::time::Duration = std::time::Duration::from_millis(100);
    let mut asked = false;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if interrupt::requested() && !asked => {
                asked = true;
                // A terminal's Ctrl-C has reached it, too, and a second signal has it end at once.
                if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    let _ = kill_process(pid, Signal::TERM);
                }
            }
            Ok(None) => {}
            Err(error) => return Err(format!("loadgen can't be waited for: {error}")),
        }
        thread::sleep(LOOK_INTERVAL);
    }
}
