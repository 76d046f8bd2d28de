//! Who belongs to a server: the process that was started, its group, and all that descend from it.
//!
//! Ids are given again once they are free, so a process is known by its id and by when it began. What
//! was seen to belong stays so, whatever becomes of its parent and its group; and where this process
//! takes orphans in (see [`adopt_orphans`]), whoever left the group and lost its parent between two looks is
//! found among its children.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub(crate) use procfs::process::Stat;
use procfs::process::{Process, all_processes};
use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal, set_child_subreaper};

/// The kernel gives no id above this, so there are no more processes to look at.
const PROCESSES_MAX: usize = 1 << 22;

/// Whether every child of this process that it did not start itself was left to it by a server.
static ADOPTS: AtomicBool = AtomicBool::new(false);

/// From now on the orphans of those that this process starts become its children. For a program that has one
/// server at a time and no other children; of one that has a child already, it does nothing.
pub fn adopt_orphans() {
    let me = getpid();
    let childless = table().iter().all(|stat| stat.ppid != me.as_raw_nonzero().get());
    if childless && set_child_subreaper(Some(me)).is_ok() {
        ADOPTS.store(true, Relaxed);
    }
}

/// The processes of one server.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    root: i32,
    /// Whoever has ever belonged to it, and when each began, in clock ticks since the system did.
    seen: BTreeMap<i32, u64>,
}

impl Family {
    /// That of a process that was just started, and has not been asked for yet: until then the id is its own.
    pub(crate) fn new(root: u32) -> Self {
        let root = root.cast_signed();
        let stat = Process::new(root).and_then(|process| process.stat()).ok();
        Self { root, seen: stat.into_iter().map(|stat| (root, stat.starttime)).collect() }
    }

    /// Those that are there now, the root first; those that have ended and wait to be asked for too.
    pub(crate) fn look(&mut self) -> Vec<Stat> {
        let adopter = ADOPTS.load(Relaxed).then(|| getpid().as_raw_nonzero().get());
        let mut family = self.among(table(), adopter);
        family.sort_by_key(|stat| (stat.pid != self.root, stat.pid));
        self.seen.extend(family.iter().map(|stat| (stat.pid, stat.starttime)));
        family
    }

    /// That of a process which began at that tick.
    #[cfg(test)]
    pub(crate) fn of_one_that_began(root: u32, tick: u64) -> Self {
        let root = root.cast_signed();
        Self { root, seen: BTreeMap::from([(root, tick)]) }
    }

    /// Whether both are of the same process that was started.
    pub(crate) fn is_that_of(&self, other: &Self) -> bool {
        let identity = |family: &Self| (family.root, family.seen.get(&family.root).copied());
        identity(self) == identity(other)
    }

