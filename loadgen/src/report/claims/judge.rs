//! Whether a figure reaches what was claimed, with its interval and its bottleneck in mind.

use super::super::document::{Document, Row, Scenario};
use super::super::format::{count, rate, times};
use super::{CONNECTIONS, Claim, rate_words};

/// What a run says to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    DoesNot,
    CantTell,
}

impl Verdict {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNot => "does not hold",
            Self::CantTell => "can't be told from this run",
        }
    }
}

/// Why a rate that was not reached may be within reach all the same.
const CLIENT_BOUND: &str = "the load generator was the bottleneck, so the server may be faster";

/// Why a factor that was reached may be smaller all the same.
const BASE_CLIENT_BOUND: &str = "the load generator was the bottleneck of what it is compared to, so that may be faster and the factor smaller";

/// A factor as somebody wrote it down: 17.2 with a last digit worth 0.1, 10 with one worth 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounded {
    pub(super) factor: f64,
    pub(super) digit: f64,
}

/// How many times as fast one row is as another, and between what and what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factor {
    pub(super) middle: f64,
    low: f64,
    high: f64,
    one_trial: bool,
    /// The faster row may be faster than it looks, and so may the factor be larger.
    client_bound: bool,
    /// The slower row may be faster than it looks, and so may the factor be smaller.
    base_client_bound: bool,
}

impl Factor {
    /// The least favourable and the most favourable ends of both intervals make the interval.
    pub(super) fn of(row: Option<&Row>, base: Option<&Row>) -> Option<Self> {
        let (row, base) = (row?, base?);
        let (fast, slow) = (row.qps?, base.qps?);
        (slow.low > 0.0).then(|| Self {
            middle: fast.median / slow.median,
            low: fast.low / slow.high,
            high: fast.high / slow.low,
            one_trial: fast.confidence.is_none() || slow.confidence.is_none(),
            client_bound: row.client.bound,
            base_client_bound: base.client.bound,
        })
    }

    pub(super) fn words(factor: Option<Self>) -> String {
        match factor {
            None => "not measured".into(),
            Some(factor) if factor.one_trial => format!("{} (one trial)", times(factor.middle)),
            Some(Self { middle, low, high, .. }) => {
                format!("{} ({} to {})", times(middle), times(low), times(high))
            }
        }
    }

    /// A factor that is claimed holds where all of the interval reaches it, and does not where none of it does.
    /// It was written down with one digit that is rounded, so half of that is given.
    pub(super) fn against(&self, claimed: Rounded, holds: &str, does_not: &str) -> (Verdict, String) {
        let from = claimed.factor - claimed.digit / 2.0;
        let hint = |why: &str| hint(why, self.one_trial);
        if self.low >= from {
            if self.base_client_bound {
                return (Verdict::CantTell, BASE_CLIENT_BOUND.into());
            }
            (Verdict::Holds, hint(holds))
        } else if self.high >= from {
            (Verdict::CantTell, "it lies within the interval of the trials".into())
        } else if self.client_bound {
            (Verdict::CantTell, CLIENT_BOUND.into())
        } else {
            (Verdict::DoesNot, hint(does_not))
        }
    }
}

/// The reason of a verdict that only one trial bears out.
fn hint(why: &str, one_trial: bool) -> String {
    if one_trial { format!("{why}; one trial, so take it as a hint") } else { why.into() }
}

/// The rates that the original report set out to reach, each looked for in every scenario that asks for it.
pub(super) fn targets(document: &Document) -> Vec<Claim> {
    /// The one target that the original report said it had reached is told by the claims before these.
    const TOLD_BEFORE: &str = "phase1";
    let mut claims: Vec<(f64, String, Vec<Attempt>)> = Vec::new();
    for scenario in &document.scenarios {
        let phases = scenario.rows.iter().filter(|row| row.kind == "phase");
        for row in phases.filter(|row| !row.name.starts_with(TOLD_BEFORE)) {
            let Some(target) = row.target_qps else { continue };
            let attempt = Attempt {
                scenario: scenario.name.clone(),
                shown: rate_words(row),
                outcome: reached(document, scenario, row, target),
            };
            match claims.iter_mut().find(|(_, name, _)| *name == row.name) {
                Some((_, _, attempts)) => attempts.push(attempt),
                None => claims.push((target, row.name.clone(), vec![attempt])),
            }
        }
    }
    claims.into_iter().map(|(target, name, attempts)| conclude(target, &name, &attempts)).collect()
}

/// A target in one scenario.
struct Attempt {
    scenario: String,
    shown: String,
    outcome: (Verdict, String),
}

/// A target is reached if it is reached anywhere; else what can't be told stays open.
fn conclude(target: f64, name: &str, attempts: &[Attempt]) -> Claim {
    let first = |verdict: Verdict| attempts.iter().find(|attempt| attempt.outcome.0 == verdict);
    let best = first(Verdict::Holds).or_else(|| first(Verdict::CantTell)).or(attempts.first());
    let shown: Vec<_> =
        attempts.iter().map(|attempt| format!("{} in {}", attempt.shown, attempt.scenario)).collect();
    let (verdict, mut why) =
        best.map_or((Verdict::CantTell, String::new()), |attempt| attempt.outcome.clone());
    if let Some(best) = best.filter(|_| attempts.len() > 1) {
        why = format!("in {}: {why}", best.scenario);
    }
    Claim { said: format!("{} requests/s ({name})", rate(target)), shown: shown.join(", "), verdict, why }
}

fn reached(document: &Document, scenario: &Scenario, row: &Row, target: f64) -> (Verdict, String) {
    let Some(qps) = row.qps else { return (Verdict::CantTell, "it was not measured".into()) };
    let one_trial = qps.confidence.is_none();
    if qps.low >= target {
        return (
            Verdict::Holds,
            hint(if one_trial { "it is beyond it" } else { "all of its interval is beyond it" }, one_trial),
        );
    }
    if qps.high >= target {
        return (Verdict::CantTell, "the target lies within the interval of the trials".into());
    }
    // What a request costs where few come at a time is not what it costs where many do.
    if let Some(why) = too_few(scenario, CONNECTIONS) {
        return (Verdict::CantTell, why);
    }
    let cpus = document.cpus.server.len();
    let most = row.server.cpu_us_per_request.filter(|_| cpus > 0).map(|us| cpus as f64 * 1e6 / us);
    match most {
        Some(most) if most < target => (
            Verdict::DoesNot,
            format!("what a request costs the server leaves room for {}/s on its CPUs", rate(most)),
        ),
        _ if row.client.bound => (Verdict::CantTell, CLIENT_BOUND.into()),
        _ => (Verdict::DoesNot, hint("no trial reached it, and the load generator had time left", one_trial)),
    }
}

/// Says that a run with fewer connections than `needed` can't judge a claim about so many.
pub(super) fn too_few(scenario: &Scenario, needed: usize) -> Option<String> {
    let asked = scenario.params.connections;
    (asked < needed).then(|| {
        let connections = if asked == 1 { "connection" } else { "connections" };
        format!("this run had only {} {connections}; it takes {}", count(asked as u64), count(needed as u64))
    })
}
