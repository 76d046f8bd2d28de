use super::*;
use crate::gate::outcome::SCHEMA;
use crate::measure::Machine;

fn metric(name: &str, values: (f64, f64), change: Option<[f64; 3]>, verdict: Option<&str>) -> Compared {
    Compared {
        metric: name.into(),
        base: Some(values.0),
        candidate: Some(values.1),
        change_percent: change.map(|change| change[0]),
        low_percent: change.map(|change| change[1]),
        high_percent: change.map(|change| change[2]),
        confidence: change.map(|_| 0.96),
        control_percent: change.map(|_| 0.1),
        limit: verdict.map(|_| 2.0),
        max: None,
        verdict: verdict.map(str::to_owned),
    }
}

fn outcome(metrics: Vec<Compared>, verdict: &str) -> Outcome {
    Outcome {
        schema: SCHEMA.into(),
        started_at: "2026-01-02T03:04:05Z".into(),
        base: Side { name: "3f2a1c9 (main~1)".into(), commit: Some("3f2a1c9".into()), dirty: None },
        candidate: Side { name: "this build".into(), commit: Some("0123456".into()), dirty: Some(true) },
        machine: Machine::here(),
        scenario: "plaintext".into(),
        verdict: verdict.into(),
        partial: false,
        withdrawn: None,
        notes: Vec::new(),
        servers: vec![Server {
            name: "phase3-pooled".into(),
            blocks: 40,
            metrics,
            missing: Vec::new(),
            trials: Vec::new(),
        }],
    }
}

fn slower() -> Outcome {
    let metrics = vec![
        metric("cpu_us_per_request", (24.4, 26.1), Some([7.1, 5.2, 9.0]), Some("slower")),
        metric("requests_per_sec", (25_292.0, 24_800.0), Some([-1.9, -3.0, 0.2]), Some("cannot tell")),
        metric("p99_ns", (3.1e6, 3.2e6), Some([3.0, -8.0, 12.0]), None),
        metric("allocations_per_request", (0.0, 1.0), None, Some("more")),
        metric("syscalls_at_rest_per_request", (9.72, 8.7), None, Some("fewer")),
    ];
    outcome(metrics, "slower")
}

#[test]
fn a_regression_is_named_with_its_effect_and_its_interval() {
    let text = text(&slower(), 100);
    for part in [
        "this build at 0123456, with changes against 3f2a1c9 (main~1), in plaintext\n",
        "phase3-pooled (40 blocks)\n",
        "  CPU per request          24.40 µs → 26.10 µs  +7.1 % [+5.2, +9.0]   slower\n",
        "  p99                        3.10 ms → 3.20 ms  +3.0 % [-8.0, +12.0]  shown only\n",
        "phase3-pooled: CPU per request +7.1 % [+5.2, +9.0], slower (limit 2 %)\n",
        "phase3-pooled: allocations per request 0 → 1, more than the base has\n",
        "system calls at rest 9.72 → 8.70, fewer than the base has. Tighten the limit",
        "Verdict: slower.\n",
    ] {
        assert!(text.contains(part), "'{part}' is missing in\n{text}");
    }
}

#[test]
fn it_fits_a_narrow_terminal() {
    let text = text(&slower(), 60);
    let longest = text.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(60), "{longest:?} in\n{text}");
}

#[test]
fn what_can_not_be_told_says_what_would_help() {
    let noisy = metric("cpu_us_per_request", (24.4, 24.9), Some([2.0, -5.0, 9.0]), Some("cannot tell"));
    let open = text(&outcome(vec![noisy.clone()], "cannot tell"), 100);
    assert!(open.contains("cannot be told of phase3-pooled") && open.contains("--budget"), "{open}");
    let mut withdrawn = outcome(vec![noisy], "cannot tell");
    withdrawn.withdrawn =
        Some("phase3-pooled: the base differs from itself by +9.0 % in CPU per request".into());
    let withdrawn = text(&withdrawn, 100);
    assert!(withdrawn.contains("No time is judged") && !withdrawn.contains("--budget"), "{withdrawn}");
}
