use std::path::Path;

use super::*;
use crate::report::{self, Row};

const ALL: Wanted<'_> = Wanted { phases: &[], scenario: None };

/// The run that is kept in the repository.
fn reference(name: &str) -> Saved {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("results/reference");
    Saved { name: name.into(), document: report::read(&folder).unwrap(), note: None }
}

fn judged(base: &Saved, candidate: &Saved, wanted: Wanted<'_>) -> Outcome {
    judge(&Told::of(base, wanted), &Told::of(candidate, wanted), &Policy::built_in().unwrap()).unwrap()
}

/// A row of the reference run's.
fn row<'a>(saved: &'a mut Saved, scenario: &str, name: &str) -> &'a mut Row {
    let scenario = saved.document.scenarios.iter_mut().find(|each| each.name == scenario).unwrap();
    scenario.rows.iter_mut().find(|row| row.name == name).unwrap()
}

fn verdicts(outcome: &Outcome, verdict: &str) -> Vec<String> {
    let metrics =
        outcome.servers.iter().flat_map(|server| server.metrics.iter().map(move |metric| (server, metric)));
    let said = metrics.filter(|(_, metric)| metric.verdict.as_deref() == Some(verdict));
    said.map(|(server, metric)| format!("{}: {}", server.name, metric.metric)).collect()
}

#[test]
fn a_run_has_the_same_counts_as_itself_and_no_verdict_on_times() {
    let outcome = judged(&reference("before"), &reference("after"), ALL);
    let rows = reference("before").document.scenarios.iter().map(|scenario| scenario.rows.len()).sum();
    assert_eq!((outcome.verdict.as_str(), outcome.servers.len()), ("not slower", rows));
    assert_eq!(outcome.scenario, "reference, kept, plaintext, pipelined");
    for server in &outcome.servers {
        assert!(server.metrics[..3].iter().all(|metric| metric.verdict.is_none() && metric.limit.is_none()));
        assert_eq!(server.metrics[1].change_percent, Some(0.0), "{server:?}");
    }
    assert!(outcome.notes[0].contains("measured in different hours"), "{:?}", outcome.notes);
    assert_eq!(outcome.notes.len(), 1, "{:?}", outcome.notes);
}

#[test]
fn one_allocation_more_fails_and_one_fewer_asks_for_a_tighter_limit() {
    let (mut base, mut candidate) = (reference("before"), reference("after"));
    row(&mut candidate, "kept", "phase3-pooled").server.allocs_per_request = Some(1.0);
    row(&mut candidate, "plaintext", "phase0-serial").server.allocs_per_request = Some(7.0);
    for (saved, calls, instructions) in [(&mut base, 8.0, 1000.0), (&mut candidate, 8.1, 1030.0)] {
        let server = &mut row(saved, "plaintext", "phase4-keepalive").server;
        server.syscalls_at_rest_per_request = Some(calls);
        server.instructions_per_request = Some(instructions);
    }
    let outcome = judged(&base, &candidate, ALL);
    assert_eq!(outcome.verdict, "slower");
    let more = [
        "phase3-pooled in kept: allocations_per_request",
        "phase4-keepalive in plaintext: instructions_per_request",
    ];
    assert_eq!(verdicts(&outcome, "more"), more);
    assert_eq!(verdicts(&outcome, "fewer"), ["phase0-serial in plaintext: allocations_per_request"]);
}

#[test]
fn a_variant_may_differ_as_its_phase_and_a_limit_is_the_phases_own() {
    let (base, mut candidate) = (reference("before"), reference("after"));
    // Half an allocation is chance for a task, whatever its options, and none elsewhere.
    row(&mut candidate, "reference", "phase2-async").server.allocs_per_request = Some(14.4);
    row(&mut candidate, "reference", "phase1-threads --spawn").server.allocs_per_request = Some(15.5);
    let outcome = judged(&base, &candidate, ALL);
    assert_eq!(verdicts(&outcome, "more"), ["phase1-threads --spawn in reference: allocations_per_request"]);
    let fresh =
        outcome.servers.iter().find(|server| server.name == "phase3-pooled --fresh-buffers in plaintext");
    assert_eq!(fresh.unwrap().metrics[3].max, None, "nine are allowed there");
}