    /// Whether all threads of all of them sleep.
    pub(crate) fn sleeps(&mut self) -> bool {
        let sleeps = |pid: i32| -> procfs::ProcResult<bool> {
            for task in Process::new(pid)?.tasks()? {
                if task?.stat()?.state != 'S' {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        // One that is gone, or a thread that is, is looked for again.
        let mut living = self.look().into_iter().filter(|stat| !has_ended(stat));
        living.all(|stat| sleeps(stat.pid).unwrap_or(false))
    }

    /// Whether that is the id of the process that was started.
    pub(crate) fn is_root(&self, pid: i32) -> bool {
        pid == self.root
    }

    /// Whether that process is or was one of them.
    pub(crate) fn has_had(&self, pid: i32) -> bool {
        self.seen.contains_key(&pid)
    }

    /// Who belongs of these.
    fn among(&self, table: Vec<Stat>, adopter: Option<i32>) -> Vec<Stat> {
        let known = |stat: &Stat| self.seen.get(&stat.pid) == Some(&stat.starttime);
        // As long as a group has members its id is given to nobody else. With a stranger of that id, it is
        // the stranger's group.
        let stranger = table.iter().any(|stat| stat.pid == self.root && !known(stat));
        let began = self.seen.get(&self.root).copied();
        let grouped = |stat: &Stat| {
            !stranger && began.is_some() && (stat.pgrp == self.root || stat.session == self.root)
        };
        let adopted = |stat: &Stat| {
            adopter == Some(stat.ppid) && stat.pid != self.root && stat.starttime >= began.unwrap_or(0)
        };
        let sure = table.iter().filter(|stat| known(stat) || grouped(stat) || adopted(stat));
        let mut belonging: BTreeSet<i32> = sure.map(|stat| stat.pid).collect();
        // A round finds at least one generation, or is the last.
        loop {
            let before = belonging.len();
            let children = table.iter().filter(|stat| belonging.contains(&stat.ppid)).map(|stat| stat.pid);
            let children: Vec<_> = children.collect();
            belonging.extend(children);
            if belonging.len() == before {
                break;
            }
        }
        table.into_iter().filter(|stat| belonging.contains(&stat.pid)).collect()
    }
}

/// Whether it has ended and waits to be asked for.
pub(crate) fn has_ended(stat: &Stat) -> bool {
    matches!(stat.state, 'Z' | 'X' | 'x')
}

/// Sends a signal to that very process, and never to one that was given its id meanwhile.
pub(crate) fn tell(stat: &Stat, signal: Signal) {
    let Some(handle) = pid_of(stat).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else { return };
    // The handle stays with the process that has the id now: whether that is the same can be seen at leisure.
    let same = Process::new(stat.pid).and_then(|process| process.stat());
    if same.is_ok_and(|now| now.starttime == stat.starttime) {
        // It may have ended by itself; then there is nothing left to do.
        let _ = pidfd_send_signal(&handle, signal);
    }
}

/// All processes. None is held on to: there may be more of them than descriptors.
fn table() -> Vec<Stat> {
    let all = all_processes().into_iter().flatten().take(PROCESSES_MAX);
    all.filter_map(|process| process.ok()?.stat().ok()).collect()
}

/// A process's id as system calls take it.
pub(crate) fn pid_of(stat: &Stat) -> Option<Pid> {
    Pid::from_raw(stat.pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that began at tick 5.
    fn stat(pid: i32, parent: i32, group: i32) -> Stat {
        let mut stat = Process::myself().and_then(|me| me.stat()).expect("this process is there");
        (stat.pid, stat.ppid, stat.pgrp, stat.session, stat.starttime) = (pid, parent, group, 1, 5);
        stat
    }

    fn began_at(tick: u64, mut stat: Stat) -> Stat {
        stat.starttime = tick;
        stat
    }

    fn pids(family: &Family, table: &[Stat], adopter: Option<i32>) -> Vec<i32> {
        family.among(table.to_vec(), adopter).iter().map(|stat| stat.pid).collect()
    }

    #[test]
    fn those_that_descend_from_the_server_or_are_in_its_group_belong_to_it() {
        // 11 is the worker, 12 the worker's in a group of its own, 13 an orphan, 20 somebody.
        let table = [
            stat(12, 11, 12),
            stat(11, 10, 10),
            stat(13, 1, 10),
            stat(20, 1, 20),
            stat(21, 20, 20),
            stat(10, 2, 10),
        ];
        let family = Family { root: 10, seen: BTreeMap::from([(10, 5)]) };
        assert_eq!(pids(&family, &table, None), [12, 11, 13, 10]);
        assert_eq!(pids(&family, &table[..5], None), [12, 11, 13], "the server has ended");
    }

    #[test]
    fn who_was_seen_belongs_for_good_and_whoever_got_its_id_later_does_not() {
        let family = Family { root: 10, seen: BTreeMap::from([(10, 5), (12, 5), (13, 4)]) };
        assert_eq!(pids(&family, &[stat(12, 1, 12), stat(13, 1, 13)], None), [12]);
        let stranger = began_at(9, stat(10, 1, 10));
        assert_eq!(pids(&family, &[stranger, stat(14, 1, 10)], None), [0; 0], "and the group is its own");
    }

    #[test]
    fn orphans_that_were_taken_in_belong_to_the_server_unless_they_are_older() {
        let family = Family { root: 10, seen: BTreeMap::from([(10, 5)]) };
        let older = began_at(4, stat(31, 2, 31));
        assert_eq!(pids(&family, &[stat(30, 2, 30), older], Some(2)), [30]);
        assert_eq!(pids(&family, &[stat(30, 2, 30)], None), [0; 0]);
    }
}
