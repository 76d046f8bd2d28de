//! The lab's own runs, one for each mode: what joins them as a target joins every scenario of a run.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::{fs, io};

use super::ending::{self, PATIENCE};
use super::roster::Mode;
use crate::cargo::ROOT;
use crate::group::describe;
use crate::interrupt;

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
    let mut child = start(&mut command)?;
    let mut said = String::new();
    thread::scope(|scope| {
        let pipe = child.stdout.take();
        // It writes its table at the end, which may be more than the pipe holds.
        let reader = scope.spawn(|| pipe.map_or(Ok(0), |mut pipe| pipe.read_to_string(&mut said)));
        // The lab bounds every trial, and leaves no server behind when it is asked to end.
        let status = ending::wait(&mut child, interrupt::requests, PATIENCE)
            .map_err(|error| format!("loadgen can't be waited for: {error}"))?;
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

/// In a group of its own: a terminal's Ctrl-C reaches this process alone, which passes it on. From both of them it
/// would be taken for two.
fn start(command: &mut Command) -> Result<Child, String> {
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("loadgen can't be started: {error}"))
}

#[cfg(test)]
mod tests {
    use rustix::process::{Pid, getpgid};

    use super::*;

    #[test]
    fn what_a_terminal_sends_to_this_process_and_its_group_does_not_reach_the_lab() {
        let mut child = start(Command::new("sleep").arg("600")).expect("sleep");
        let groups = (getpgid(None), getpgid(Some(Pid::from_child(&child))));
        child.kill().expect("it is there");
        child.wait().expect("it ends");
        assert_ne!(groups.0.expect("a group"), groups.1.expect("a group"));
    }
}
