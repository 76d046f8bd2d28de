use proptest::prelude::*;

use super::*;
use crate::attack::max_rate::step::Broken;

/// A try at that rate which held, or did not.
fn step(rate_per_sec: f64, holds: bool) -> Step {
    Step {
        rate_per_sec,
        answered_per_sec: rate_per_sec,
        reached: 1.0,
        p50_ns: Some(1),
        p99_ns: Some(1),
        promised_ns: Some(1),
        failed: 0,
        failure: None,
        overdue: 0,
        broken: (!holds).then_some(Broken::TooSlow),
        client: None,
    }
}

/// A server that is fast up to `capacity_per_sec`.
fn against(capacity_per_sec: f64, first_per_sec: f64) -> Found {
    search(first_per_sec, |rate| Ok(Some(step(rate, rate <= capacity_per_sec)))).unwrap()
}

/// The same server, which is gone after so many steps.
fn against_one_that_dies(steps: usize, capacity_per_sec: f64) -> Result<Found, AttackError> {
    let mut left = steps;
    search(1_000.0, |rate| {
        left = left.checked_sub(1).ok_or(AttackError::Died("it died".into()))?;
        Ok(Some(step(rate, rate <= capacity_per_sec)))
    })
}

#[test]
fn it_comes_close_from_below_and_from_above() {
    for (capacity, first) in
        [(17_300.0, 1_000.0), (140.0, 1_000.0), (1_000.0, 1_000.0), (0.05, 1.0), (9.0, 2.0)]
    {
        let found = against(capacity, first);
        let rate = found.rate_per_sec.unwrap();
        assert!(rate <= capacity && rate >= capacity * 0.95, "{rate} of {capacity}");
        assert!(found.steps.len() < 30, "{}", found.steps.len());
        assert!(found.ended.is_none(), "{:?}", found.ended);
    }
}

#[test]
fn one_hiccup_is_forgiven() {
    let mut hiccup = true;
    let found = search(1_000.0, |rate| {
        let slow = std::mem::take(&mut hiccup) || rate > 4_000.0;
        Ok(Some(step(rate, !slow)))
    });
    let found = found.unwrap();
    assert!(found.rate_per_sec >= Some(3_900.0), "{:?}", found.rate_per_sec);
}

#[test]
fn a_search_that_has_no_rate_left_to_try_says_why() {
    for (capacity, first, rate, why) in [
        (f64::INFINITY, 1_000.0, Some(1_000.0 * 16_384.0), "doubled 14 times; begin with a higher one"),
        (f64::INFINITY, 70e6, Some(RATE_MAX), "100,000,000 per second is the highest"),
        (f64::INFINITY, RATE_MAX, Some(RATE_MAX), "100,000,000 per second is the highest"),
        (0.0, 1_000.0, None, "halved 14 times; begin with a lower one"),
        (0.0, 0.003, None, "0.001 per second is the lowest"),
        (0.0, RATE_MIN, None, "0.001 per second is the lowest"),
    ] {
        let found = against(capacity, first);
        assert_eq!(found.rate_per_sec, rate);
        assert!(matches!(&found.ended, Some(Ended::Exhausted(text)) if text.contains(why)), "{found:?}");
        assert!(found.steps.len() <= 2 * (DOUBLINGS_MAX + 1), "{}", found.steps.len());
    }
}

#[test]
fn an_interrupted_search_returns_what_it_has() {
    let mut left = 2;
    let found = search(1_000.0, |rate| {
        left -= 1;
        Ok((left >= 0).then(|| step(rate, true)))
    });
    let found = found.unwrap();
    assert_eq!((found.rate_per_sec, found.steps.len()), (Some(2_000.0), 2));
    assert!(matches!(found.ended, Some(Ended::Interrupted)));
}

#[test]
fn a_server_that_dies_leaves_what_was_found_until_then() {
    // While doubling, before the second try of a rate, and while halving the gap.
    for (steps, found_per_sec, broken_per_sec, died_at) in
        [(2, 2_000.0, None, "4,000"), (4, 4_000.0, None, "8,000"), (5, 4_000.0, Some(8_000.0), "6,000")]
    {
        let found = against_one_that_dies(steps, 5_500.0).unwrap();
        assert_eq!((found.rate_per_sec, found.steps.len()), (Some(found_per_sec), steps));
        assert_eq!(found.broken_per_sec, broken_per_sec);
        assert_eq!(found.ended.unwrap().to_string(), format!("at {died_at} requests per second: it died"));
    }
    // There is nothing to show.
    assert!(matches!(against_one_that_dies(0, 5_500.0), Err(AttackError::Died(_))));
}

#[test]
fn only_the_rate_above_the_answer_may_be_the_clients_limit() {
    let blamed = |rate, why: Option<&str>| Step { client: why.map(str::to_owned), ..step(rate, false) };
    let found = |steps: Vec<Step>| Found {
        rate_per_sec: Some(1_500.0),
        broken_per_sec: Some(2_000.0),
        steps,
        ended: None,
    };
    let far = vec![blamed(4_000.0, Some("far")), blamed(2_000.0, None), blamed(2_000.0, None)];
    assert_eq!(found(far).client_limit(), None, "the server has broken the rate that counts");
    let near = vec![blamed(4_000.0, None), blamed(2_000.0, Some("busy")), blamed(2_000.0, Some("busier"))];
    assert_eq!(found(near).client_limit(), Some((2_000.0, "busier")));
    let once = vec![blamed(2_000.0, Some("busy")), blamed(2_000.0, None)];
    assert_eq!(found(once).client_limit(), None, "a client that had time enough saw it broken, too");
}

proptest! {
    #[test]
    fn no_rate_is_tried_that_can_not_be_fired(first in -3.0..8.0_f64, capacity in -5.0..10.0_f64) {
        let first = 10_f64.powf(first).clamp(RATE_MIN, RATE_MAX);
        let capacity = 10_f64.powf(capacity);
        let found = against(capacity, first);
        for step in &found.steps {
            prop_assert!((RATE_MIN..=RATE_MAX).contains(&step.rate_per_sec), "{}", step.rate_per_sec);
        }
        prop_assert!(found.rate_per_sec.is_none_or(|rate| rate <= capacity));
        prop_assert!(found.broken_per_sec.is_none_or(|rate| rate > capacity));
        prop_assert!(found.steps.len() <= 2 * (DOUBLINGS_MAX + 1 + BISECTIONS));
    }
}
