//! What others do to the machine while a trial counts.

use std::fs;

use serde::{Deserialize, Serialize};

/// How the machine fares, to be compared with how it fares later.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sky {
    /// All CPU time, and the part that a hypervisor gave to somebody else, in clock ticks.
    cpu_ticks: Option<(u64, u64)>,
    load: Option<f64>,
    throttled_ns: Option<u64>,
}

/// What others did to the machine between two moments.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Weather {
    /// The share of its CPU time that a hypervisor gave to somebody else.
    pub steal: Option<f64>,
    /// Processes that were ready to run or running, the mean of the minute before.
    pub load: Option<f64>,
    /// For how long a control group's limit kept its processes from running.
    pub throttled_ns: Option<u64>,
}

impl Sky {
    /// As it is now.
    pub fn now() -> Self {
        let read = |path: &str| fs::read_to_string(path).ok();
        Self {
            cpu_ticks: read("/proc/stat").as_deref().and_then(cpu_ticks),
            load: read("/proc/loadavg").and_then(|text| text.split_whitespace().next()?.parse().ok()),
            throttled_ns: read("/proc/self/cgroup").as_deref().and_then(throttled_ns),
        }
    }

    /// What has happened since `earlier`. The load is that of then: it is what there was before.
    pub fn since(&self, earlier: &Self) -> Weather {
        let ticks = self.cpu_ticks.zip(earlier.cpu_ticks).map(|((all, stolen), (all_then, stolen_then))| {
            (all.saturating_sub(all_then), stolen.saturating_sub(stolen_then))
        });
        Weather {
            steal: ticks.filter(|&(all, _)| all > 0).map(|(all, stolen)| stolen as f64 / all as f64),
            load: earlier.load,
            throttled_ns: self
                .throttled_ns
                .zip(earlier.throttled_ns)
                .map(|(now, then)| now.saturating_sub(then)),
        }
    }
}

/// All time and stolen time from the first line of `/proc/stat`.
fn cpu_ticks(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line.split_whitespace().map_while(|field| field.parse().ok()).collect();
    // What guests use is in user time already.
    let stolen = *ticks.get(7)?;
    Some((ticks[..8].iter().sum(), stolen))
}

/// For how long the limit of this process's control group has been in force, in either version of
/// control groups. `None` where there is no such group or it has no limit.
fn throttled_ns(groups: &str) -> Option<u64> {
    groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let root = if controllers.is_empty() {
            "/sys/fs/cgroup".to_owned()
        } else if controllers.split(',').any(|controller| controller == "cpu") {
            format!("/sys/fs/cgroup/{controllers}")
        } else {
            return None;
        };
        let path = path.trim_end_matches('/');
        throttled_in(&fs::read_to_string(format!("{root}{path}/cpu.stat")).ok()?)
    })
}

fn throttled_in(stat: &str) -> Option<u64> {
    let mut fields = stat.lines().filter_map(|line| line.split_once(' '));
    fields.find_map(|(name, value)| match name {
        "throttled_usec" => value.parse::<u64>().ok().map(|us| us * 1_000),
        "throttled_time" => value.parse().ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_is_a_share_of_all_cpu_time() {
        let then = Sky { cpu_ticks: cpu_ticks("cpu  100 0 50 40 0 0 5 5 7 0\ncpu0 1"), ..Sky::default() };
        let now = Sky { cpu_ticks: cpu_ticks("cpu  150 0 60 50 0 0 10 30 9 0\n"), ..Sky::default() };
        assert_eq!(then.cpu_ticks, Some((200, 5)));
        assert_eq!(now.since(&then).steal, Some(0.25));
        assert_eq!(then.since(&then).steal, None, "no time has passed");
        assert_eq!(cpu_ticks("intr 1 2 3"), None);
    }

    #[test]
    fn the_load_is_what_there_was_before_the_trial() {
        let then = Sky { load: Some(0.5), throttled_ns: Some(1_000), ..Sky::default() };
        let now = Sky { load: Some(2.0), throttled_ns: Some(4_000), ..Sky::default() };
        let weather = now.since(&then);
        assert_eq!((weather.load, weather.throttled_ns), (Some(0.5), Some(3_000)));
    }

    #[test]
    fn throttling_is_read_in_both_versions_of_control_groups() {
        assert_eq!(throttled_in("nr_periods 9\nnr_throttled 3\nthrottled_usec 20\n"), Some(20_000));
        assert_eq!(throttled_in("nr_periods 9\nnr_throttled 3\nthrottled_time 20000\n"), Some(20_000));
        assert_eq!(throttled_in("usage_usec 5\n"), None);
    }
}
