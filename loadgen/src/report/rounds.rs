//! Two rows held against each other round by round.
//!
//! Rows take turns, so the trials of a round had about the same machine. Each round gives one ratio, and what is told
//! is their median: a machine that changes between rounds changes both.

use super::document::{Row, Spread, Trial};
use super::stats::spread;

/// How many times as much of something `over` has as `under`; `None` where no round has it of both.
pub(super) fn ratio(over: &Row, under: &Row, of: fn(&Trial) -> Option<f64>) -> Option<Spread> {
    let ratios = counted(over).filter_map(|trial| {
        let beside = counted(under).find(|other| other.number == trial.number)?;
        Some(of(trial)? / of(beside)?).filter(|ratio| ratio.is_finite() && *ratio > 0.0)
    });
    spread(&ratios.collect::<Vec<_>>())
}

/// Its rate.
pub(super) fn rate(trial: &Trial) -> Option<f64> {
    trial.qps
}

/// What its server spent on a request.
pub(super) fn cpu(trial: &Trial) -> Option<f64> {
    trial.server.cpu_us_per_request
}

/// Whether the client held the server up in most trials, and not only in one.
pub(super) fn is_mostly_bound(row: &Row) -> bool {
    let bound = counted(row).filter(|trial| trial.client.bound).count();
    2 * bound > counted(row).count()
}

fn counted(row: &Row) -> impl Iterator<Item = &Trial> {
    row.trials.iter().filter(|trial| trial.failed.is_none())
}
