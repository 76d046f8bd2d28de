//! What one rate showed, and whether the promise was kept at it.

use hdrhistogram::Histogram;

use super::blame;
use super::slo::Slo;
use crate::attack::summary;
use crate::engine::Outcome;

/// The share of a rate that has to be reached.
const REACHED_MIN: f64 = 0.99;

/// How a promise was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// A request was not answered as expected.
    Failed,
    /// Requests that were due were not sent before the end.
    NotReached,
    /// Answers took longer than was promised.
    TooSlow,
    /// No request has shown how long it takes.
    Unknown,
}

impl Broken {
    fn name(self) -> &'static str {
        match self {
            Self::Failed => "requests failed",
            Self::NotReached => "rate not reached",
            Self::TooSlow => "too slow",
            Self::Unknown => "nothing answered",
        }
    }
}

/// One try of one rate.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) rate_per_sec: f64,
    /// Requests answered as expected per second.
    pub(super) answered_per_sec: f64,
    /// The share of the rate.
    pub(super) reached: f64,
    /// Latencies; `None` where so many requests are overdue that it is longer than the promise, nobody knows
    /// by how much.
    pub(super) p50_ns: Option<u64>,
    pub(super) p99_ns: Option<u64>,
    /// The one that the promise is about.
    pub(super) promised_ns: Option<u64>,
    pub(super) failed: u64,
    /// The first of these, in a line.
    pub(super) failure: Option<String>,
    /// Requests that had no answer at the end, though they had been due for longer than the promise.
    pub(super) overdue: u64,
    /// How the promise was broken; `None` if it was kept.
    pub(super) broken: Option<Broken>,
    /// Why that does not speak against the server but against the client, if so.
    pub(super) client: Option<String>,
}

impl Step {
    /// Judges what was measured at a rate. It holds if
    ///
    /// - no request failed,
    /// - at least 99 % of those that were due were sent,
    /// - and the promised quantile is within the limit. It is that of the answered requests and the overdue
    ///   ones, which count as longer than any answer. Requests without an answer that had not been due for that
    ///   long when the run ended are left out: a few are in flight at any moment, and say nothing yet.
    pub(super) fn of(rate_per_sec: f64, slo: &Slo, outcome: &Outcome) -> Self {
        let open_loop = outcome.open_loop.as_ref();
        let overdue = open_loop.map_or(0, |open| open.waited_longer(slo.limit));
        let at = |quantile| quantile_ns(&outcome.latency_ns, overdue, quantile);
        let mut step = Self {
            rate_per_sec,
            answered_per_sec: outcome.requests_per_sec(),
            reached: open_loop.map_or(0.0, |open| open.reached(outcome)),
            p50_ns: at(0.5),
            p99_ns: at(0.99),
            promised_ns: at(slo.quantile),
            failed: outcome.failed(),
            failure: outcome.failures.first().map(|first| format!("{}: {}", first.kind.name(), first.what)),
            overdue,
            broken: None,
            client: None,
        };
        step.broken = step.judge(slo);
        step.client = step.broken.and_then(|broken| blame::client(outcome, slo, overdue, broken));
        step
    }

    fn judge(&self, slo: &Slo) -> Option<Broken> {
        match self.promised_ns {
            _ if self.failed > 0 => Some(Broken::Failed),
            _ if self.reached < REACHED_MIN => Some(Broken::NotReached),
            None if self.overdue == 0 => Some(Broken::Unknown),
            Some(ns) if u128::from(ns) <= slo.limit.as_nanos() => None,
            _ => Some(Broken::TooSlow),
        }
    }

    /// Whether it held, and why not, in a few words.
    pub(super) fn verdict(&self) -> &'static str {
        match self.broken {
            None => "holds",
            Some(_) if self.client.is_some() => "beyond the client",
            Some(broken) => broken.name(),
        }
    }

    /// One of its latencies.
    pub(super) fn latency(&self, ns: Option<u64>, slo: &Slo) -> String {
        match ns {
            Some(ns) => summary::time(ns as f64),
            None if self.overdue > 0 => format!(">{}", summary::time(slo.limit.as_nanos() as f64)),
            None => "–".to_owned(),
        }
    }

    /// A line of at most 60 columns, for whoever waits for the rest of the search.
    pub(super) fn line(&self, slo: &Slo) -> String {
        let (rate, promised) = (summary::rate(self.rate_per_sec), self.latency(self.promised_ns, slo));
        format!("{rate:>12}/s  {} {promised}: {}", slo.name, self.verdict())
    }
}

/// A quantile of what `answered` has and of `overdue` ones that are longer than all of that; `None` where
/// it is one of these, or there are none at all.
pub(super) fn quantile_ns(answered: &Histogram<u64>, overdue: u64, quantile: f64) -> Option<u64> {
    let among = answered.len() as f64;
    // The place among all of them, from 1.
    let place = (quantile * (among + overdue as f64)).ceil().max(1.0);
    // Half a place less is the same place, whichever way the division is rounded.
    (place <= among).then(|| answered.value_at_quantile((place - 0.5) / among))
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
