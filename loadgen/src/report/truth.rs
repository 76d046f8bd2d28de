//! What the original report's 17.2x can and can't have come from, told with this run's numbers.

use std::fmt::Write;

use super::document::{Document, Row, Scenario};
use super::format::{rate, times};

/// The row that the text of the original report describes.
pub(super) const POOL: &str = "phase1-threads";
/// The row that its code describes.
pub(super) const SPAWN: &str = "phase1-threads --spawn";
/// The row that both are compared with.
pub(super) const SERIAL: &str = "phase0-serial";
/// Workers of the original report: no pool of that many is faster than one by more.
pub(super) const WORKERS: u32 = 10;

/// A paragraph, if the run has what it takes: a scenario with the original's figures and a wait.
pub(super) fn paragraph(document: &Document) -> Option<String> {
    document.scenarios.iter().find_map(of_scenario)
}

fn of_scenario(scenario: &Scenario) -> Option<String> {
    let row = |name: &str| scenario.rows.iter().find(|row| row.name == name);
    let (serial, pool) = (row(SERIAL)?, row(POOL)?);
    let (original_serial, original) = (serial.original_qps?, pool.original_qps?);
    let wait_s = scenario.params.wait_ns? as f64 / 1e9;
    let mut text = format!(
        "The original report went from {} to {} requests per second with ten workers: {}. \
         That can't have been the workers. A worker that waits {:.0} ms for each request answers at most {} a \
         second, so ten of them answer at most {}, and never more than ten times what one does ({} x 10 = {}).",
        rate(original_serial),
        rate(original),
        times(original / original_serial),
        wait_s * 1e3,
        rate(1.0 / wait_s),
        rate(f64::from(WORKERS) / wait_s),
        rate(original_serial),
        rate(original_serial * f64::from(WORKERS)),
    );
    if let Some(measured) = measured(pool) {
        let _ = write!(text, " Here the pool of ten reached {measured}.");
    }
    text += " Its code starts a thread for each connection, so that every connection that it has accepted waits at the \
             same time.";
    if let Some(measured) = row(SPAWN).and_then(measured) {
        let _ = write!(text, " That is the row `{SPAWN}`, and it reached {measured}.");
    }
    Some(text)
}

fn measured(row: &Row) -> Option<String> {
    let rate = format!("{}/s", rate(row.qps?.median));
    Some(row.speedup.map_or(rate.clone(), |speedup| format!("{rate}, {} phase 0", times(speedup))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_bound_and_both_rows_are_told() {
        let text = paragraph(&sample::document()).unwrap();
        for part in
            ["17.2x", "at most 5,000", "459 x 10 = 4,590", "4,300/s, 9.6x phase 0", "6,800/s, 15.1x phase 0"]
        {
            assert!(text.contains(part), "'{part}' is missing in: {text}");
        }
    }

    #[test]
    fn a_run_without_the_rows_says_nothing() {
        let mut document = sample::document();
        document.scenarios[0].rows.remove(0);
        assert_eq!(paragraph(&document), None);
    }
}
