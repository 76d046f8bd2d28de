//! Ctrl-C: the first one ends the run in good order, the second one at once.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use super::ending;
use crate::measure::family::Family;

/// The exit code of a run that was interrupted.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);
/// The server process that is running, 0 for none: `exit` runs no destructor that would end it.
static CHILD: AtomicU32 = AtomicU32::new(0);

/// Whether there is anything that a run would keep.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// Listens for SIGINT and SIGTERM from now on.
pub fn install() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, SeqCst) {
            kill_child();
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

/// From now on something is measured that is kept.
pub(super) fn begun() {
    BEGUN.store(true, SeqCst);
}

/// Names the process that must not outlive this one.
pub(super) fn remember_child(pid: u32) {
    CHILD.store(pid, SeqCst);
}

/// It has been reaped; its id may belong to someone else by now.
pub(super) fn forget_child(pid: u32) {
    let _ = CHILD.compare_exchange(pid, 0, SeqCst, SeqCst);
}

fn kill_child() {
    match CHILD.load(SeqCst) {
        0 => {}
        pid => ending::kill(&mut Family::new(pid)),
    }
}
