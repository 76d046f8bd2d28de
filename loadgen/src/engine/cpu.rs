//! What the calling thread has spent of the CPU.

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::written;

/// Clock ticks of CPU time below which the split into user and system is mostly chance.
const SPLIT_TICKS_MIN: u64 = 10;

/// CPU time of the client's own threads, over the counted part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCost {
    /// Threads that fired.
    pub threads: usize,
    /// Time in which they were ready to run and had no CPU; `None` where the kernel does not tell.
    #[serde(with = "written::some_nanos", rename = "kept_waiting_ns")]
    pub kept_waiting: Option<Duration>,
    #[serde(with = "written::nanos", rename = "total_ns")]
    pub(crate) total: Duration,
    /// The kernel's samples of that, one every 10 ms or so.
    pub(crate) user_ticks: u64,
    pub(crate) system_ticks: u64,
}

impl ClientCost {
    /// Nothing, spent by nobody.
    pub const NONE: Self = Self {
        total: Duration::ZERO,
        user_ticks: 0,
        system_ticks: 0,
        threads: 0,
        kept_waiting: Some(Duration::ZERO),
    };

    /// In user mode and in the kernel together; exact.
    pub fn total(&self) -> Duration {
        self.total
    }

    /// Adds what another thread spent, or the same ones in another trial.
    pub fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.user_ticks += other.user_ticks;
        self.system_ticks += other.system_ticks;
        self.threads += other.threads;
        self.kept_waiting = self.kept_waiting.zip(other.kept_waiting).map(|(mine, theirs)| mine + theirs);
    }

    /// How much of the total was spent in user mode and how much in the kernel; `None` where there were too
    /// few samples to tell.
    pub fn split(&self) -> Option<[Duration; 2]> {
        let ticks = self.user_ticks + self.system_ticks;
        (ticks >= SPLIT_TICKS_MIN).then(|| {
            let user = self.total.mul_f64(self.user_ticks as f64 / ticks as f64);
            [user, self.total.saturating_sub(user)]
        })
    }
}

/// A thread's CPU time at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct CpuTime {
    total: Duration,
    user_ticks: u64,
    system_ticks: u64,
    kept_waiting: Option<Duration>,
}

impl CpuTime {
    /// Of the calling thread, now.
    pub(super) fn now() -> Self {
        let spent = clock_gettime(ClockId::ThreadCPUTime);
        let total = Duration::try_from(spent).unwrap_or_default();
        let (user_ticks, system_ticks) = ticks();
        let schedstat = fs::read_to_string("/proc/thread-self/schedstat").ok();
        Self { total, user_ticks, system_ticks, kept_waiting: schedstat.as_deref().and_then(kept_waiting) }
    }

    /// What was spent from `self` to `end`.
    pub(super) fn until(&self, end: &Self) -> ClientCost {
        ClientCost {
            total: end.total.saturating_sub(self.total),
            user_ticks: end.user_ticks.saturating_sub(self.user_ticks),
            system_ticks: end.system_ticks.saturating_sub(self.system_ticks),
            threads: 1,
            kept_waiting: end
                .kept_waiting
                .zip(self.kept_waiting)
                .map(|(end, begin)| end.saturating_sub(begin)),
        }
    }
}

/// In which mode the kernel's ticks have met the calling thread.
#[cfg(target_os = "linux")]
fn ticks() -> (u64, u64) {
    use procfs::{FromRead, process::Stat};
    let stat = fs::File::open("/proc/thread-self/stat").ok().and_then(|file| Stat::from_read(file).ok());
    stat.map_or((0, 0), |stat| (stat.utime, stat.stime))
}

/// Without any there is no split.
#[cfg(not(target_os = "linux"))]
fn ticks() -> (u64, u64) {
    (0, 0)
}

/// The second number of a `schedstat`: time spent ready and without a CPU.
fn kept_waiting(schedstat: &str) -> Option<Duration> {
    let ns = schedstat.split_whitespace().nth(1)?.parse().ok()?;
    Some(Duration::from_nanos(ns))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn at(total_ms: u32, user_ticks: u64, system_ticks: u64) -> CpuTime {
        CpuTime { total: MS * total_ms, user_ticks, system_ticks, kept_waiting: Some(MS) }
    }

    #[test]
    fn work_shows() {
        let before = CpuTime::now();
        let worked = (0..1_000_000_u64).fold(0, |sum, next| std::hint::black_box(sum ^ next));
        let after = CpuTime::now();
        let cost = before.until(&after);
        assert!(cost.total > Duration::ZERO, "{worked}");
        assert_eq!((before.total + cost.total, cost.threads), (after.total, 1));
    }

    #[test]
    fn a_split_is_told_where_there_were_enough_samples_of_it_and_adds_up() {
        // What the thread did before is no sample of this.
        assert_eq!(at(1_000, 90, 5).until(&at(1_090, 94, 10)).split(), None);
        let cost = at(1_000, 90, 5).until(&at(1_120, 93, 14));
        assert_eq!(cost.split(), Some([MS * 30, MS * 90]));
    }

    #[test]
    fn threads_that_have_too_few_samples_each_may_have_enough_together() {
        let one = at(0, 0, 0).until(&at(60, 2, 4));
        let mut all = ClientCost::NONE;
        all.merge(&one);
        assert_eq!((all, all.split()), (one, None));
        all.merge(&one);
        assert_eq!((all.total, all.threads, all.split()), (MS * 120, 2, Some([MS * 40, MS * 80])));
    }

    #[test]
    fn a_kernel_that_does_not_tell_who_was_kept_waiting_is_not_taken_to_say_nobody() {
        assert_eq!(kept_waiting("123 456000 7\n"), Some(Duration::from_micros(456)));
        assert_eq!((kept_waiting(""), kept_waiting("0")), (None, None));
        let silent = CpuTime { kept_waiting: None, ..at(0, 0, 0) };
        let cost = silent.until(&silent);
        assert_eq!(cost.kept_waiting, None);
        let mut all = at(0, 0, 0).until(&at(1, 0, 0));
        assert_eq!(all.kept_waiting, Some(Duration::ZERO));
        all.merge(&cost);
        assert_eq!(all.kept_waiting, None);
    }
}
