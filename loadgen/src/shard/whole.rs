//! What several shards measured at the same time, added up: counts and histograms, over the time of all of them.

use std::time::Duration;

use super::LATE;
use super::clock::Offset;
use super::record::Fired;
use crate::engine::{Amount, Outcome, Pace, Part, Plan, Rate, ns};

/// Below this share of its time in which all shards fired, a rate is not that of all of them.
const TOGETHER_MIN: f64 = 0.95;

/// The counted time, by shard 0's clock, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from_ns: u64,
    pub(crate) until_ns: u64,
}

/// One shard's figures, small enough to be kept of each.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) index: usize,
    pub(crate) host: String,
    pub(crate) clock: Option<Offset>,
    pub(crate) window: Window,
    pub(crate) late: Duration,
    pub(crate) ok: u64,
    pub(crate) failed: u64,
    pub(crate) per_sec: f64,
    pub(crate) p50_ns: Option<u64>,
    pub(crate) p99_ns: Option<u64>,
    pub(crate) busy: f64,
    pub(crate) client_bound: bool,
    pub(crate) invalid: Option<String>,
    pub(crate) interrupted: bool,
    pub(crate) gave_up: Option<String>,
}

/// One thing that all of them fired.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    pub(crate) name: String,
    /// What all shards were to fire.
    pub(crate) asked: Plan,
    /// What those that are there were to fire.
    pub(crate) plan: Plan,
    pub(crate) at_unix_ns: u64,
    pub(crate) probes: u64,
    /// Counts and histograms of all, over the time from the first one's beginning to the last one's end.
    pub(crate) outcome: Outcome,
    /// In the order of their numbers, once [`finish`](Self::finish) was called.
    pub(crate) shards: Vec<Figures>,
}

impl Window {
    fn of(fired: &Fired) -> Self {
        let Outcome { late, warmed_up_for, elapsed, .. } = &fired.outcome;
        let from_ns = fired.at_unix_ns.saturating_add(ns(*late + *warmed_up_for));
        Self { from_ns, until_ns: from_ns.saturating_add(ns(*elapsed)) }
    }
}

impl Whole {
    /// What one shard has fired, to which others are added.
    pub(crate) fn of(index: usize, host: &str, fired: &Fired) -> Self {
        let mut whole = Self {
            name: fired.name.clone(),
            asked: fired.plan.clone(),
            plan: fired.plan.clone(),
            at_unix_ns: fired.at_unix_ns,
            probes: fired.probes,
            outcome: fired.outcome.clone(),
            shards: Vec::new(),
        };
        whole.note(index, host, fired);
        whole
    }

    /// Adds what another one measured.
    pub(crate) fn add(&mut self, index: usize, host: &str, fired: &Fired) {
        self.probes += fired.probes;
        self.outcome.merge(&fired.outcome);
        self.note(index, host, fired);
    }

