use super::*;
use crate::report::document::{Spread, Trial};
use crate::report::sample;
use crate::report::stats::spread;

/// The sample's `--spawn`, which takes a bounded pool away, with so many trials at these rates.
fn scenario(with: &[f64], without: &[f64]) -> Scenario {
    let mut scenario = sample::document().scenarios.remove(0);
    scenario.rows[2].without = Some("a bounded pool".into());
    for (index, rates) in [(1, with), (2, without)] {
        set(&mut scenario.rows[index], rates);
    }
    scenario
}

/// Has the row these trials, by rate; CPU time is what one CPU has for a request then.
fn set(row: &mut Row, rates: &[f64]) {
    let first = row.trials[0].clone();
    let trial = |(index, &qps): (usize, &f64)| {
        let mut trial = Trial { number: index + 1, qps: Some(qps), ..first.clone() };
        trial.server.cpu_us_per_request = Some(1e6 / qps);
        trial
    };
    row.trials = rates.iter().enumerate().map(trial).collect();
    row.qps = spread(rates);
    row.server.cpu_us_per_request = row.qps.map(|qps: Spread| 1e6 / qps.median);
}

const SIX: [f64; 6] = [200.0, 202.0, 204.0, 206.0, 208.0, 210.0];

#[test]
fn six_rounds_that_agree_tell_what_a_mechanism_is_worth() {
    let half = SIX.map(|rate| rate / 2.0);
    let scenario = scenario(&SIX, &half);
    let found = steps(&scenario);
    assert_eq!((found[0].words().as_str(), found[0].is_told()), ("2.0x (2.0x to 2.0x)", true));
    assert_eq!(found[0].compared(), ("102/s".into(), "205/s".into()));
    assert!(!note(&found).contains("--trials 6"), "{}", note(&found));
}

#[test]
fn a_machine_that_changes_between_rounds_changes_both() {
    // Each round is worth 1.1, though the rates of the two overlap.
    let with = [200.0, 400.0, 100.0, 300.0, 250.0, 150.0];
    let scenario = scenario(&with, &with.map(|rate| rate / 1.1));
    assert_eq!(steps(&scenario)[0].words(), "1.10x (1.10x to 1.10x)");
}

#[test]
fn three_trials_are_too_few_and_say_how_many_are_not() {
    let slightly = scenario(&SIX[..3], &[180.0, 182.0, 184.0]);
    let found = steps(&slightly);
    assert_eq!(found[0].words(), "1.11x (1.11x to 1.11x), too few trials");
    assert!(!found[0].is_told() && note(&found).contains("--trials 6"), "{}", note(&found));
    assert!(steps(&scenario(&SIX[..3], &[100.0, 101.0, 102.0]))[0].is_told(), "twice as good is no noise");
}

#[test]
fn an_interval_that_holds_1_may_be_chance() {
    let scenario = scenario(&SIX, &[210.0, 190.0, 210.0, 190.0, 210.0, 190.0]);
    let found = steps(&scenario);
    assert_eq!(found[0].words(), "1.03x (0.95x to 1.11x), may be chance");
    assert!(!found[0].is_told());
}

#[test]
fn a_single_trial_has_no_interval_and_says_so() {
    let scenario = scenario(&[200.0], &[100.0]);
    assert_eq!(steps(&scenario)[0].words(), "2.0x, one trial");
    assert!(!steps(&scenario)[0].is_told());
}

#[test]
fn what_rests_on_a_mechanism_is_off_on_both_sides() {
    let mut scenario = scenario(&SIX, &SIX.map(|rate| rate / 2.0));
    let row = |name: &str, without: Option<&str>, part: f64| {
        let mut row = scenario.rows[2].clone();
        (row.name, row.without) = (name.into(), without.map(str::to_owned));
        set(&mut row, &SIX.map(|rate| rate / part));
        row
    };
    let more = [
        row("phase1-threads --spawn --small", Some("a bounded pool and a stack of its own"), 4.0),
        row("phase1-threads --spawn --odd 3", None, 8.0),
    ];
    scenario.rows.extend(more);
    let found = steps(&scenario);
    let told: Vec<_> =
        found.iter().map(|step| (step.base.name.as_str(), step.mechanism.as_str(), step.worth)).collect();
    assert_eq!(
        told,
        [
            ("phase1-threads", "1: a bounded pool", 2.0),
            ("phase1-threads --spawn", "1, without a bounded pool: a stack of its own", 2.0),
            ("phase1-threads --spawn", "1, without a bounded pool: what --odd 3 changes", 4.0),
        ]
    );
    assert!(note(&found).contains("off on both sides"), "{}", note(&found));
}

#[test]
fn where_the_client_was_the_bottleneck_of_most_trials_cpu_time_is_compared() {
    let mut scenario = scenario(&SIX, &SIX.map(|rate| rate / 1.5));
    scenario.rows[1].trials[0].client.bound = true;
    assert_eq!(steps(&scenario)[0].words(), "1.50x (1.50x to 1.50x)");
    scenario.rows[1].trials.iter_mut().for_each(|trial| trial.client.bound = true);
    let found = steps(&scenario);
    assert_eq!(found[0].words(), "1.50x (1.50x to 1.50x) by CPU");
    assert!(note(&found).contains("the client was the bottleneck"));

    scenario.rows[1].server.cpu_us_per_request = None;
    assert_eq!(steps(&scenario)[0].words(), "1.50x (1.50x to 1.50x), the client was the bottleneck");
}
