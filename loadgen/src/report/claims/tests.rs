use super::*;
use crate::report::document::Spread;
use crate::report::sample;

fn of<'a>(claims: &'a [Claim], part: &str) -> &'a Claim {
    claims.iter().find(|claim| claim.said.contains(part)).unwrap_or_else(|| panic!("no claim says '{part}'"))
}

#[test]
fn the_reference_run_answers_every_claim() {
    let claims = claims(&sample::reference());
    let verdicts: Vec<_> = claims.iter().map(|claim| (claim.said.as_str(), claim.verdict)).collect();
    assert_eq!(
        verdicts,
        [
            ("10x from ten threads", Verdict::Holds),
            ("17.2x with ten workers", Verdict::DoesNot),
            ("1,000 connections at the same time", Verdict::Holds),
            ("100 % success", Verdict::Holds),
            ("answers within 1 ms", Verdict::DoesNot),
            ("stable memory", Verdict::Holds),
            ("20,000 requests/s (phase2-async)", Verdict::Holds),
            ("50,000 requests/s (phase3-pooled)", Verdict::DoesNot),
            ("100,000 requests/s (phase4-keepalive)", Verdict::Holds),
        ]
    );
    let keep = of(&claims, "100,000");
    assert_eq!(keep.shown, "26,304/s in reference, 168,000/s in kept");
    assert_eq!(keep.why, "in kept: all of its interval is beyond it");
}

#[test]
fn a_client_that_held_the_server_up_leaves_a_claim_open() {
    let mut document = sample::reference();
    for scenario in &mut document.scenarios {
        for row in &mut scenario.rows {
            row.server.cpu_us_per_request = None;
        }
    }
    let claims = claims(&document);
    let claim = of(&claims, "50,000");
    assert_eq!(claim.verdict, Verdict::CantTell);
    assert!(claim.why.contains("the load generator was the bottleneck"), "{}", claim.why);
}

/// Gives the pool of ten this interval over a serial server of exactly 450.
fn with_pool(low: f64, median: f64, high: f64) -> Vec<Claim> {
    let mut document = sample::document();
    let spread = |low, median, high| Some(Spread { median, low, high, confidence: Some(0.75) });
    document.scenarios[0].rows[0].qps = spread(450.0, 450.0, 450.0);
    document.scenarios[0].rows[1].qps = spread(low, median, high);
    claims(&document)
}

#[test]
fn noise_neither_confirms_nor_refutes_a_factor() {
    let verdicts = |claims: &[Claim]| [of(claims, "10x").verdict, of(claims, "17.2x").verdict];
    assert_eq!(verdicts(&with_pool(4_400.0, 4_500.0, 4_600.0)), [Verdict::Holds, Verdict::DoesNot]);
    assert_eq!(verdicts(&with_pool(1_000.0, 4_500.0, 8_000.0)), [Verdict::CantTell, Verdict::CantTell]);
    assert_eq!(verdicts(&with_pool(3_500.0, 3_600.0, 3_700.0)), [Verdict::DoesNot, Verdict::DoesNot]);
    assert_eq!(verdicts(&with_pool(7_750.0, 7_800.0, 7_900.0)), [Verdict::Holds, Verdict::Holds]);
}

#[test]
fn a_factor_over_what_the_client_held_up_is_left_open() {
    let mut document = sample::document();
    let spread = |qps: f64| Some(Spread { median: qps, low: qps, high: qps, confidence: Some(0.75) });
    document.scenarios[0].rows[0].qps = spread(450.0);
    document.scenarios[0].rows[1].qps = spread(4_500.0);
    assert_eq!(of(&claims(&document), "10x").verdict, Verdict::Holds);
    document.scenarios[0].rows[0].client.bound = true;
    let claims = claims(&document);
    let claim = of(&claims, "10x");
    assert_eq!(claim.verdict, Verdict::CantTell);
    assert!(claim.why.contains("what it is compared to"), "{}", claim.why);
}

#[test]
fn a_target_is_reached_by_all_of_the_interval_or_it_is_not_told() {
    let verdict = |low: f64, median: f64, high: f64, confidence: Option<f64>| {
        let mut document = sample::document();
        let row = &mut document.scenarios[0].rows[0];
        row.target_qps = Some(400.0);
        row.qps = Some(Spread { median, low, high, confidence });
        let claim = of(&claims(&document), "400 requests/s").clone();
        (claim.verdict, claim.why)
    };
    let (all, why) = verdict(401.0, 450.0, 460.0, Some(0.75));
    assert_eq!((all, why.as_str()), (Verdict::Holds, "all of its interval is beyond it"));
    assert_eq!(verdict(390.0, 450.0, 460.0, Some(0.75)).0, Verdict::CantTell);
    assert_eq!(verdict(380.0, 390.0, 395.0, Some(0.75)).0, Verdict::DoesNot);
    let (single, why) = verdict(450.0, 450.0, 450.0, None);
    assert_eq!(single, Verdict::Holds);
    assert!(why.contains("take it as a hint"), "{why}");
}

