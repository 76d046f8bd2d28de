//! What the client had to do with a result: it was the bottleneck, or somebody else had its CPU.

use super::document::{Row, Scenario, Trial};
use super::format::percent;

/// Below this share of a trial nobody need look for who had the client's CPU.
const STARVED_MIN: f64 = 0.1;
/// Trials with a starved client that are named in a scenario, at most.
const STARVED_NAMED_MAX: usize = 4;

/// The rows in which the client was the bottleneck.
pub(super) fn bound(scenario: &Scenario) -> Option<String> {
    let bound: Vec<_> = scenario.rows.iter().filter_map(row_bound).collect();
    (!bound.is_empty()).then(|| {
        format!(
            "{}: the load generator was the bottleneck, so the server may be faster than it looks, for {}. \
             Compare these by CPU per request.",
            scenario.name,
            bound.join(", ")
        )
    })
}

/// The row, in how many of its trials the client was the bottleneck, and how busy it was.
fn row_bound(row: &Row) -> Option<String> {
    let bound = || row.trials.iter().map(|trial| &trial.client).filter(|client| client.bound);
    let busiest = bound().filter_map(|client| client.busy).reduce(f64::max)?;
    let (n, of) = (bound().count(), row.trials.len());
    Some(format!("{} ({n} of {of} trials, {} busy)", row.name, percent(busiest)))
}

/// The trials in which others had the client's CPU, the worst first, whether or not it was the bottleneck then.
pub(super) fn starved(scenario: &Scenario, shared: bool) -> Option<String> {
    let trials = || scenario.rows.iter().flat_map(|row| row.trials.iter().map(move |trial| (row, trial)));
    let starved = |(row, trial): (&Row, &Trial)| {
        let share = trial.client.starved.filter(|&share| share >= STARVED_MIN)?;
        Some((share, format!("{}, trial {} ({})", row.name, trial.number, percent(share))))
    };
    let mut all: Vec<(f64, String)> = trials().filter_map(starved).collect();
    // The sort is stable: those that are alike stay in the order of the table.
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut named: Vec<String> = all.iter().take(STARVED_NAMED_MAX).map(|(_, name)| name.clone()).collect();
    let more = all.len() - named.len();
    if more > 0 {
        named.push(format!("{more} more"));
    }
    let advice = if shared {
        "Give server and client CPUs of their own"
    } else {
        "Other work on the machine had it: run it again when it is quiet"
    };
    (!all.is_empty()).then(|| {
        format!(
            "{}: the client was without a CPU for part of the time, so the rate may be too low, in {} of {} trials: {}. \
             {advice}.",
            scenario.name,
            all.len(),
            trials().count(),
            named.join("; ")
        )
    })
}
