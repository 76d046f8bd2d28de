//! The end of a server, with all that came of it.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, WaitOptions, waitpid};

use crate::measure::family::{Family, Stat, has_ended, pid_of, tell};

/// After SIGTERM they have this long to leave before they are killed: nobody waits for their answers any more.
const LEAVE_WITHIN: Duration = Duration::from_millis(500);
/// The kernel may need this long to take down what was killed.
const KILLED_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked who is left; each look reads the whole process table…
const LOOK_INTERVAL: Duration = Duration::from_millis(2);
/// …and takes one part of the time in so many at most, however long that table is.
const LOOK_SHARE: u32 = 4;

/// Asks all of them to leave, and kills whoever stays.
///
/// `reap` asks for the server's own process and says whether it has ended; orphans that were left to this process
/// are asked for here.
pub(crate) fn end(family: &mut Family, mut reap: impl FnMut() -> bool) {
    for (signal, within) in [(Signal::TERM, LEAVE_WITHIN), (Signal::KILL, KILLED_WITHIN)] {
        if told_by(signal, family, within, &mut reap) {
            return;
        }
    }
}

/// Asks all of them to leave and says whether they did within that time. Who stays is left alone.
pub(crate) fn leaves(family: &mut Family, within: Duration, mut reap: impl FnMut() -> bool) -> bool {
    told_by(Signal::TERM, family, within, &mut reap)
}

/// Sends a signal to all of them, also to those that are born meanwhile and found by the next look, and says
/// whether nobody was left within that time.
fn told_by(signal: Signal, family: &mut Family, within: Duration, reap: &mut dyn FnMut() -> bool) -> bool {
    let began = Instant::now();
    let mut told = BTreeSet::new();
    loop {
        let look_began = Instant::now();
        let gone = reap();
        let left = living(family);
        if gone && left.is_empty() {
            return true;
        }
        for stat in left.iter().filter(|stat| told.insert((stat.pid, stat.starttime))) {
            tell(stat, signal);
        }
        if began.elapsed() >= within {
            return false;
        }
        thread::sleep(LOOK_INTERVAL.max(look_began.elapsed() * LOOK_SHARE));
    }
}

/// Kills them without waiting for anything; for one that is about to exit itself.
pub(super) fn kill(family: &mut Family) {
    for stat in living(family) {
        tell(&stat, Signal::KILL);
    }
}

/// Those that have not ended; whoever has and is a child of this process that was left to it is asked for.
fn living(family: &mut Family) -> Vec<Stat> {
    let (ended, living): (Vec<_>, Vec<_>) = family.look().into_iter().partition(has_ended);
    let me = std::process::id().cast_signed();
    for stat in ended.iter().filter(|stat| stat.ppid == me && !family.is_root(stat.pid)) {
        let _ = waitpid(pid_of(stat), WaitOptions::NOHANG);
    }
    living
}