#[test]
fn a_run_with_few_connections_judges_no_claim_about_many() {
    let mut document = sample::reference();
    document.scenarios.iter_mut().for_each(|scenario| scenario.params.connections = 8);
    for row in document.scenarios.iter_mut().flat_map(|scenario| &mut scenario.rows) {
        if let Some(qps) = &mut row.qps {
            (qps.low, qps.median, qps.high) = (qps.low / 20.0, qps.median / 20.0, qps.high / 20.0);
        }
    }
    let claims = claims(&document);
    for part in ["10x", "17.2x", "20,000", "50,000", "100,000"] {
        let claim = of(&claims, part);
        assert_eq!(claim.verdict, Verdict::CantTell, "{claim:?}");
        assert!(claim.why.contains("only 8 connections"), "{claim:?}");
    }
}

#[test]
fn one_failed_request_is_not_100_percent() {
    let mut document = sample::document();
    document.scenarios[0].rows[0].requests.failed = 1;
    let claims = claims(&document);
    let claim = of(&claims, "success");
    assert_eq!((claim.verdict, claim.shown.as_str()), (Verdict::DoesNot, "99.98 % of 9,001 requests"));
}

#[test]
fn fewer_connections_than_claimed_tell_nothing() {
    let mut document = sample::document();
    document.scenarios[0].params.connections = 200;
    document.scenarios[0].rows.iter_mut().for_each(|row| row.client.connections_established = Some(200));
    assert_eq!(of(&claims(&document), "connections").verdict, Verdict::CantTell);
}

#[test]
fn memory_that_grows_in_the_second_half_of_every_trial_is_not_stable() {
    let mut document = sample::document();
    let mut claim = |growths: [i64; 3]| {
        let spawn = &mut document.scenarios[0].rows[2];
        for (trial, growth) in spawn.trials.iter_mut().zip(growths) {
            trial.server.rss_growth_bytes = Some(growth);
        }
        of(&claims(&document), "memory").clone()
    };
    let shrunk = claim([-(6 << 20), 0, 0]);
    assert_eq!(shrunk.verdict, Verdict::Holds);
    assert!(shrunk.shown.contains("at most 0.0 MiB more in the last 1.50 s"), "{}", shrunk.shown);
    assert_eq!(claim([1 << 20, 0, 0]).verdict, Verdict::Holds);
    assert_eq!(claim([50 << 20, 0, 0]).verdict, Verdict::CantTell);
    let leak = claim([1 << 20, 1 << 19, 1 << 20]);
    assert_eq!(
        (leak.verdict, leak.why.as_str()),
        (Verdict::DoesNot, "it grew in every trial, by 0.5 MiB at the least")
    );
    assert!(leak.shown.contains("phase1-threads --spawn"), "{}", leak.shown);
}

#[test]
fn memory_that_nobody_looked_at_is_not_judged() {
    assert_eq!(of(&claims(&sample::document()), "memory").verdict, Verdict::CantTell);
}

#[test]
fn the_row_that_the_originals_code_describes_is_judged_with_the_phases() {
    let mut document = sample::reference();
    let spawn =
        document.scenarios[0].rows.iter_mut().find(|row| row.name == "phase1-threads --spawn").unwrap();
    spawn.requests.failed = 100_000;
    spawn.client.connections_established = Some(500);
    let all = claims(&document);
    assert_eq!([of(&all, "success").verdict, of(&all, "connections at").verdict], [Verdict::DoesNot; 2]);
    let mut document = sample::reference();
    let kept = document.scenarios.iter_mut().find(|scenario| scenario.name == "kept").unwrap();
    kept.rows[0].requests.failed = 1;
    assert_eq!(of(&claims(&document), "success").verdict, Verdict::DoesNot);
}

#[test]
fn a_run_of_something_else_answers_nothing() {
    let mut document = sample::document();
    document.scenarios[0].rows.iter_mut().for_each(|row| row.original_qps = None);
    assert!(table(&document).is_none());
}
