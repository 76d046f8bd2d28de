//! What prose quotes of a run, reckoned as the reports reckon it: round by round, and with their doubts.

use super::ablations::{self, factor};
use super::document::{Row, Scenario};
use super::rounds::{self, ratio};

/// What the mechanism is worth that a row has turned off, and what to doubt about it: `5.7x (4.9x to 7.0x) by CPU`. `None` where
/// the row turns none off, or nothing was measured.
pub fn worth(scenario: &Scenario, row: &Row) -> Option<String> {
    ablations::step(scenario, row).map(|step| step.words())
}

/// How many times another row's rate this one's is.
///
/// # Errors
/// When nothing was measured, or the client was the bottleneck of the other row, whose rate says nothing then.
pub fn times_the_rate(row: &Row, before: &Row) -> Result<String, String> {
    if rounds::is_mostly_bound(before) {
        return Err(format!("the client was the bottleneck of {}; compare CPU", before.name));
    }
    let rate = ratio(row, before, rounds::rate).ok_or("no rate was measured")?;
    let least = if rounds::is_mostly_bound(row) { "at least " } else { "" };
    Ok(format!("{least}{}", factor(rate.median)))
}

/// How many times another row's CPU time per request this one's is; `None` where it was not measured.
pub fn times_the_cpu(row: &Row, before: &Row) -> Option<String> {
    ratio(row, before, rounds::cpu).map(|cpu| factor(cpu.median))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn of_a_row_that_the_client_held_up_a_ratio_is_the_least_and_over_it_there_is_none() {
        let mut scenario = sample::document().scenarios.remove(0);
        let told = |scenario: &Scenario| times_the_rate(&scenario.rows[1], &scenario.rows[0]);
        assert!(told(&scenario).is_ok_and(|told| !told.starts_with("at least")));
        scenario.rows[1].trials.iter_mut().for_each(|trial| trial.client.bound = true);
        assert!(told(&scenario).is_ok_and(|told| told.starts_with("at least ")));
        scenario.rows[0].trials.iter_mut().for_each(|trial| trial.client.bound = true);
        assert!(told(&scenario).is_err());
    }

    #[test]
    fn only_a_row_without_a_mechanism_has_a_worth() {
        let full = sample::full();
        let worths = full.scenarios.iter().flat_map(|scenario| {
            scenario.rows.iter().map(move |row| (row.kind.as_str(), worth(scenario, row)))
        });
        let worths: Vec<_> = worths.collect();
        assert!(worths.iter().any(|(kind, worth)| *kind == "ablation" && worth.is_some()), "{worths:?}");
        assert!(worths.iter().all(|(kind, worth)| *kind == "ablation" || worth.is_none()), "{worths:?}");
    }
}
