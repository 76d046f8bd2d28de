//! A gate with every verdict, for tests.

use super::outcome::Outcome;

/// The made-up one that the schema and the pages are tried with, too.
pub(super) fn full() -> Outcome {
    let text = include_str!("../../tests/data/full.gate.json");
    serde_json::from_str(text).expect("full.gate.json is a gate.json")
}
