//! A server's processes, and what they spend together.

use std::collections::BTreeMap;
use std::time::Duration;

use nix::time::ClockId;
use procfs::process::Process;

use super::family::{Family, has_ended};
use super::ledger::Ledger;
use super::usage::Met;

/// More threads than this are not looked at one by one.
const TASKS_MAX: usize = 20_000;

/// The processes of one server. One process is the usual case; nginx has a master and workers.
#[derive(Debug)]
pub(super) struct Tree {
    family: Family,
    living: Vec<Process>,
    /// Those that have ended, and that their parents have not asked for yet.
    ended: Vec<Process>,
    ledger: Ledger,
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
        let mut tree = Self {
            family: Family::new(root),
            living: Vec::new(),
            ended: Vec::new(),
            ledger: Ledger::default(),
        };
        tree.look();
        tree
    }

    /// Finds those that have come and forgets those that have gone.
    pub(super) fn look(&mut self) {
        let stats = self.family.look();
        self.ledger.enter(&stats);
        let open = |ended: bool| {
            let which = stats.iter().filter(move |stat| has_ended(stat) == ended);
            which.filter_map(|stat| Process::new(stat.pid).ok()).collect()
        };
        (self.living, self.ended) = (open(false), open(true));
    }

    /// Whether that process is or was one of them.
    pub(super) fn has_had(&self, pid: i32) -> bool {
        self.family.has_had(pid)
    }

    /// From now on it matters whether one of them ends so that its time is lost.
    pub(super) fn begin(&mut self) {
        self.ledger.begin();
    }

    /// Whether one of them ended without anybody being told what it had spent; then [`Tree::spent`] says
    /// too little.
    pub(super) fn has_lost(&self) -> bool {
        self.ledger.has_lost()
    }

    /// The CPUs that they may run on; empty where the kernel does not say.
    pub(super) fn cpus(&self) -> Vec<usize> {
        let status = self.living.first().and_then(|root| root.status().ok());
        let ranges = status.and_then(|status| status.cpus_allowed_list).unwrap_or_default();
        ranges.into_iter().flat_map(|(first, last)| first as usize..=last as usize).collect()
    }

    /// What all have spent, those that ended and were waited for by their parents too; `None` where there
    /// is nothing to read.
    pub(super) fn spent(&self) -> Option<Spent> {
        let ticks_per_sec = procfs::ticks_per_second().max(1);
        let in_ticks = |ticks: u64| Duration::from_nanos(ticks * 1_000_000_000 / ticks_per_sec);
        let mut spent: Option<Spent> = None;
        for member in self.living.iter().chain(&self.ended) {
            let Ok(stat) = member.stat() else { continue };
            // The clock of one that has ended may be gone.
            let own = cpu_time(member.pid).unwrap_or_else(|| in_ticks(stat.utime + stat.stime));
            let (user, system) = (stat.cutime.unsigned_abs(), stat.cstime.unsigned_abs());
            let sum = spent.get_or_insert_default();
            sum.cpu += own + in_ticks(user + system);
            sum.ticks = sum.ticks.plus(Met { user: stat.utime + user, system: stat.stime + system });
        }
        spent
    }

    /// Threads of all, and the most memory that was resident of each, added up: what processes have in common
    /// counts for each of them, and their peaks need not have been at the same time. It is a cheap read, as it
    /// has to be while requests are counted, and the same figure for a server of one process and of many.
    pub(super) fn size(&self) -> Size {
        let mut size = Size::default();
        for status in self.living.iter().filter_map(|member| member.status().ok()) {
            size.threads = Some(size.threads.unwrap_or(0) + status.threads);
            if let Some(kib) = status.vmhwm {
                size.rss_peak_bytes = Some(size.rss_peak_bytes.unwrap_or(0) + kib * 1024);
            }
        }
        size
    }

    /// Memory that is resident now, and is no file's; what processes share is divided among them, so that it counts
    /// once. For differences: a page of a file is divided with whoever else has mapped it, and so changes with them.
    ///
    /// It walks page tables, so it is not for the time in which requests are counted. The figure of
    /// `/proc/PID/status` is cheaper, and off by half a megabyte, as each CPU keeps a part of it to itself.
    pub(super) fn resident(&self) -> Option<u64> {
        // One that has ended since it was looked for has no memory any more.
        let living = self.living.iter().filter(|member| member.stat().is_ok_and(|stat| !has_ended(&stat)));
        let each = living.map(|member| {
            let maps = member.smaps_rollup().ok()?.memory_map_rollup;
            let map = maps.into_iter().next()?.extension.map;
            // Kernels before 5.4 tell only the sum.
            let parts = map.get("Pss_Anon").zip(map.get("Pss_Shmem")).map(|(anon, shared)| anon + shared);
            parts.or_else(|| map.get("Pss").copied())
        });
        each.sum::<Option<u64>>().filter(|&bytes| bytes > 0)
    }

    /// Context switches of each living thread.
    pub(super) fn switches(&self) -> Option<BTreeMap<i32, u64>> {
        let mut switches = BTreeMap::new();
        for member in &self.living {
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

/// CPU time of a process to the nanosecond, threads that have ended too.
///
/// The sum over `/proc/PID/task/*/schedstat` would forget every thread that has ended, which in a
/// server with a thread per connection are nearly all.
fn cpu_time(pid: i32) -> Option<Duration> {
    let clock = ClockId::pid_cpu_clock_id(nix::unistd::Pid::from_raw(pid)).ok()?;
    clock.now().ok().map(Duration::from)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_process_that_is_not_there_has_nothing() {
        // Linux gives no process an id above 2^22.
        let tree = Tree::new((1 << 22) + 1);
        assert_eq!((tree.spent(), tree.size(), tree.resident()), (None, Size::default(), None));
        assert_eq!(tree.switches(), None);
    }

    /// Its child becomes a zombie, for what has taken the shell's place asks for none.
    #[test]
    fn a_child_that_has_ended_and_waits_takes_nothing_away() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "true & exec sleep 600"]).stdin(Stdio::null());
        let mut child = shell.spawn().unwrap();
        let mut tree = Tree::new(child.id());
        let deadline = Instant::now() + Duration::from_secs(20);
        while tree.ended.is_empty() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
            tree.look();
        }
        let found = (tree.resident(), tree.size().rss_peak_bytes, tree.spent(), tree.living.len());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(tree.ended.len(), 1, "the child has ended");
        assert!(found.0 > Some(0) && found.1 > Some(0) && found.2.is_some() && found.3 == 1, "{found:?}");
    }
}
