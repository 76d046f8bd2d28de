//! `results/run.schema.json` says of a `run.json` what the code says of it, and `gate.schema.json` of a `gate.json`.

mod gate;
mod walk;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use loadgen::report::{self, Document};
use serde_json::{Value, json};
use walk::{properties, walk};

fn read(path: &str) -> Value {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let text = fs::read_to_string(workspace.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn schema() -> Value {
    read("results/run.schema.json")
}

const REFERENCE: &str = "results/reference/run.json";
/// Made up, with a value for every field.
const FULL: &str = "loadgen/tests/data/full.run.json";

#[test]
fn the_reference_run_and_a_full_one_are_what_the_schema_says() {
    for path in [REFERENCE, FULL] {
        assert_eq!(walk(&schema(), &read(path)).faults, [""; 0], "{path}");
    }
}

#[test]
fn a_run_that_is_written_today_is_what_the_schema_says() {
    for path in [REFERENCE, FULL] {
        let document: Document = serde_json::from_value(read(path)).expect("a run.json");
        assert_eq!(document.schema, report::SCHEMA);
        let walk = walk(&schema(), &serde_json::to_value(&document).expect("JSON"));
        assert_eq!(walk.faults, [""; 0], "{path}");
    }
}

/// A field that joins the code joins the schema, and the full run with a value: `run.schema.json` and
/// `full.run.json` are written by hand.
#[test]
fn the_schema_and_the_code_have_the_same_fields() {
    let document: Document = serde_json::from_value(read(FULL)).expect("a run.json");
    let walk = walk(&schema(), &serde_json::to_value(&document).expect("JSON"));
    assert_eq!(walk.unknown, BTreeSet::new(), "the code has these and the schema has not");
    let unseen: Vec<_> = properties(&schema()).difference(&walk.seen).cloned().collect();
    assert_eq!(unseen, [""; 0], "the schema has these, and the code has not or the full run has no value");
}

#[test]
fn every_field_is_described() {
    described(&schema());
}

fn described(schema: &Value) {
    let defs = schema["$defs"].as_object().expect("definitions");
    for part in defs.values().chain([schema]) {
        assert!(part["description"].is_string(), "{part}");
        for (name, field) in part["properties"].as_object().expect("properties") {
            assert!(field["description"].as_str().is_some_and(|text| text.ends_with('.')), "{name}");
        }
    }
}

#[test]
fn what_is_wrong_is_found_and_named() {
    for (path, value, part) in [
        ("/schema", json!("phase-lab/run/2"), ".schema: \"phase-lab/run/2\" is not \"phase-lab/run/1\""),
        ("/partial", json!("no"), ".partial: \"no\" is not of type \"boolean\""),
        ("/scenarios/0/rows/0/kind", json!("other"), ".scenarios[0].rows[0].kind: \"other\" is none of"),
        ("/scenarios/0/rows/0/requests/ok", json!(-1), "-1 is less than 0"),
        ("/scenarios/0/rows/0/requests", json!({"ok": 1}), "failed is missing"),
        ("/scenarios/0/rows/0/errors/reset", json!(1.5), "1.5 is not of type \"integer\""),
        ("/started_at", json!("yesterday"), ".started_at: \"yesterday\" is no \"date-time\""),
        ("/scenarios/0/rows/0/qps/median", json!(-5), "-5 is less than 0"),
        ("/scenarios/0/rows/0/qps/confidence", json!(7), "7 is more than 1"),
        ("/scenarios/0/rows/0/latency_curve/0/quantile", json!(3), "3 is more than 1"),
        ("/scenarios/0/rows/0/client/busy", json!(9), "9 is more than 1"),
        ("/scenarios/0/rows/0/ceiling/bound", json!("zzz"), "\"zzz\" is none of"),
        ("/scenarios/0/params/connections", json!(0), "0 is less than 1"),
        ("/floor", json!(7), ".floor: 7 is not of type \"object\""),
    ] {
        let mut run = read(FULL);
        *run.pointer_mut(path).expect(path) = value;
        let faults = walk(&schema(), &run).faults.join("\n");
        assert!(faults.contains(part), "'{part}' is missing in {faults}");
    }
}
