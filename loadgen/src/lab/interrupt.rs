//! Ctrl-C: the first one ends the run in good order, the second one at once.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

use super::ending;
use crate::measure::family::Family;

/// The exit code of a run that was interrupted.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);
/// The server that is running: `exit` runs no destructor that would end it.
static SERVER: Running = Running(Mutex::new(None));

/// Whether there is anything that a run would keep.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// Listens for SIGINT and SIGTERM from now on.
pub fn install() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, SeqCst) {
            SERVER.kill();
            std::process::exit(i32::from(EXIT_CODE));
        }
        let kept = if BEGUN.load(SeqCst) { "what was measured is kept" } else { "nothing was measured yet" };
        let _ = writeln!(io::stderr(), "\nstopping; {kept}. Once more to stop at once.");
    })
}

/// Whether the run was asked to end.
pub fn requested() -> bool {
    REQUESTED.load(SeqCst)
}

/// The same, for those who look themselves.
pub(crate) fn flag() -> &'static AtomicBool {
    &REQUESTED
}

/// From now on something is measured that is kept.
pub(crate) fn begun() {
    BEGUN.store(true, SeqCst);
}

/// Names the server, or whatever else was started, that must not outlive this process.
pub(crate) fn remember_server(family: &Family) {
    SERVER.remember(family);
}

/// It has ended.
pub(crate) fn forget_server(family: &Family) {
    SERVER.forget(family);
}

/// A server by what tells its processes from all that get their ids later: it may have ended, and been asked for,
/// some time before it is forgotten.
struct Running(Mutex<Option<Family>>);

impl Running {
    fn remember(&self, family: &Family) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(family.clone());
    }

    fn forget(&self, family: &Family) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.take_if(|running| running.is_that_of(family));
    }

    fn kill(&self) {
        if let Some(family) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            ending::kill(family);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::{Child, Command, Stdio};

    use procfs::process::Process;

    use super::*;

    /// A process that gives back each line, with when it began.
    fn echo() -> (Child, u64) {
        let mut cat = Command::new("cat");
        cat.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = cat.spawn().unwrap();
        let stat = Process::new(child.id().cast_signed()).and_then(|process| process.stat()).unwrap();
        (child, stat.starttime)
    }

    #[test]
    fn a_second_ctrl_c_kills_the_server_and_nobody_who_got_its_id_since() {
        let (mut child, began) = echo();
        let running = Running(Mutex::new(None));
        // The server that it was had the same id, ended, and was asked for.
        running.remember(&Family::of_one_that_began(child.id(), began - 1));
        running.kill();
        // With a signal on its way to it, it would not get to answer.
        child.stdin.as_mut().unwrap().write_all(b"alive\n").unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "alive\n");

        running.remember(&Family::new(child.id()));
        running.kill();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn a_server_is_forgotten_by_who_it_was() {
        let running = Running(Mutex::new(None));
        let earlier = Family::of_one_that_began(7, 1);
        let later = Family::of_one_that_began(7, 2);
        running.remember(&later);
        running.forget(&earlier);
        assert!(running.0.lock().unwrap().is_some());
        running.forget(&later);
        assert!(running.0.lock().unwrap().is_none());
    }
}
