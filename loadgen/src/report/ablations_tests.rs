use super::*;
use crate::report::sample;

/// The sample's `--spawn`, which takes a bounded pool away, with these rates.
fn scenario(with: (f64, f64, f64), without: (f64, f64, f64)) -> Scenario {
    let mut scenario = sample::document().scenarios.remove(0);
    for (index, (low, median, high)) in [(1, with), (2, without)] {
        scenario.rows[index].qps = Some(Spread { median, low, high, confidence: Some(0.75) });
    }
    scenario.rows[2].without = Some("a bounded pool".into());
    scenario
}

/// A copy of the trials' rates for five trials, from `low` on.
fn five_trials(row: &mut Row, low: f64) {
    let first = row.trials[0].clone();
    row.trials = (0..5).map(|n| Trial { qps: Some(low + f64::from(n)), ..first.clone() }).collect();
}

#[test]
fn a_step_has_the_least_and_the_most_favourable_ends_of_both_intervals() {
    let scenario = scenario((180.0, 200.0, 220.0), (90.0, 100.0, 110.0));
    let found = steps(&scenario);
    assert_eq!(found[0].words(), "2.0x (1.64x to 2.4x), 10 % by chance");
    assert!(!found[0].is_told(), "three trials each can't tell");
    assert_eq!(found[0].compared(), ("100/s".into(), "200/s".into()));
    assert!(note(&found).contains("five can"), "{}", note(&found));
}

#[test]
fn five_trials_that_all_differ_tell() {
    let mut scenario = scenario((180.0, 200.0, 220.0), (90.0, 100.0, 110.0));
    five_trials(&mut scenario.rows[1], 180.0);
    five_trials(&mut scenario.rows[2], 90.0);
    let found = steps(&scenario);
    assert_eq!((found[0].words().as_str(), found[0].is_told()), ("2.0x (1.64x to 2.4x)", true));
    assert_eq!(note(&found), "Each is turned off alone, so they need not add up.");
}

#[test]
fn what_rests_on_a_mechanism_is_off_on_both_sides() {
    let mut scenario = scenario((180.0, 200.0, 220.0), (90.0, 100.0, 110.0));
    let row = |name: &str, without: Option<&str>, median: f64| {
        let mut row = scenario.rows[2].clone();
        (row.name, row.without) = (name.into(), without.map(str::to_owned));
        row.qps = Some(Spread { median, low: median - 1.0, high: median + 1.0, confidence: Some(0.75) });
        row
    };
    let more = [
        row("phase1-threads --spawn --small", Some("a bounded pool and a stack of its own"), 50.0),
        row("phase1-threads --spawn --odd 3", None, 25.0),
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
fn a_step_whose_trials_mix_may_be_chance() {
    let mut scenario = scenario((95.0, 105.0, 115.0), (90.0, 100.0, 110.0));
    five_trials(&mut scenario.rows[1], 98.5);
    five_trials(&mut scenario.rows[2], 97.0);
    let steps = steps(&scenario);
    assert!(!steps[0].is_told());
    // Ranks 3 5 7 9 10 and 1 2 4 6 8: 34 of 55, where 27.5 is the average.
    assert_eq!(steps[0].words(), "1.05x (0.86x to 1.28x), 22 % by chance");
}

#[test]
fn a_single_trial_has_no_interval_and_says_so() {
    let mut scenario = scenario((200.0, 200.0, 200.0), (100.0, 100.0, 100.0));
    scenario.rows[2].qps = scenario.rows[2].qps.map(|qps| Spread { confidence: None, ..qps });
    assert_eq!(steps(&scenario)[0].words(), "2.0x, one trial");
    assert!(!steps(&scenario)[0].is_told());
}

#[test]
fn where_the_client_was_the_bottleneck_cpu_time_is_compared() {
    let mut scenario = scenario((95.0, 105.0, 115.0), (90.0, 100.0, 110.0));
    scenario.rows[1].client.bound = true;
    for (index, us) in [(1, 20.0), (2, 30.0)] {
        let row = &mut scenario.rows[index];
        row.server.cpu_us_per_request = Some(us);
        for (trial, off) in row.trials.iter_mut().zip([-1.0, 0.0, 1.0]) {
            trial.server.cpu_us_per_request = Some(us + off);
        }
    }
    let found = steps(&scenario);
    assert_eq!(found[0].words(), "1.50x (1.38x to 1.63x) by CPU, 10 % by chance");
    assert_eq!(found[0].compared(), ("30.0 µs".into(), "20.0 µs".into()));
    assert!(note(&found).contains("the client was the bottleneck"));

    scenario.rows[1].server.cpu_us_per_request = None;
    assert_eq!(steps(&scenario)[0].words(), "1.05x (0.86x to 1.28x), the client was the bottleneck");
}
