//! The end of the lab's process: in good order where it was asked for once, at once where it was asked for twice.

use std::io;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Fine enough for whoever presses Ctrl-C, and nothing that a trial would feel.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// How long an end may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// One in good order: the server is ended, and what was measured is written.
    pub(super) orderly: Duration,
    /// One at once.
    pub(super) at_once: Duration,
}

/// Far beyond what either takes: a server that never says that it listens is waited for ten seconds.
pub(super) const PATIENCE: Patience =
    Patience { orderly: Duration::from_secs(30), at_once: Duration::from_secs(5) };

/// Waits for its end. `asked` says how many times the job was asked to end: the lab is told as often, because it
/// ends in good order at the first signal and loses what it has at the second. What it does not do in time it is
/// made to do.
pub(super) fn wait(
    child: &mut Child,
    mut asked: impl FnMut() -> u32,
    patience: Patience,
) -> io::Result<ExitStatus> {
    let mut told = 0;
    let mut told_at = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        let asked = asked();
        let late = match told {
            0 => false,
            1 => told_at.elapsed() >= patience.orderly,
            _ => told_at.elapsed() >= patience.at_once,
        };
        match told {
            0 | 1 if late || asked > told => {
                // It has not been reaped, so the id is its own.
                if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    let _ = kill_process(pid, Signal::TERM);
                }
                (told, told_at) = (told + 1, Instant::now());
            }
            // Its servers end with it.
            2 if late => child.kill()?,
            _ => {}
        }
        thread::sleep(LOOK_INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    use super::*;

    const FOR_EVER: Duration = Duration::from_secs(3600);
    /// Looks, at most: a minute of them.
    const LOOKS_MAX: u32 = 600;

    /// A shell in the place of the lab, ended with the test.
    struct Lab(Child);

    impl Lab {
        /// Runs it until it says that it is ready.
        fn start(folder: &tempfile::TempDir, script: &str) -> Self {
            let mut shell = Command::new("sh");
            shell.args(["-c", script]).current_dir(folder.path()).stdout(Stdio::piped());
            let mut lab = Self(shell.spawn().expect("a shell"));
            let mut line = String::new();
            let mut stdout = BufReader::new(lab.0.stdout.take().expect("a pipe"));
            stdout.read_line(&mut line).expect("a line");
            assert_eq!(line, "ready\n");
            lab
        }

        /// How it ends where `asked` says at each look how many times it was asked to.
        fn end(&mut self, patience: Patience, mut asked: impl FnMut(u32) -> u32) -> ExitStatus {
            let mut looks = 0;
            let asked = || {
                looks += 1;
                assert!(looks < LOOKS_MAX, "it does not end");
                asked(looks)
            };
            wait(&mut self.0, asked, patience).expect("it can be waited for")
        }
    }

    impl Drop for Lab {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// Its exit code is 40 and the number of signals that have reached it.
    const COUNTS: &str = "n=0; trap 'n=$((n+1)); : > told' TERM; echo ready; \
                          while [ ! -e end ] && [ $n -lt 2 ]; do sleep 0.01; done; exit $((40 + n))";

    #[test]
    fn a_lab_that_was_asked_once_is_told_once_and_ends_in_its_own_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut lab = Lab::start(&folder, COUNTS);
        let patience = Patience { orderly: FOR_EVER, at_once: FOR_EVER };
        let status = lab.end(patience, |looks| {
            // It was told at the first look, and would have been told again by now.
            if looks == 5 {
                File::create(folder.path().join("end")).expect("a file");
            }
            1
        });
        assert_eq!(status.code(), Some(41));
    }

    #[test]
    fn whoever_asks_twice_has_it_told_twice_without_delay() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut lab = Lab::start(&folder, COUNTS);
        let patience = Patience { orderly: FOR_EVER, at_once: FOR_EVER };
        let status = lab.end(patience, |_| if folder.path().join("told").exists() { 2 } else { 1 });
        assert_eq!(status.code(), Some(42));
    }

    #[test]
    fn a_lab_that_does_not_end_in_time_is_killed() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut deaf = Lab::start(&folder, "trap '' TERM; echo ready; exec sleep 600");
        let patience = Patience { orderly: Duration::ZERO, at_once: Duration::ZERO };
        assert_eq!(deaf.end(patience, |_| 1).signal(), Some(9));
    }
}
