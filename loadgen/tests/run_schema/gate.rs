//! The same of `results/gate.schema.json`.

use std::collections::BTreeSet;

use loadgen::gate::outcome::{Outcome, SCHEMA};
use serde_json::{Value, json};

use super::walk::{properties, walk};
use super::{described, read};

/// Made up, with every verdict; `gate.schema.json` and this are written by hand.
const FULL: &str = "loadgen/tests/data/full.gate.json";

fn schema() -> Value {
    read("results/gate.schema.json")
}

/// The full one as this version writes it, with a value for every field: one whose verdicts are withdrawn has none.
fn written() -> Value {
    let mut outcome: Outcome = serde_json::from_value(read(FULL)).expect("a gate.json");
    assert_eq!(outcome.schema, SCHEMA);
    outcome.withdrawn = Some("the base differs from itself".into());
    serde_json::to_value(&outcome).expect("JSON")
}

#[test]
fn a_gate_that_is_written_today_is_what_the_schema_says() {
    for gate in [read(FULL), written()] {
        assert_eq!(walk(&schema(), &gate).faults, [""; 0]);
    }
}

/// A field that joins the code joins the schema, and the full gate with a value.
#[test]
fn the_schema_and_the_code_have_the_same_fields() {
    let walk = walk(&schema(), &written());
    assert_eq!(walk.unknown, BTreeSet::new(), "the code has these and the schema has not");
    let unseen: Vec<_> = properties(&schema()).difference(&walk.seen).cloned().collect();
    assert_eq!(unseen, [""; 0], "the schema has these, and the code has not or the full gate has no value");
}

#[test]
fn every_field_is_described() {
    described(&schema());
}

#[test]
fn what_is_wrong_is_found_and_named() {
    for (path, value, part) in [
        ("/schema", json!("phase-lab/gate/2"), ".schema: \"phase-lab/gate/2\" is not \"phase-lab/gate/1\""),
        ("/verdict", json!("fine"), ".verdict: \"fine\" is none of"),
        ("/servers/0/metrics/0/verdict", json!("bad"), ".servers[0].metrics[0].verdict: \"bad\" is none of"),
        ("/servers/0/metrics/0/low_percent", json!(-101), "-101 is less than -100"),
        ("/servers/0/trials/0/1/p99_ns", json!(0.5), ".servers[0].trials[0][1].p99_ns: 0.5 is not of type"),
        ("/servers/0/blocks", json!(null), "null is not of type \"integer\""),
    ] {
        let mut gate = read(FULL);
        *gate.pointer_mut(path).expect(path) = value;
        let faults = walk(&schema(), &gate).faults.join("\n");
        assert!(faults.contains(part), "'{part}' is missing in {faults}");
    }
}
