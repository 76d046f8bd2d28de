//! The search for the highest rate that keeps a promise: doubling, then bisection, in few steps.

use std::fmt;

use super::step::Step;
use crate::attack::{AttackError, summary};
use crate::engine::{RATE_MAX, RATE_MIN};

/// The rate is doubled, or halved where the first one is too much already, so often at most.
const DOUBLINGS_MAX: usize = 14;
/// The gap between a rate that holds and one that does not is halved so often, which leaves about 3 % of it.
const BISECTIONS: usize = 5;

/// What the search found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The highest rate that held; `None` where none did.
    pub(super) rate_per_sec: Option<f64>,
    /// The lowest rate that did not hold, which is what the search ended at; `None` where all did.
    pub(super) broken_per_sec: Option<f64>,
    /// Every step, in the order in which they were taken.
    pub(super) steps: Vec<Step>,
    /// Why the search ended before the two rates were close to each other.
    pub(super) ended: Option<Ended>,
}

/// What ends a search early.
#[derive(Debug)]
pub(super) enum Ended {
    /// Whoever watches asked for the end.
    Interrupted,
    /// A rate could not be tried: the server died, or this machine refused something.
    Failed { rate_per_sec: f64, error: AttackError },
    /// There was no rate left to try. Says why.
    Exhausted(String),
}

/// Searches from `first_per_sec` on, within the rates that the engine takes. `measure` returns `None` when it
/// was interrupted, which ends the search.
///
/// A rate that breaks the promise is given a second chance, because a machine that was busy with
/// something else for a moment says nothing about the server.
///
/// # Errors
/// What `measure` failed with, if that was the first thing it did; later on it is the reason why the
/// search ended, and what was found until then stands.
pub(super) fn search(
    first_per_sec: f64,
    measure: impl FnMut(f64) -> Result<Option<Step>, AttackError>,
) -> Result<Found, AttackError> {
    let mut found = Found::default();
    match found.approach(first_per_sec, measure) {
        Ok(()) => Ok(found),
        Err(Ended::Failed { error, .. }) if found.steps.is_empty() => Err(error),
        Err(ended) => Ok(Found { ended: Some(ended), ..found }),
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted => formatter.write_str("interrupted"),
            Self::Failed { rate_per_sec, error } => {
                write!(formatter, "at {} requests per second: {error}", summary::rate(*rate_per_sec))
            }
            Self::Exhausted(why) => formatter.write_str(why),
        }
    }
}

impl Found {
    /// The steps, slowest first, which is not the order in which they were taken.
    pub(super) fn by_rate(&self) -> Vec<&Step> {
        let mut steps: Vec<_> = self.steps.iter().collect();
        steps.sort_by(|a, b| a.rate_per_sec.total_cmp(&b.rate_per_sec));
        steps
    }

    /// Why the rate above the answer was beyond the client rather than the server, if it was, each time it was
    /// tried.
    pub(super) fn client_limit(&self) -> Option<(f64, &str)> {
        let reasons: Option<Vec<&str>> = self.decisive().map(|step| step.client.as_deref()).collect();
        Some((self.broken_per_sec?, reasons?.last()?))
    }

    /// The tries of the lowest rate that did not hold.
    pub(super) fn decisive(&self) -> impl Iterator<Item = &Step> {
        let is_decisive =
            |step: &&Step| self.broken_per_sec.map(f64::to_bits) == Some(step.rate_per_sec.to_bits());
        self.steps.iter().filter(is_decisive)
    }

    fn approach(
        &mut self,
        first_per_sec: f64,
        mut measure: impl FnMut(f64) -> Result<Option<Step>, AttackError>,
    ) -> Result<(), Ended> {
        let mut rate_per_sec = first_per_sec;
        let mut doublings = 0;
        let (mut low, mut high) = loop {
            let up = self.try_rate(rate_per_sec, &mut measure)?;
            if let (Some(low), Some(high)) = (self.rate_per_sec, self.broken_per_sec) {
                break (low, high);
            }
            let next = readable(if up { rate_per_sec * 2.0 } else { rate_per_sec / 2.0 });
            let next = next.clamp(RATE_MIN, RATE_MAX);
            if doublings == DOUBLINGS_MAX || next.to_bits() == rate_per_sec.to_bits() {
                return Err(Ended::Exhausted(exhausted(rate_per_sec, up, doublings)));
            }
            (rate_per_sec, doublings) = (next, doublings + 1);
        };
        for _ in 0..BISECTIONS {
            let middle = readable(f64::midpoint(low, high));
            if middle <= low || middle >= high {
                break;
            }
            if self.try_rate(middle, &mut measure)? {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(())
    }

    /// Whether a rate holds, within two tries.
    fn try_rate(
        &mut self,
        rate_per_sec: f64,
        measure: &mut impl FnMut(f64) -> Result<Option<Step>, AttackError>,
    ) -> Result<bool, Ended> {
        for _ in 0..2 {
            let step = measure(rate_per_sec)
                .map_err(|error| Ended::Failed { rate_per_sec, error })?
                .ok_or(Ended::Interrupted)?;
            let held = step.broken.is_none();
            self.steps.push(step);
            if held {
                self.rate_per_sec = Some(rate_per_sec);
                return Ok(true);
            }
        }
        self.broken_per_sec = Some(rate_per_sec);
        Ok(false)
    }
}

fn exhausted(rate_per_sec: f64, up: bool, doublings: usize) -> String {
    let rate = summary::rate(rate_per_sec);
    match (up, doublings == DOUBLINGS_MAX) {
        (true, false) => format!("{rate} per second is the highest rate that can be fired"),
        (false, false) => format!("{rate} per second is the lowest rate that can be fired"),
        (true, true) => format!("the rate was doubled {doublings} times; begin with a higher one (-R)"),
        (false, true) => format!("the rate was halved {doublings} times; begin with a lower one (-R)"),
    }
}

/// The nearest rate that is shown as it is.
fn readable(per_sec: f64) -> f64 {
    let per_unit = match per_sec {
        1_000.0.. => 1.0,
        1.0.. => 10.0,
        _ => 1_000.0,
    };
    (per_sec * per_unit).round() / per_unit
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
