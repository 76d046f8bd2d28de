//! Gates that a page must take, made from one with every verdict.

use serde_json::{Value, json};

use super::cases::Case;

/// All of them, from `full`, which is the first.
pub(super) fn cases(full: &Value) -> Vec<Case> {
    let changed = |change: fn(&mut Value)| {
        let mut gate = full.clone();
        change(&mut gate);
        gate
    };
    vec![
        ("gate", full.clone()),
        ("gate-good", changed(good)),
        ("gate-withdrawn", changed(withdrawn)),
        ("gate-partial", changed(partial)),
        ("gate-long-names", changed(long_names)),
    ]
}

fn metrics(gate: &mut Value) -> impl Iterator<Item = &mut Value> {
    let servers = gate["servers"].as_array_mut().into_iter().flatten();
    servers.flat_map(|server| server["metrics"].as_array_mut().into_iter().flatten())
}

/// Only what is not slower.
fn good(gate: &mut Value) {
    if let Some(servers) = gate["servers"].as_array_mut() {
        servers.retain(|server| server["name"] == "phase2-async");
    }
    gate["verdict"] = "not slower".into();
}

/// The base differed from itself.
fn withdrawn(gate: &mut Value) {
    gate["verdict"] = "cannot tell".into();
    gate["withdrawn"] = "phase0-serial: the base differs from itself by +9.0 % in CPU per request".into();
    for metric in metrics(gate).filter(|metric| !metric["verdict"].is_null()) {
        let of_times = metric["change_percent"].is_number();
        metric["verdict"] = if of_times { "cannot tell" } else { "same" }.into();
    }
}

/// It was interrupted after a block, which has no interval to speak of.
fn partial(gate: &mut Value) {
    gate["partial"] = true.into();
    gate["verdict"] = "cannot tell".into();
    for server in gate["servers"].as_array_mut().into_iter().flatten() {
        server["blocks"] = 1.into();
        server["missing"] = json!(["base: interrupted", "candidate: interrupted"]);
    }
    for metric in metrics(gate) {
        if metric["change_percent"].is_number() {
            metric["low_percent"] = metric["change_percent"].clone();
            metric["high_percent"] = metric["change_percent"].clone();
            metric["confidence"] = 0.into();
        } else {
            (metric["base"], metric["candidate"]) = (Value::Null, Value::Null);
        }
        if !metric["verdict"].is_null() {
            metric["verdict"] = if metric["base"].is_null() { Value::Null } else { "cannot tell".into() };
        }
    }
}

/// Servers of somebody's own, a commit without a short name, and a change that is far off.
fn long_names(gate: &mut Value) {
    gate["base"]["name"] =
        "./build/before/with/a/long/path/server --port {port} --workers 4 --no-such-thing".into();
    gate["candidate"]["name"] = "a-server-of-my-own (./build/after/server --port {port} --workers 4)".into();
    for (index, server) in gate["servers"].as_array_mut().into_iter().flatten().enumerate() {
        server["name"] =
            format!("{}-{index}", "a-server-whose-name-takes-more-than-one-line-".repeat(2)).into();
    }
    if let Some(metric) = metrics(gate).next() {
        metric["change_percent"] = 1_234.5.into();
        metric["high_percent"] = 5_678.9.into();
    }
}
