//! What several shards measured at the same time, added up.

use std::time::Duration;

use crate::engine::{Amount, Outcome, Plan};
use crate::shard::clock::Offset;
use crate::shard::record::Fired;

/// Below this share of its time in which all shards fired, a rate is not that of all of them.
const TOGETHER_MIN: f64 = 0.95;

/// The counted time, by shard 0's clock, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from_ns: u64,
    pub(super) until_ns: u64,
}

/// One shard's figures, small enough to be kept of each.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    pub(super) index: usize,
    pub(super) host: String,
    pub(super) clock: Option<Offset>,
    pub(super) window: Window,
    pub(super) late: Duration,
    pub(super) ok: u64,
    pub(super) failed: u64,
    pub(super) per_sec: f64,
    pub(super) p50_ns: Option<u64>,
    pub(super) p99_ns: Option<u64>,
    pub(super) busy: f64,
    pub(super) client_bound: bool,
    pub(super) invalid: Option<String>,
    pub(super) interrupted: bool,
    pub(super) gave_up: Option<String>,
}

/// One thing that all of them fired.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    pub(super) name: String,
    pub(super) plan: Plan,
    pub(super) probes: u64,
    /// Counts and histograms of all, over the time from the first one's beginning to the last one's end.
    pub(super) outcome: Outcome,
    /// In the order of their numbers, once [`finish`](Self::finish) was called.
    pub(super) shards: Vec<Figures>,
}

impl Window {
    fn of(fired: &Fired) -> Self {
        let Outcome { late, warmed_up_for, elapsed, .. } = &fired.outcome;
        let from_ns = fired.at_unix_ns.saturating_add(ns(*late + *warmed_up_for));
        Self { from_ns, until_ns: from_ns.saturating_add(ns(*elapsed)) }
    }
}

impl Whole {
    /// One that nobody has fired yet.
    pub(super) fn of(fired: &Fired) -> Self {
        Self {
            name: fired.name.clone(),
            plan: fired.plan.clone(),
            probes: 0,
            outcome: Outcome::empty(),
            shards: Vec::new(),
        }
    }

    /// Adds what one shard measured.
    pub(super) fn add(&mut self, index: usize, host: &str, clock: Option<Offset>, fired: &Fired) {
        let outcome = &fired.outcome;
        self.probes += fired.probes;
        self.outcome.merge(outcome);
        let quantile = |quantile| {
            (!outcome.latency_ns.is_empty()).then(|| outcome.latency_ns.value_at_quantile(quantile))
        };
        self.shards.push(Figures {
            index,
            host: host.to_owned(),
            clock,
            window: Window::of(fired),
            late: outcome.late,
            ok: outcome.ok,
            failed: outcome.failed(),
            per_sec: outcome.requests_per_sec(),
            p50_ns: quantile(0.5),
            p99_ns: quantile(0.99),
            busy: outcome.busy(),
            client_bound: outcome.client_bound(),
            invalid: outcome.invalid(),
            interrupted: outcome.interrupted,
            gave_up: outcome.gave_up.clone(),
        });
    }

    /// All of them have been added.
    pub(super) fn finish(&mut self) {
        self.shards.sort_by_key(|shard| shard.index);
        if let Some(all) = self.window() {
            self.outcome.elapsed = Duration::from_nanos(all.until_ns - all.from_ns);
        }
    }

    /// Shards that got to count anything.
    fn counted(&self) -> impl Iterator<Item = Window> {
        self.shards.iter().map(|shard| shard.window).filter(|window| window.until_ns > window.from_ns)
    }

    /// From the first one's beginning to the last one's end.
    pub(super) fn window(&self) -> Option<Window> {
        let from_ns = self.counted().map(|window| window.from_ns).min()?;
        Some(Window { from_ns, until_ns: self.counted().map(|window| window.until_ns).max()? })
    }

    /// The share of that in which all of them counted; 0 where there was no such time.
    pub(super) fn together(&self) -> f64 {
        let Some(all) = self.window() else { return 0.0 };
        let from_ns = self.counted().map(|window| window.from_ns).max().unwrap_or_default();
        let until_ns = self.counted().map(|window| window.until_ns).min().unwrap_or_default();
        until_ns.saturating_sub(from_ns) as f64 / (all.until_ns - all.from_ns) as f64
    }

    /// Whether the rate is not that of all shards at once, though it was meant to be. Where requests are counted each
    /// shard ends when it has sent its own.
    pub(super) fn is_apart(&self) -> bool {
        matches!(self.plan.amount, Amount::Time(_)) && self.together() < TOGETHER_MIN
    }
}

fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// What counted from so many milliseconds on, for so long, at one answer a millisecond.
    fn fired(late_ms: u64, warmup_ms: u64, counted_ms: u64) -> Fired {
        let mut outcome = Outcome::empty();
        outcome.late = Duration::from_millis(late_ms);
        outcome.warmed_up_for = Duration::from_millis(warmup_ms);
        outcome.elapsed = Duration::from_millis(counted_ms);
        outcome.ok = counted_ms;
        outcome.latency_ns.record_n(MS, counted_ms).unwrap();
        let mut plan = Plan::of_a_test();
        plan.amount = Amount::Time(Duration::from_secs(1));
        Fired { name: "GET http://h/".into(), plan, at_unix_ns: 5_000 * MS, probes: 1, outcome }
    }

    fn whole(all: &[Fired]) -> Whole {
        let mut whole = Whole::of(&all[0]);
        for (index, fired) in all.iter().enumerate().rev() {
            whole.add(index, "h", None, fired);
        }
        whole.finish();
        whole
    }

    #[test]
    fn the_rate_is_of_the_time_from_the_first_beginning_to_the_last_end() {
        let whole = whole(&[fired(0, 1_000, 1_000), fired(250, 1_000, 1_000)]);
        assert_eq!(whole.window(), Some(Window { from_ns: 6_000 * MS, until_ns: 7_250 * MS }));
        assert!((whole.outcome.requests_per_sec() - 1_600.0).abs() < 1e-6);
        assert!((whole.together() - 0.6).abs() < 1e-9 && whole.is_apart());
        assert_eq!((whole.outcome.ok, whole.outcome.latency_ns.len(), whole.probes), (2_000, 2_000, 2));
        assert_eq!(whole.shards.iter().map(|shard| shard.index).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn a_shard_that_counted_nothing_says_nothing_of_the_time() {
        let whole = whole(&[fired(0, 1_000, 1_000), fired(0, 0, 0)]);
        assert_eq!(whole.outcome.elapsed, Duration::from_secs(1));
        assert!(!whole.is_apart());
    }

    #[test]
    fn counted_requests_end_when_they_end() {
        let mut all = [fired(0, 0, 400), fired(0, 0, 1_000)];
        for fired in &mut all {
            fired.plan.amount = Amount::Requests(1_400);
        }
        assert!(!whole(&all).is_apart());
    }
}
