//! Sentences that Markdown and HTML share.

use std::collections::BTreeSet;

use super::document::{Bare, Document, Scenario};
use super::format::{NONE, duration, percent, rate};
use super::terminal::heading;
use super::warnings::in_flight;

/// How a scenario was fired, without its name.
pub(super) fn fired(scenario: &Scenario) -> String {
    let heading = heading(scenario);
    heading.strip_prefix(&format!("{}: ", scenario.name)).unwrap_or(&heading).to_owned() + "."
}

/// Who should win, said so that it is not taken for what was measured.
pub(super) fn should_win(scenario: &Scenario) -> Option<String> {
    scenario.wins.as_ref().map(|wins| format!("Should win: {wins}"))
}

/// How to read the latencies.
pub(super) fn littles_law(scenario: &Scenario) -> String {
    format!(
        "By Little's law, rate x mean latency is the number of requests under way; {} were asked for. \
         Closed loop: a client that waits for a slow answer sends no other one meanwhile.",
        rate(in_flight(scenario)),
    )
}

/// What bounds the rows of a scenario, each with the reckoning behind it.
pub(super) fn ceilings(scenario: &Scenario) -> Vec<(String, String)> {
    let of = |row: &super::Row| Some((row.name.clone(), row.ceiling.as_ref()?.why.clone()?));
    scenario.rows.iter().filter_map(of).collect()
}

/// What this kernel can do without HTTP, in sentences; none where it was not measured.
pub(super) fn floor(document: &Document) -> Vec<String> {
    let Some(floor) = document.floor else { return Vec::new() };
    let bare = |what: &str, bare: Bare| {
        format!(
            "{what}: {} a second, {:.1} µs of CPU each time, both sides together.",
            rate(bare.per_sec),
            bare.cpu_us
        )
    };
    let cycle = floor
        .connection_cycle
        .map(|cost| bare("A TCP connection opened, one byte there and one back, closed by both", cost));
    let exchange =
        floor.exchange.map(|cost| bare("One byte there and one back on a connection that stays", cost));
    let timer = floor.timer_late_ns.map(|late| {
        format!(
            "A timer of a millisecond wakes a thread {} late (the median; one in a hundred {} or more).",
            duration(late.p50),
            duration(late.p99)
        )
    });
    [cycle, exchange, timer].into_iter().flatten().collect()
}

/// What others did to the machine meanwhile, at worst; `None` where nothing was looked at.
pub(super) fn weather(document: &Document) -> Option<String> {
    let all = || {
        let rows = document.scenarios.iter().flat_map(|scenario| &scenario.rows);
        rows.flat_map(|row| &row.trials).map(|trial| trial.weather)
    };
    let steal = all()
        .filter_map(|weather| weather.steal)
        .reduce(f64::max)
        .map(|steal| format!("a hypervisor gave {} of the CPU time to somebody else", percent(steal)));
    // Later ones have the lab itself in the minute before.
    let load = all()
        .next()
        .and_then(|weather| weather.load)
        .map(|load| format!("{load:.1} processes were ready to run in the minute before the first trial"));
    let throttled = all()
        .filter_map(|weather| weather.throttled_ns)
        .max()
        .filter(|&ns| ns > 0)
        .map(|ns| format!("a limit on the control group held processes up for {}", duration(ns)));
    let parts: Vec<_> = [steal, load, throttled].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("At worst, in any trial: {}.", parts.join("; ")))
}

/// How the figures came about.
pub(super) fn method(document: &Document) -> String {
    let confidences = document.scenarios.iter().flat_map(|s| &s.rows).filter_map(|row| row.qps?.confidence);
    let interval = match confidences.reduce(f64::min) {
        None => "There was one trial for each row, so there is no interval.".to_owned(),
        Some(least) => format!(
            "Low and high are order statistics of the trials; such an interval holds the true median at least \
             {} of the time{}.",
            percent(least),
            if least < 0.95 {
                " (with fewer than six trials they are simply the lowest and the highest)"
            } else {
                ""
            }
        ),
    };
    format!(
        "Each trial is a fresh server process, warmed up before anything is counted, and the servers take turns, \
         every second round backwards. The rate is the median over trials. {interval} Latencies are those of all \
         trials merged. The speed-up is relative to `phase0-serial` in the same scenario. Server CPU is exact; its \
         split into user and system is sampled, about a thousand times a second, and ± is one standard deviation. \
         Allocations and system calls are counted apart from the trials, because counting takes time. {NONE} means \
         not measured, never zero. Compare only within one run: the next one may find the machine in another mood."
    )
}

/// Why some of the costs are not there, each reason once.
pub(super) fn missing(scenario: &Scenario) -> Vec<String> {
    let reasons: BTreeSet<_> = scenario.rows.iter().flat_map(|row| &row.missing).collect();
    reasons.into_iter().map(|why| format!("{NONE}: {why}.")).collect()
}

/// The titles of the sections that both have.
pub(super) const WARNINGS: &str = "Before you believe it";
pub(super) const CLAIMS: &str = "What the original report claimed";
pub(super) const TRUTH: &str = "The truth about 17.2x";
pub(super) const FLOOR: &str = "The floor";
pub(super) const METHOD: &str = "How it was measured";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_limit_that_held_nothing_up_is_not_told_of() {
        let mut document = sample::document();
        document.scenarios[0].rows[0].trials[0].weather.steal = Some(0.0);
        document.scenarios[0].rows[0].trials[0].weather.throttled_ns = Some(0);
        let told = weather(&document).unwrap();
        assert!(!told.contains("limit") && told.contains("0 % of the CPU time"), "{told}");
        document.scenarios[0].rows[1].trials[0].weather.throttled_ns = Some(7_400_000);
        assert!(
            weather(&document).unwrap().contains("held processes up for 7.40 ms"),
            "{:?}",
            weather(&document)
        );
    }
}
