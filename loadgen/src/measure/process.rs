//! What a server process spends, read from outside while it serves.

use std::collections::BTreeMap;
use std::time::Duration;

use nix::time::ClockId;
use procfs::process::Process;

/// More threads than this are not looked at one by one.
const TASKS_MAX: usize = 20_000;
/// Clock ticks of CPU time below which the split into user and system is mostly chance.
const SPLIT_TICKS_MIN: u64 = 10;

/// What a server process spent in the counted part of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// CPU time of all its threads, those that have ended too; exact.
    pub cpu: Option<Duration>,
    /// The share of `cpu` that was spent in user mode, from 0 to 1; sampled by the kernel at its
    /// ticks, so `None` where there were too few to tell.
    pub user_share: Option<f64>,
    /// Context switches, wanted or not. `None` where threads ended, for they take their counts along.
    pub context_switches: Option<u64>,
    /// The most threads that were seen at a time.
    pub threads_max: Option<u64>,
    /// The most memory that was resident since the process started.
    pub rss_peak_bytes: Option<u64>,
}

/// Watches one process from the start of the counted part to its end.
#[derive(Debug)]
pub struct Sampler {
    pid: i32,
    /// `None` where there is no procfs to read.
    process: Option<Process>,
    begin: Option<Snapshot>,
    usage: Usage,
}

#[derive(Debug)]
struct Snapshot {
    cpu: Option<Duration>,
    /// User and system, in clock ticks.
    ticks: Option<(u64, u64)>,
    /// Context switches of each living thread.
    switches: Option<BTreeMap<i32, u64>>,
}

impl Sampler {
    /// A sampler of the process with that id.
    pub fn new(pid: u32) -> Self {
        let pid = pid.cast_signed();
        Self { pid, process: Process::new(pid).ok(), begin: None, usage: Usage::default() }
    }

    /// The counted part begins.
    pub fn begin(&mut self) {
        self.begin = Some(self.snapshot());
        self.peek();
    }

    /// Looks at what has a peak; to be called a few times a second.
    pub fn peek(&mut self) {
        let Some(status) = self.process.as_ref().and_then(|process| process.status().ok()) else { return };
        self.usage.threads_max = self.usage.threads_max.max(Some(status.threads));
        self.usage.rss_peak_bytes = self.usage.rss_peak_bytes.max(status.vmhwm.map(|kib| kib * 1024));
    }

    /// The counted part is over.
    pub fn end(&mut self) {
        self.peek();
        let Some(begin) = &self.begin else { return };
        let end = self.snapshot();
        self.usage.cpu = end.cpu.zip(begin.cpu).map(|(end, begin)| end.saturating_sub(begin));
        self.usage.user_share = end.ticks.zip(begin.ticks).and_then(|(end, begin)| {
            user_share(end.0.saturating_sub(begin.0), end.1.saturating_sub(begin.1))
        });
        self.usage.context_switches =
            end.switches.as_ref().zip(begin.switches.as_ref()).and_then(|(end, begin)| switches(begin, end));
    }

    /// What was measured between the two; whatever was not is `None`.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    fn snapshot(&self) -> Snapshot {
        let stat = self.process.as_ref().and_then(|process| process.stat().ok());
        Snapshot {
            cpu: cpu_time(self.pid),
            ticks: stat.map(|stat| (stat.utime, stat.stime)),
            switches: self.process.as_ref().and_then(switches_by_thread),
        }
    }
}

/// CPU time of a process to the nanosecond.
///
/// The sum over `/proc/PID/task/*/schedstat` would forget every thread that has ended, which in a
/// server with a thread per connection are nearly all.
fn cpu_time(pid: i32) -> Option<Duration> {
    let clock = ClockId::pid_cpu_clock_id(nix::unistd::Pid::from_raw(pid)).ok()?;
    clock.now().ok().map(Duration::from)
}

fn switches_by_thread(process: &Process) -> Option<BTreeMap<i32, u64>> {
    let mut switches = BTreeMap::new();
    for task in process.tasks().ok()? {
        if switches.len() == TASKS_MAX {
            return None;
        }
        // A thread may end between being listed and being read.
        let Some((tid, status)) = task.ok().and_then(|task| Some((task.tid, task.status().ok()?))) else {
            continue;
        };
        switches.insert(tid, status.voluntary_ctxt_switches? + status.nonvoluntary_ctxt_switches?);
    }
    Some(switches)
}

/// Switches between two looks, or `None` if a thread of the first is gone by the second.
fn switches(begin: &BTreeMap<i32, u64>, end: &BTreeMap<i32, u64>) -> Option<u64> {
    if begin.keys().any(|tid| !end.contains_key(tid)) {
        return None;
    }
    Some(end.iter().map(|(tid, count)| count.saturating_sub(*begin.get(tid).unwrap_or(&0))).sum())
}

fn user_share(user_ticks: u64, system_ticks: u64) -> Option<f64> {
    let ticks = user_ticks + system_ticks;
    (ticks >= SPLIT_TICKS_MIN).then(|| user_ticks as f64 / ticks as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_ticks_are_not_split() {
        assert_eq!(user_share(4, 5), None);
        assert_eq!(user_share(30, 10), Some(0.75));
    }

    #[test]
    fn threads_that_ended_take_their_switches_along() {
        let begin = BTreeMap::from([(1, 10), (2, 5)]);
        assert_eq!(switches(&begin, &BTreeMap::from([(1, 12), (2, 5), (3, 7)])), Some(9));
        assert_eq!(switches(&begin, &BTreeMap::from([(1, 12)])), None);
    }

    #[test]
    fn this_process_has_a_thread_and_memory() {
        let mut sampler = Sampler::new(std::process::id());
        sampler.begin();
        sampler.end();
        let usage = sampler.usage();
        assert!(usage.cpu.is_some());
        assert!(usage.threads_max >= Some(1) && usage.rss_peak_bytes > Some(100_000), "{usage:?}");
    }

    #[test]
    fn a_process_that_is_not_there_measures_nothing() {
        // Linux gives no process an id above 2^22.
        let mut sampler = Sampler::new((1 << 22) + 1);
        sampler.begin();
        sampler.end();
        assert_eq!(sampler.usage(), Usage::default());
    }
}
