//! A room of one's own: this program once more, in namespaces of processes, mounts, networks and the host's name.
//!
//! The kernel clears it. When the first process of a namespace of processes ends, all others in it are killed, and with
//! the last of them go the mounts, among them the only folder that is written to, and the networks. That holds on an error,
//! on Ctrl-C and on `kill -9` alike, and also for Slurm's daemons, which leave every process group. Each part has a room of
//! its own, where nothing of another one is left, no address that a kernel still takes for the old host's.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Part;
use crate::group::describe;
use crate::interrupt;
use std::os::unix::process::CommandExt;

/// The longest that a part takes.
const PLAYED_WITHIN: Duration = Duration::from_secs(600);
/// How long it has to end once it was asked to.
const LEFT_WITHIN: Duration = Duration::from_secs(15);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Everything in a room that is written.
const FOLDER: &str = "/run/phase-lab";

/// Plays a part in a room.
///
/// # Errors
/// When there can be no room, the part fails, or it takes too long.
pub(super) fn enter(loadgen: &Path, part: Part) -> Result<(), String> {
    let this = env::current_exe().map_err(|error| format!("this program can't be found again: {error}"))?;
    let mut command = Command::new("setpriv");
    // If this process is killed, so is `unshare`, and then the room's first process.
    command.args(["--pdeathsig", "KILL", "unshare", "--kill-child"]);
    command.args(["--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "--"]);
    command.arg(this).args(["cluster", "--inside"]).arg(loadgen).arg(part.flag());
    // A group of its own, so that Ctrl-C reaches this process only, which then asks those inside to end.
    let child = command.process_group(0).spawn();
    let mut child = child.map_err(|error| format!("setpriv can't be started: {error}"))?;
    let deadline = Instant::now() + PLAYED_WITHIN;
    while Instant::now() < deadline && !interrupt::requested() {
        if let Some(status) = child.try_wait().map_err(|error| format!("waiting for the room: {error}"))? {
            // Those inside have said why.
            return if status.success() {
                Ok(())
            } else {
                Err(format!("that part ended with {}", describe(status)))
            };
        }
        thread::sleep(POLL_INTERVAL);
    }
    leave(&mut child);
    Err(format!("not done within {PLAYED_WITHIN:?}, or interrupted"))
}

/// Asks those inside to end, and kills them if they do not.
fn leave(child: &mut Child) {
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    let deadline = Instant::now() + LEFT_WITHIN;
    let _ = kill_process_group(group, Signal::TERM);
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() >= deadline {
            let _ = kill_process_group(group, Signal::KILL);
            let _ = child.wait();
            return;
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// A folder in the room that is not on any disk; the same one for the same name.
pub(super) fn folder(name: &str) -> Result<PathBuf, String> {
    // Everything that the system keeps below `/run` is hidden from those inside, and theirs from the system.
    if !Path::new(FOLDER).exists() {
        run(Command::new("mount").args(["-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"]))?;
    }
    let folder = Path::new(FOLDER).join(name);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// Runs a command of the system to its end, and says what it printed.
///
/// # Errors
/// What it said, if it does not end with 0.
pub(super) fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|error| format!("{name} can't be started: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words: Vec<_> = command.get_args().map(|word| word.display().to_string()).collect();
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name} {}: {} {}", words.join(" "), describe(output.status), said.trim()))
}
