//! What became of the connections that a trial held beside those that it measured.

use serde::{Deserialize, Serialize};

use super::document::{Row, Scenario};
use super::format::count;
use crate::engine::CohortOutcome;

/// One kind of them, in one trial.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Held {
    /// What they did: `idle`, `slow-head`, `slow-body`, `slow-reader`.
    pub name: String,
    /// How many there were to be.
    pub connections: usize,
    /// How many were established at the same time, at most.
    pub established_max: usize,
    /// How many were established at the end.
    pub established_at_end: usize,
    /// How often the server closed one; it was opened again.
    pub closed_by_server: u64,
    /// How often it said 408 before that.
    pub timeouts_408: u64,
}

impl Held {
    pub(super) fn of(cohort: &CohortOutcome) -> Self {
        Self {
            name: cohort.kind.name().to_owned(),
            connections: cohort.asked,
            established_max: cohort.established_max,
            established_at_end: cohort.established_at_end,
            closed_by_server: cohort.closed_by_server,
            timeouts_408: cohort.timeouts_408,
        }
    }
}

/// Says where fewer were held than were to be.
pub(super) fn warning(scenario: &Scenario, row: &Row) -> Option<String> {
    let held = row.trials.iter().flat_map(|trial| &trial.held);
    let least = held
        .filter(|held| held.established_max < held.connections)
        .min_by_key(|held| held.established_max)?;
    Some(format!(
        "{}, {}: only {} of {} {} connections could be held beside the active ones. See whether the server has a limit or \
         too few descriptors (ulimit -n).",
        scenario.name,
        row.name,
        count(least.established_max as u64),
        count(least.connections as u64),
        least.name
    ))
}
