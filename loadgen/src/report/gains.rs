//! What each phase bought over the one before it: by how much its rate is higher, and what a request costs it.

use super::ablations::factor;
use super::document::{Row, Scenario, Spread};
use super::format::{NONE, or_none};
use super::rounds::{self, ratio};
use super::tables::{Cell, Table};

/// A row for each phase but the first; `None` where there is only one.
pub(super) fn table(scenario: &Scenario) -> Option<Table> {
    let phases: Vec<&Row> = scenario.rows.iter().filter(|row| row.kind == "phase").collect();
    let rows: Vec<Vec<Cell>> = phases.windows(2).map(|pair| gain(pair[1], pair[0])).collect();
    let titles = vec!["phase", "over", "times the rate", "low–high", "times the CPU", "low–high"];
    (!rows.is_empty()).then_some(Table { titles, left: 2, rows })
}

fn gain(row: &Row, before: &Row) -> Vec<Cell> {
    let rate = ratio(row, before, rounds::rate);
    let cpu = ratio(row, before, rounds::cpu);
    // What held it up was not the phase, so it may do better. Where both were held up the ratio says nothing.
    let least = match (rounds::is_mostly_bound(row), rounds::is_mostly_bound(before)) {
        (true, false) => "at least ",
        _ => "",
    };
    let both = rounds::is_mostly_bound(row) && rounds::is_mostly_bound(before);
    let shown = if both {
        "the client's".to_owned()
    } else {
        or_none(rate, |rate| format!("{least}{}", factor(rate.median)))
    };
    vec![
        Cell::Code(row.name.clone()),
        Cell::Code(before.name.clone()),
        Cell::Strong(shown),
        Cell::Text(interval(rate.filter(|_| !both))),
        Cell::Strong(or_none(cpu, |cpu| factor(cpu.median))),
        Cell::Text(interval(cpu)),
    ]
}

fn interval(spread: Option<Spread>) -> String {
    match spread {
        Some(Spread { low, high, confidence: Some(_), .. }) => format!("{}–{}", factor(low), factor(high)),
        _ => NONE.into(),
    }
}

/// How to read it.
pub(super) const NOTE: &str = "Round by round: the median over trials of one phase against the one before it. CPU is \
                               that of the server per request, so less than 1x is a gain. Where the client was the \
                               bottleneck of a phase its rate is the least that it can do, and of two such phases the \
                               rates are the client's and only CPU tells.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn words(scenario: &Scenario) -> Vec<Vec<String>> {
        let text = |cell: &Cell| match cell {
            Cell::Code(text) | Cell::Text(text) | Cell::Strong(text) => text.clone(),
            Cell::Gauge(..) => String::new(),
        };
        table(scenario).unwrap().rows.iter().map(|row| row.iter().map(text).collect()).collect()
    }

    #[test]
    fn a_phase_is_held_against_the_one_before_it_round_by_round() {
        let mut scenario = sample::document().scenarios.remove(0);
        for (index, factor) in [(0, 1.0), (1, 10.0)] {
            for (trial, mood) in scenario.rows[index].trials.iter_mut().zip([1.0, 2.0, 4.0]) {
                trial.qps = Some(450.0 * factor * mood);
                trial.server.cpu_us_per_request = Some(40.0 / mood / if factor > 1.0 { 1.25 } else { 1.0 });
            }
        }
        let expected = ["phase1-threads", "phase0-serial", "10.0x", "10.0x–10.0x", "0.80x", "0.80x–0.80x"];
        assert_eq!(words(&scenario), [expected]);
    }

    #[test]
    fn a_rate_that_the_client_held_up_is_the_least_and_of_two_it_says_nothing() {
        let mut scenario = sample::document().scenarios.remove(0);
        scenario.rows[1].trials.iter_mut().for_each(|trial| trial.client.bound = true);
        assert!(words(&scenario)[0][2].starts_with("at least "), "{:?}", words(&scenario));
        scenario.rows[0].trials.iter_mut().for_each(|trial| trial.client.bound = true);
        assert_eq!(words(&scenario)[0][2..4], ["the client's", NONE]);
        scenario.rows.truncate(1);
        assert!(table(&scenario).is_none());
    }
}
