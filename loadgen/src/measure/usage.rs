//! The figures of a server. What could not be measured is `None`.

use std::time::Duration;

/// What a server spent in the counted part of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// CPU time of all its threads and processes, those that have ended too; exact.
    pub cpu: Option<Duration>,
    /// Whether there is none because a process ended and nobody was told what it had spent.
    pub cpu_lost: bool,
    /// How often it was met in user code and in the kernel, by looks at its CPUs or else by the kernel's
    /// ticks.
    pub split: Option<Met>,
    /// Context switches, wanted or not. `None` where threads ended, for they take their counts along.
    pub context_switches: Option<u64>,
    /// The most threads that were seen at a time.
    pub threads_max: Option<u64>,
    /// The most memory that was resident, of each process since it started; of several the sum.
    pub rss_peak_bytes: Option<u64>,
    /// Memory that is no file's, at the end less that at half of it, when whatever fills up once is full.
    pub rss_growth_bytes: Option<i64>,
    /// Memory that each connection cost which was only held.
    pub bytes_per_held_connection: Option<f64>,
}

/// How often a server was met in user code and in the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// In its own code.
    pub user: u64,
    /// In the kernel.
    pub system: u64,
}

impl Met {
    /// All looks.
    pub fn total(&self) -> u64 {
        self.user + self.system
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { user: self.user + other.user, system: self.system + other.system }
    }

    /// What came since `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        let (user, system) =
            (self.user.saturating_sub(earlier.user), self.system.saturating_sub(earlier.system));
        Self { user, system }
    }
}

/// What was counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// System calls entered.
    pub syscalls: Option<u64>,
    /// Context switches, wanted or not.
    pub switches: Option<u64>,
}

impl Counts {
    /// What came since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let difference = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        Self {
            syscalls: difference(self.syscalls, earlier.syscalls),
            switches: difference(self.switches, earlier.switches),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_added_and_taken_apart() {
        let (a, b) = (Met { user: 1, system: 2 }, Met { user: 10, system: 20 });
        assert_eq!(a.plus(b), Met { user: 11, system: 22 });
        assert_eq!((b.since(a), b.total()), (Met { user: 9, system: 18 }, 30));
    }

    #[test]
    fn what_came_in_between_is_a_difference_and_what_was_not_counted_stays_that() {
        let then = Counts { syscalls: Some(10), switches: None };
        let now = Counts { syscalls: Some(30), switches: Some(5) };
        let expected = Counts { syscalls: Some(20), switches: None };
        assert_eq!(now.since(&then), expected);
    }
}
