//! Who belongs to a server: its process group. A process that left the group is not found.

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// Nobody can be made the parent of orphans here.
pub fn adopt_orphans() {}

/// The group that a server began.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    root: i32,
}

/// The group, as one that can be told things.
#[derive(Clone, Debug)]
pub(crate) struct Stat {
    pub(crate) pid: i32,
    pub(crate) ppid: i32,
    pub(crate) starttime: u64,
}

impl Family {
    /// That of a process that was just started, in a group of its own.
    pub(crate) fn new(root: u32) -> Self {
        Self { root: root.cast_signed() }
    }

    /// The group, as long as anybody is in it. One who waits to be asked for still is.
    pub(crate) fn look(&mut self) -> Vec<Stat> {
        let group = Stat { pid: self.root, ppid: 0, starttime: 0 };
        let there = pid_of(&group).is_some_and(|pid| test_kill_process_group(pid).is_ok());
        there.then_some(group).into_iter().collect()
    }

    /// Whether both are of the same process that was started, as far as its id tells.
    pub(crate) fn is_that_of(&self, other: &Self) -> bool {
        self.root == other.root
    }

    /// Whether that is the id of the process that was started.
    pub(crate) fn is_root(&self, pid: i32) -> bool {
        pid == self.root
    }

    /// Whether all threads sleep is not told here.
    pub(crate) fn sleeps(&mut self) -> bool {
        false
    }
}

/// Who has ended is in the group no longer.
pub(crate) fn has_ended(_: &Stat) -> bool {
    false
}

/// A group's id as system calls take it.
pub(crate) fn pid_of(stat: &Stat) -> Option<Pid> {
    Pid::from_raw(stat.pid)
}

/// Sends a signal to all of the group.
pub(crate) fn tell(stat: &Stat, signal: Signal) {
    if let Some(group) = pid_of(stat) {
        // It may have ended by itself; then there is nothing left to do.
        let _ = kill_process_group(group, signal);
    }
}
