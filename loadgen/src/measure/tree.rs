//! A server's processes: the one that was started, those in its group, and all that descend from it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nix::time::ClockId;
use procfs::process::{Process, Stat, all_processes};

use super::split::Met;

/// More processes than this are not looked at.
const PROCESSES_MAX: usize = 4_096;
/// More threads than this are not looked at one by one.
const TASKS_MAX: usize = 20_000;

/// The living processes of one server. One process is the usual case; nginx has a master and workers.
#[derive(Debug)]
pub(super) struct Tree {
    root: i32,
    members: Vec<Process>,
    /// Whoever has ever belonged to it.
    seen: BTreeSet<i32>,
}

/// CPU time of a server, up to one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    /// To the nanosecond for those that live, to the clock tick for those that are gone.
    pub(super) cpu: Duration,
    /// The same in clock ticks, as the kernel splits it.
    pub(super) ticks: Met,
}

/// What has a peak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) threads: Option<u64>,
    pub(super) rss_peak_bytes: Option<u64>,
}

impl Tree {
    pub(super) fn new(root: u32) -> Self {
        let mut tree = Self { root: root.cast_signed(), members: Vec::new(), seen: BTreeSet::new() };
        tree.look();
        tree
    }

    /// Finds those that have come and forgets those that have gone.
    ///
    /// Whoever left the group is still a descendant; whoever lost its parent is still in the group, for
    /// the lab gives each server one of its own.
    pub(super) fn look(&mut self) {
        self.members.clear();
        let Ok(root) = Process::new(self.root) else { return };
        let others = all_processes().into_iter().flatten().take(PROCESSES_MAX).filter_map(|process| {
            let process = process.ok()?;
            let stat = process.stat().ok()?;
            Some((process, stat.ppid, stat.pgrp))
        });
        let others: Vec<_> = others.filter(|(process, ..)| process.pid != self.root).collect();
        let relations: Vec<_> =
            others.iter().map(|&(ref process, parent, group)| (process.pid, parent, group)).collect();
        let belonging = belonging(self.root, &relations);
        self.seen.extend(&belonging);
        self.members.push(root);
        let wanted = others.into_iter().map(|(process, ..)| process);
        self.members.extend(wanted.filter(|process| belonging.contains(&process.pid)));
    }

    /// Whether there is more than one process.
    pub(super) fn is_many(&self) -> bool {
        self.members.len() > 1
    }

    /// Whether that process is or was one of them.
    pub(super) fn has_had(&self, pid: i32) -> bool {
        self.seen.contains(&pid)
    }

    /// The CPUs that they may run on; empty where the kernel does not say.
    pub(super) fn cpus(&self) -> Vec<usize> {
        let status = self.members.first().and_then(|root| root.status().ok());
        let ranges = status.and_then(|status| status.cpus_allowed_list).unwrap_or_default();
        ranges.into_iter().flat_map(|(first, last)| first as usize..=last as usize).collect()
    }

    /// What all have spent, those that ended and were waited for by their parents too; `None` where there
    /// is nothing to read.
    pub(super) fn spent(&self) -> Option<Spent> {
        let each =
            self.members.iter().filter_map(|member| Some((cpu_time(member.pid)?, member.stat().ok()?)));
        let ticks_per_sec = procfs::ticks_per_second().max(1);
        let mut spent: Option<Spent> = None;
        for (own, stat) in each {
            let (user, system) = children(&stat);
            let sum = spent.get_or_insert_default();
            sum.cpu += own + Duration::from_nanos((user + system) * 1_000_000_000 / ticks_per_sec);
            sum.ticks = sum.ticks.plus(Met { user: stat.utime + user, system: stat.stime + system });
        }
        spent
    }

    /// Threads of all, and the most memory that was resident: of a single process since it started, of
    /// several what [`Tree::resident`] says now, for their peaks need not have been at the same time. Only
    /// the threads, without `memory`.
    pub(super) fn size(&self, memory: bool) -> Size {
        let mut size = Size::default();
        for status in self.members.iter().filter_map(|member| member.status().ok()) {
            size.threads = Some(size.threads.unwrap_or(0) + status.threads);
            size.rss_peak_bytes = status.vmhwm.map(|kib| kib * 1024).filter(|_| memory);
        }
        if memory && self.is_many() {
            size.rss_peak_bytes = self.resident();
        }
        size
    }

    /// Memory that is resident now; what several processes share is counted once in all.
    ///
    /// It walks page tables, so it is not for the time in which requests are counted. The figure of
    /// `/proc/PID/status` is cheaper, and off by half a megabyte, as each CPU keeps a part of it to itself.
    pub(super) fn resident(&self) -> Option<u64> {
        let key = if self.is_many() { "Pss" } else { "Rss" };
        let each = self.members.iter().map(|member| {
            let maps = member.smaps_rollup().ok()?.memory_map_rollup;
            maps.into_iter().next()?.extension.map.get(key).copied()
        });
        each.sum::<Option<u64>>().filter(|&bytes| bytes > 0)
    }

    /// Context switches of each living thread.
    pub(super) fn switches(&self) -> Option<BTreeMap<i32, u64>> {
        let mut switches = BTreeMap::new();
        for member in &self.members {
            for task in member.tasks().ok()? {
                if switches.len() == TASKS_MAX {
                    return None;
                }
                // A thread may end between being listed and being read.
                let Some((tid, status)) = task.ok().and_then(|task| Some((task.tid, task.status().ok()?)))
                else {
                    continue;
                };
                switches.insert(tid, status.voluntary_ctxt_switches? + status.nonvoluntary_ctxt_switches?);
            }
        }
        (!switches.is_empty()).then_some(switches)
    }
}

/// Who belongs to `root` of these, each with its parent and its group.
fn belonging(root: i32, relations: &[(i32, i32, i32)]) -> BTreeSet<i32> {
    let mut belonging = BTreeSet::from([root]);
    // A round finds at least one generation, or is the last.
    loop {
        let before = belonging.len();
        for &(pid, parent, group) in relations {
            if group == root || belonging.contains(&parent) {
                belonging.insert(pid);
            }
        }
        if belonging.len() == before {
            return belonging;
        }
    }
}

/// CPU time of a process to the nanosecond, threads that have ended too.
///
/// The sum over `/proc/PID/task/*/schedstat` would forget every thread that has ended, which in a
/// server with a thread per connection are nearly all.
fn cpu_time(pid: i32) -> Option<Duration> {
    let clock = ClockId::pid_cpu_clock_id(nix::unistd::Pid::from_raw(pid)).ok()?;
    clock.now().ok().map(Duration::from)
}

/// User and system ticks of the children that are gone.
fn children(stat: &Stat) -> (u64, u64) {
    (stat.cutime.unsigned_abs(), stat.cstime.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_descend_from_the_server_or_are_in_its_group_belong_to_it() {
        // 10 is the server, 11 its worker, 12 the worker's in a group of its own, 13 an orphan, 20 somebody.
        let relations = [(12, 11, 12), (11, 10, 10), (13, 1, 10), (20, 1, 20), (21, 20, 20)];
        assert_eq!(belonging(10, &relations), BTreeSet::from([10, 11, 12, 13]));
    }

    #[test]
    fn a_process_that_is_not_there_has_nothing() {
        // Linux gives no process an id above 2^22.
        let tree = Tree::new((1 << 22) + 1);
        assert_eq!((tree.spent(), tree.size(true), tree.resident()), (None, Size::default(), None));
        assert_eq!(tree.switches(), None);
    }
}
