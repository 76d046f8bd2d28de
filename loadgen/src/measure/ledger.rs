//! Whether the CPU time of processes that ended has arrived where it can be read.
//!
//! A parent that waits for a child is given the child's time. One that does not, because it asked the
//! kernel to forget its children or because it ended first, is not, and the time is gone: a sum over the
//! living would be too small, and nobody would see it.

use std::collections::BTreeMap;

use procfs::process::Stat;

/// Clock ticks that a process's time is off by, in user mode and in the kernel together.
const OFF_TICKS: u64 = 2;
/// Generations from a process up to the server, at most.
const GENERATIONS_MAX: usize = 1_000;

/// What was known of each process when it was last looked for.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    known: BTreeMap<(i32, u64), Entry>,
    lost: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    parent: i32,
    /// Its own, in clock ticks.
    own: u64,
    /// That of the children that it has waited for, and of theirs.
    children: u64,
}

impl Ledger {
    /// Those that are there now; all that were there before and are not any more have ended.
    pub(super) fn enter(&mut self, stats: &[Stat]) {
        let now: BTreeMap<_, _> =
            stats.iter().map(|stat| ((stat.pid, stat.starttime), Entry::of(stat))).collect();
        // What must have arrived by now, by who is still there.
        let mut owed: BTreeMap<(i32, u64), (u64, u64)> = BTreeMap::new();
        for entry in self.known.iter().filter(|(key, _)| !now.contains_key(key)).map(|(_, entry)| entry) {
            let time = entry.own + entry.children;
            match self.heir(entry.parent, &now) {
                Some(heir) => {
                    let (sum, off) = owed.entry(heir).or_default();
                    *sum += time;
                    *off += OFF_TICKS;
                }
                None => self.lost |= time > OFF_TICKS,
            }
        }
        for (heir, (sum, off)) in owed {
            let got = now[&heir].children.saturating_sub(self.known[&heir].children);
            self.lost |= got + off < sum;
        }
        self.known = now;
    }

    /// What was lost until now is not to be asked about.
    pub(super) fn begin(&mut self) {
        self.lost = false;
    }

    /// Whether time has not arrived.
    pub(super) fn has_lost(&self) -> bool {
        self.lost
    }

    /// The nearest ancestor that is still there, from that parent on.
    fn heir(&self, mut parent: i32, now: &BTreeMap<(i32, u64), Entry>) -> Option<(i32, u64)> {
        for _ in 0..GENERATIONS_MAX {
            let (&key, entry) = self.known.range((parent, 0)..=(parent, u64::MAX)).next()?;
            if now.contains_key(&key) {
                return Some(key);
            }
            parent = entry.parent;
        }
        None
    }
}

impl Entry {
    fn of(stat: &Stat) -> Self {
        let children = stat.cutime.unsigned_abs() + stat.cstime.unsigned_abs();
        Self { parent: stat.ppid, own: stat.utime + stat.stime, children }
    }
}

#[cfg(test)]
mod tests {
    use procfs::process::Process;

    use super::*;

    fn stat(pid: i32, parent: i32, own: u64, children: i64) -> Stat {
        let mut stat = Process::myself().and_then(|me| me.stat()).expect("this process is there");
        (stat.pid, stat.ppid, stat.starttime) = (pid, parent, 5);
        (stat.utime, stat.stime, stat.cutime, stat.cstime) = (own, 0, children, 0);
        stat
    }

    /// Whether time is lost between the two looks.
    fn lost(before: &[Stat], after: &[Stat]) -> bool {
        let mut ledger = Ledger::default();
        ledger.enter(before);
        ledger.enter(after);
        ledger.has_lost()
    }

    #[test]
    fn a_child_that_was_waited_for_has_left_its_time_to_its_parent() {
        let before = [stat(10, 1, 3, 0), stat(11, 10, 50, 0), stat(12, 11, 20, 0)];
        assert!(!lost(&before, &[stat(10, 1, 4, 74)]), "and what it inherited itself");
        assert!(!lost(&before, &[stat(10, 1, 4, 0), before[1].clone(), before[2].clone()]), "all are there");
        assert!(!lost(&before, &[stat(10, 1, 4, 0), stat(11, 10, 50, 19)]), "a tick is none");
    }

    #[test]
    fn a_child_that_nobody_waited_for_is_missed() {
        let before = [stat(10, 1, 3, 7), stat(11, 10, 50, 0)];
        assert!(lost(&before, &[stat(10, 1, 4, 7)]));
        let orphan = [stat(10, 1, 3, 0), stat(11, 1, 50, 0)];
        assert!(lost(&orphan, &[stat(10, 1, 4, 0)]), "its parent is none of the server's");
    }
}
