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

#[test]
fn a_step_has_the_least_and_the_most_favourable_ends_of_both_intervals() {
    let scenario = scenario((180.0, 200.0, 220.0), (90.0, 100.0, 110.0));
    let steps = steps(&scenario);
    assert_eq!(steps[0].words(), "2.0x (1.64x to 2.4x)");
    assert!(steps[0].is_told());
    assert_eq!(steps[0].compared(), ("100/s".into(), "200/s".into()));
}

#[test]
fn a_step_whose_interval_holds_1_may_be_chance() {
    let scenario = scenario((95.0, 105.0, 115.0), (90.0, 100.0, 110.0));
    let steps = steps(&scenario);
    assert!(!steps[0].is_told());
    assert_eq!(steps[0].words(), "1.05x (0.86x to 1.28x), may be chance");
    assert!(note(&steps).contains("holds 1"));
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
    assert_eq!(found[0].words(), "1.50x (1.38x to 1.63x) by CPU");
    assert_eq!(found[0].compared(), ("30.0 µs".into(), "20.0 µs".into()));
    assert!(note(&found).contains("the client was the bottleneck"));

    scenario.rows[1].server.cpu_us_per_request = None;
    assert_eq!(steps(&scenario)[0].words(), "1.05x (0.86x to 1.28x), the client was the bottleneck");
}