    fn note(&mut self, index: usize, host: &str, fired: &Fired) {
        let outcome = &fired.outcome;
        let quantile = |quantile| {
            (!outcome.latency_ns.is_empty()).then(|| outcome.latency_ns.value_at_quantile(quantile))
        };
        self.shards.push(Figures {
            index,
            host: host.to_owned(),
            clock: fired.clock,
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
    pub(crate) fn finish(&mut self) {
        self.shards.sort_by_key(|shard| shard.index);
        // What each host has is its own affair; all of them together have these.
        self.plan.threads = self.outcome.client.threads;
        let Some(all) = self.window() else { return };
        let all = Duration::from_nanos(all.until_ns - all.from_ns);
        if let Some(open) = &mut self.outcome.open_loop {
            // A schedule whose parts begin one after the other is as much longer.
            open.scheduled += all.saturating_sub(self.outcome.elapsed);
        }
        self.outcome.elapsed = all;
    }

    /// Leaves of the plan what the shards that are there were to fire, of `count` altogether.
    pub(crate) fn keep_to(&mut self, count: usize) {
        let there: Vec<Part> = self.shards.iter().map(|shard| Part { index: shard.index, count }).collect();
        if there.len() == count {
            return;
        }
        let of = |all: u64| there.iter().map(|part| part.share(all)).sum::<u64>();
        let number = |all: usize| usize::try_from(of(all as u64)).unwrap_or(usize::MAX);
        let share = there.len() as f64 / count as f64;
        let rate =
            |all: Rate| Rate { from_per_sec: all.from_per_sec * share, to_per_sec: all.to_per_sec * share };
        self.plan.connections = number(self.plan.connections);
        for cohort in &mut self.plan.cohorts {
            cohort.connections = number(cohort.connections);
        }
        if let Amount::Requests(all) = self.plan.amount {
            self.plan.amount = Amount::Requests(of(all));
        }
        if let Pace::Open(all) = self.plan.pace {
            self.plan.pace = Pace::Open(rate(all));
        }
        if let Some(open) = &mut self.outcome.open_loop {
            open.rate = rate(open.rate);
        }
    }

    /// Shards that got to count anything.
    fn counted(&self) -> impl Iterator<Item = Window> {
        self.shards.iter().map(|shard| shard.window).filter(|window| window.until_ns > window.from_ns)
    }

    /// From the first one's beginning to the last one's end.
    pub(crate) fn window(&self) -> Option<Window> {
        let from_ns = self.counted().map(|window| window.from_ns).min()?;
        Some(Window { from_ns, until_ns: self.counted().map(|window| window.until_ns).max()? })
    }

    /// The share of that in which all of them counted; 0 where there was no such time.
    pub(crate) fn together(&self) -> f64 {
        let Some(all) = self.window() else { return 0.0 };
        let from_ns = self.counted().map(|window| window.from_ns).max().unwrap_or_default();
        let until_ns = self.counted().map(|window| window.until_ns).min().unwrap_or_default();
        until_ns.saturating_sub(from_ns) as f64 / (all.until_ns - all.from_ns) as f64
    }

    /// Which shards began late, and by how much, in words.
    pub(crate) fn late(&self) -> Vec<String> {
        let late = self.shards.iter().filter(|shard| shard.late > LATE);
        let said = |shard: &Figures| {
            let late = humantime::format_duration(Duration::from_millis(
                shard.late.as_millis().try_into().unwrap_or(u64::MAX),
            ));
            format!("shard {} ({}) began {late} after the agreed moment", shard.index, shard.host)
        };
        late.map(said).collect()
    }

    /// Whether the rate is not that of all shards at once, though it was meant to be. Where requests are counted each
    /// shard ends when it has sent its own.
    pub(crate) fn is_apart(&self) -> bool {
        matches!(self.plan.amount, Amount::Time(_)) && self.together() < TOGETHER_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::OpenLoop;

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
        Fired { name: "GET http://h/".into(), plan, at_unix_ns: 5_000 * MS, clock: None, probes: 1, outcome }
    }

    fn whole(all: &[Fired]) -> Whole {
        let mut latest_first = all.iter().enumerate().rev();
        let (index, last) = latest_first.next().unwrap();
        let mut whole = Whole::of(index, "h", last);
        for (index, fired) in latest_first {
            whole.add(index, "h", fired);
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
        assert_eq!(whole.late(), ["shard 1 (h) began 250ms after the agreed moment"]);
    }

    #[test]
    fn a_shard_that_counted_nothing_says_nothing_of_the_time() {
        let whole = whole(&[fired(0, 1_000, 1_000), fired(0, 0, 0)]);
        assert_eq!(whole.outcome.elapsed, Duration::from_secs(1));
        assert!(!whole.is_apart());
    }

    #[test]
    fn of_a_plan_that_lost_a_shard_is_kept_what_the_others_were_to_fire() {
        let mut all = [fired(0, 0, 1_000), fired(0, 0, 1_000)];
        for fired in &mut all {
            (fired.plan.connections, fired.plan.amount) = (8, Amount::Requests(10));
            fired.plan.pace = Pace::Open(Rate::constant(900.0));
            fired.outcome.open_loop = Some(OpenLoop::empty(Rate::constant(900.0)));
        }
        let mut whole = whole(&all);
        whole.keep_to(3);
        assert_eq!((whole.plan.connections, whole.plan.amount), (6, Amount::Requests(7)));
        assert_eq!(whole.plan.pace, Pace::Open(Rate::constant(600.0)));
        assert_eq!(whole.outcome.open_loop.unwrap().rate, Rate::constant(600.0));
    }

    #[test]
    fn counted_requests_end_when_they_end() {
        let mut all = [fired(0, 0, 400), fired(0, 0, 1_000)];
        for fired in &mut all {
            fired.plan.amount = Amount::Requests(1_400);
        }
        assert!(!whole(&all).is_apart());
    }

    #[test]
    fn a_schedule_whose_parts_began_one_after_the_other_was_reached_all_the_same() {
        let mut all = [fired(0, 0, 1_000), fired(100, 0, 1_000)];
        for fired in &mut all {
            let mut open = OpenLoop::empty(Rate::constant(2_000.0));
            (open.due, open.scheduled) = (1_000, Duration::from_secs(1));
            fired.outcome.open_loop = Some(open);
        }
        let whole = whole(&all);
        let open = whole.outcome.open_loop.as_ref().unwrap();
        assert_eq!(open.due, 2_000);
        assert!((open.reached(&whole.outcome) - 1.0).abs() < 1e-9, "{}", open.reached(&whole.outcome));
    }
}