#[test]
fn what_only_one_has_is_named() {
    let (mut base, mut candidate) = (reference("before"), reference("after"));
    base.document.scenarios.retain(|scenario| scenario.name == "plaintext");
    candidate.document.scenarios.retain(|scenario| scenario.name != "kept");
    base.document.scenarios[0].rows.retain(|row| row.name != "canned");
    candidate.document.scenarios[1].rows.retain(|row| row.name != "phase0-serial");
    let outcome = judged(&base, &candidate, ALL);
    assert_eq!(outcome.servers.len(), base.document.scenarios[0].rows.len() - 1);
    let notes = outcome.notes.join("\n");
    assert!(notes.contains("Only in before: phase0-serial in plaintext."), "{notes}");
    assert!(
        notes.contains("Only in after: canned in plaintext; all of reference; all of pipelined."),
        "{notes}"
    );
}

#[test]
fn another_load_is_not_judged_and_another_build_refused() {
    let (base, mut candidate) = (reference("before"), reference("after"));
    candidate.document.scenarios[0].params.connections = 8;
    candidate.document.scenarios[1].params.duration_ns = 1;
    let outcome = judged(&base, &candidate, ALL);
    let notes = outcome.notes.join("\n");
    assert!(
        notes.contains("reference: nothing of it is compared") && notes.contains(", 8 connections"),
        "{notes}"
    );
    assert!(notes.contains("kept: it was measured for another time"), "{notes}");
    assert!(!outcome.scenario.contains("reference"), "{}", outcome.scenario);
    let only = Wanted { scenario: Some("reference"), ..ALL };
    let policy = Policy::built_in().unwrap();
    let nothing = judge(&Told::of(&base, only), &Told::of(&candidate, only), &policy).unwrap_err();
    assert!(
        matches!(&nothing, Failure::BadArguments(why) if why.contains("no server in common")),
        "{nothing:?}"
    );
    candidate.document.build.profile = "dev (optimised)".into();
    let refused = judge(&Told::of(&base, ALL), &Told::of(&candidate, ALL), &policy).unwrap_err();
    assert!(matches!(&refused, Failure::BadArguments(why) if why.contains("dev (optimised)")), "{refused:?}");
}

#[test]
fn between_machines_only_what_the_program_decides_is_judged() {
    let (mut base, mut candidate) = (reference("before"), reference("after"));
    row(&mut base, "plaintext", "phase0-serial").server.instructions_per_request = Some(10.0);
    candidate.document.machine.cpus = Some(64);
    candidate.document.dirty = Some(true);
    row(&mut candidate, "plaintext", "phase0-serial").server.instructions_per_request = Some(20.0);
    row(&mut candidate, "plaintext", "phase0-serial").server.allocs_per_request = Some(20.0);
    let outcome = judged(&base, &candidate, ALL);
    assert_eq!(verdicts(&outcome, "more"), ["phase0-serial in plaintext: allocations_per_request"]);
    let notes = outcome.notes.join("\n");
    for part in [
        "The machine differs (",
        "with 64 CPUs",
        "Instructions are shown and not judged",
        "after was built from files",
    ] {
        assert!(notes.contains(part), "'{part}' is missing in {notes}");
    }
}

#[test]
fn what_is_wanted_narrows_it_to_phases_with_their_variants() {
    let phases = ["phase3-pooled".to_owned()];
    let wanted = Wanted { phases: &phases, scenario: Some("plaintext") };
    let outcome = judged(&reference("before"), &reference("after"), wanted);
    let names: Vec<_> = outcome.servers.iter().map(|server| server.name.as_str()).collect();
    assert_eq!(names, ["phase3-pooled", "phase3-pooled --fresh-buffers"]);
    assert_eq!(outcome.notes.len(), 1, "what was not asked for is not missing: {:?}", outcome.notes);
}
