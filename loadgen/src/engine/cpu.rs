//! What the calling thread has spent of the CPU.

use std::fs;
use std::time::Duration;

use procfs::FromRead;
use procfs::process::Stat;
use rustix::time::{ClockId, clock_gettime};

use super::outcome::ClientCost;

/// A thread's CPU time at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct CpuTime {
    /// Exact.
    total: Duration,
    /// The kernel's split of it, in clock ticks.
    user_ticks: u64,
    system_ticks: u64,
    /// Ready and without a CPU.
    kept_waiting: Duration,
}

impl CpuTime {
    /// Of the calling thread, now.
    pub(super) fn now() -> Self {
        let spent = clock_gettime(ClockId::ThreadCPUTime);
        let total = Duration::try_from(spent).unwrap_or_default();
        let stat = fs::File::open("/proc/thread-self/stat").ok().and_then(|file| Stat::from_read(file).ok());
        let (user_ticks, system_ticks) = stat.map_or((0, 0), |stat| (stat.utime, stat.stime));
        Self { total, user_ticks, system_ticks, kept_waiting: kept_waiting() }
    }

    /// What was spent from `self` to `end`.
    ///
    /// The total is exact. The split comes in ticks of 10 ms, so it is taken as a share, and as
    /// that of the thread's whole life where too few ticks lie between the two moments.
    pub(super) fn until(&self, end: &Self) -> ClientCost {
        const TICKS_MIN: u64 = 10;
        let total = end.total.saturating_sub(self.total);
        let mut user = end.user_ticks.saturating_sub(self.user_ticks);
        let mut system = end.system_ticks.saturating_sub(self.system_ticks);
        if user + system < TICKS_MIN {
            (user, system) = (end.user_ticks, end.system_ticks);
        }
        // A client spends most of its time in the kernel; with no tick at all that is the better guess.
        let user_share = if user + system == 0 { 0.0 } else { user as f64 / (user + system) as f64 };
        let kept_waiting = end.kept_waiting.saturating_sub(self.kept_waiting);
        let user = total.mul_f64(user_share);
        ClientCost { user, system: total.saturating_sub(user), threads: 1, kept_waiting }
    }
}

/// The second number of `schedstat`, where there is one.
fn kept_waiting() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = text.split_whitespace().nth(1).and_then(|number| number.parse().ok());
    ns.map_or(Duration::ZERO, Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows_and_its_parts_add_up() {
        let before = CpuTime::now();
        let worked = (0..1_000_000_u64).fold(0, |sum, next| std::hint::black_box(sum ^ next));
        let after = CpuTime::now();
        let cost = before.until(&after);
        assert!(cost.total() > Duration::ZERO, "{worked}");
        assert_eq!(before.total + cost.total(), after.total);
    }
}
