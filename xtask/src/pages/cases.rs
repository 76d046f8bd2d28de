//! Runs that a page must take as well as the usual one, made from a run that has everything.

use serde_json::{Value, json};

/// A case's name and its run.
pub(super) type Case = (&'static str, Value);

/// All of them, from `full`, which is left as it is.
pub(super) fn cases(full: &Value) -> Vec<Case> {
    let changed = |change: fn(&mut Value)| {
        let mut run = full.clone();
        change(&mut run);
        run
    };
    vec![
        // The only page without a picture: `report.mjs` knows its name.
        ("failures", changed(only_failures)),
        ("one-scenario", changed(one_scenario)),
        ("one-trial", changed(one_trial)),
        ("long-names", changed(long_names)),
        ("many-rows", changed(many_rows)),
    ]
}

/// Every trial failed, so nothing has a rate.
fn only_failures(run: &mut Value) {
    run["partial"] = true.into();
    for row in rows(run) {
        for field in ["qps", "speedup", "latency_ns", "ceiling", "share_of_floor"] {
            row[field] = Value::Null;
        }
        row["latency_curve"] = json!([]);
        let failed = row["requests"]["ok"].take();
        row["errors"] = json!({ "reset": failed });
        row["requests"] = json!({ "ok": 0, "failed": failed });
        clear(&mut row["server"]);
        for trial in list(&mut row["trials"]) {
            trial["failed"] = "the server ended with signal 9".into();
            trial["qps"] = Value::Null;
            trial["latency_ns"] = Value::Null;
            clear(&mut trial["server"]);
        }
    }
}

fn one_scenario(run: &mut Value) {
    list(&mut run["scenarios"]).truncate(1);
}

/// No interval anywhere.
fn one_trial(run: &mut Value) {
    for scenario in list(&mut run["scenarios"]) {
        scenario["params"]["trials"] = 1.into();
    }
    for row in rows(run) {
        list(&mut row["trials"]).truncate(1);
        let qps = row["trials"][0]["qps"].clone();
        row["qps"] = json!({ "median": qps, "low": qps, "high": qps, "confidence": null });
    }
}

/// Names as long as a command line, with and without a place to break them.
fn long_names(run: &mut Value) {
    for (index, row) in rows(run).enumerate() {
        match row["kind"].as_str() {
            Some("target") => row["name"] = format!("{}{index}", "w".repeat(70)).into(),
            Some("ablation") => {
                let name =
                    format!("{} --one-more-option of-its-own", row["name"].as_str().unwrap_or_default());
                row["name"] = name.into();
                row["without"] = "a mechanism whose description is as long as a sentence".into();
            }
            _ => {}
        }
    }
}

/// More servers than there are colours and patterns.
fn many_rows(run: &mut Value) {
    const ROWS: usize = 24;
    for scenario in list(&mut run["scenarios"]) {
        let rows = list(&mut scenario["rows"]);
        let Some(model) = rows.last().cloned() else { continue };
        for index in rows.len()..ROWS {
            let mut row = model.clone();
            row["name"] = format!("server-{index}").into();
            row["kind"] = "target".into();
            rows.push(row);
        }
    }
}

fn rows(run: &mut Value) -> impl Iterator<Item = &mut Value> {
    list(&mut run["scenarios"]).iter_mut().flat_map(|scenario| list(&mut scenario["rows"]))
}

/// The list that `value` is. A run has one wherever this is asked for: `loadgen` refuses it otherwise.
fn list(value: &mut Value) -> &mut Vec<Value> {
    if !value.is_array() {
        *value = json!([]);
    }
    value.as_array_mut().expect("it has just become one")
}

/// Every field as if it had not been measured.
fn clear(fields: &mut Value) {
    for value in fields.as_object_mut().into_iter().flat_map(|fields| fields.values_mut()) {
        *value = Value::Null;
    }
}
