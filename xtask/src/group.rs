//! A process with all that it starts: bounded in time, and gone when dropped.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::interrupt;

/// How often an awaited exit is looked for.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// What is kept of its output at most.
const OUTPUT_BYTES_MAX: usize = 1024 * 1024;

/// A running process and its descendants.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    /// Standard output and error in the order they were written. A file and no pipe, so that a
    /// descendant that lives on can't keep a reader waiting, and nobody need empty it.
    output: File,
    status: Option<ExitStatus>,
}

impl Group {
    /// Starts it. Its name is in the error if that can't be done.
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        let name = command.get_program().display().to_string();
        Self::try_start(command).map_err(|error| format!("{name} can't be started: {error}"))
    }

    fn try_start(command: &mut Command) -> io::Result<Self> {
        let output = tempfile::tempfile()?;
        // What a proxy elsewhere would say is not what is asked here.
        for variable in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(variable);
        }
        // A group of its own: one signal reaches the descendants, and Ctrl-C reaches this process only,
        // which then ends the group.
        command.process_group(0).stdin(Stdio::null());
        let child = command.stdout(output.try_clone()?).stderr(output.try_clone()?).spawn()?;
        Ok(Self { child, output, status: None })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did within `limit`.
    ///
    /// # Errors
    /// When the job is asked to end meanwhile.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>, String> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.status() {
                return Ok(Some(status));
            }
            interrupt::check()?;
            if Instant::now() >= deadline {
                return Ok(None);
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// How it ended, if it has. Descendants that outlived it are ended here.
    pub(crate) fn status(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() && self.has_ended() {
            self.reap();
        }
        self.status
    }

    /// Whether the process has ended and can be reaped. Until it is, nobody else can get its id.
    fn has_ended(&self) -> bool {
        let Some(pid) = self.pid() else { return false };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        matches!(waitid(WaitId::Pid(pid), options), Ok(Some(_)))
    }

    fn reap(&mut self) {
        self.signal(Signal::KILL);
        self.status = self.child.wait().ok();
    }

    /// Sends a signal to all of the group.
    pub(crate) fn signal(&self, signal: Signal) {
        if let (Some(pid), None) = (self.pid(), self.status) {
            // All of it may have ended; then there is nothing left to do.
            let _ = kill_process_group(pid, signal);
        }
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// What it has written so far.
    pub(crate) fn output(&self) -> String {
        let mut bytes = vec![0; OUTPUT_BYTES_MAX];
        let mut filled = 0;
        // By position, because the process writes through the same file offset.
        while let Ok(read @ 1..) = self.output.read_at(&mut bytes[filled..], filled as u64) {
            filled += read;
        }
        String::from_utf8_lossy(&bytes[..filled]).into_owned()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.status().is_none() {
            self.reap();
        }
    }
}

/// An exit status in words.
pub(crate) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown status".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::Group;

    const PLENTY: Duration = Duration::from_secs(20);

    fn shell(script: &str) -> Group {
        Group::start(Command::new("sh").args(["-c", script])).expect("a shell")
    }

    #[test]
    fn both_outputs_are_kept_in_order() {
        let mut group = shell("echo one; echo two >&2; echo three; exit 3");
        let status = group.wait(PLENTY).expect("no interrupt").expect("an end");
        assert_eq!((status.code(), group.output()), (Some(3), "one\ntwo\nthree\n".to_owned()));
    }

    #[test]
    fn what_takes_too_long_is_ended_with_its_descendants() {
        let started = Instant::now();
        let mut group = shell("sleep 60 & echo $!; wait");
        while group.output().is_empty() {
            assert!(started.elapsed() < PLENTY, "the shell says nothing");
        }
        assert!(group.wait(Duration::from_millis(20)).expect("no interrupt").is_none());
        let descendant = group.output().trim().parse().expect("a pid");
        drop(group);
        // A zombie may be left until somebody adopts it; it runs no more.
        let runs = || {
            procfs::process::Process::new(descendant)
                .and_then(|process| process.stat())
                .is_ok_and(|stat| stat.state != 'Z')
        };
        while runs() {
            assert!(started.elapsed() < PLENTY, "the descendant lives on");
        }
    }
}
