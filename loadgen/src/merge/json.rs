//! The merged result for scripts: that of an attack, and what is only to be said of several shards.

use serde_json::{Value, json};

use super::gather::Gathered;
use crate::attack::json::{self as attack, five_digits, integer};
use crate::shard::whole::{Figures, Whole};

/// The schema of shards of a lab's run, which have fired more than once.
const SCHEMA_OF_SEVERAL: &str = "phase-lab/merge/1";

pub(super) fn of(gathered: &Gathered) -> Value {
    let mut json = match gathered.wholes.as_slice() {
        [only] => one(only),
        several => json!({
            "schema": SCHEMA_OF_SEVERAL,
            "fired": several.iter().map(|whole| {
                let mut json = one(whole);
                json["name"] = whole.name.clone().into();
                json
            }).collect::<Vec<_>>(),
        }),
    };
    json["run"] = gathered.run.clone().into();
    json["shards_asked"] = gathered.count.into();
    json["partial"] = gathered.is_partial().into();
    json["missing"] =
        gathered.missing.iter().map(|missing| missing.json(&gathered.wholes[0].asked)).collect();
    json["clocks_compared"] = (!gathered.clocks_unknown).into();
    json
}

fn one(whole: &Whole) -> Value {
    let mut json = attack::of(&whole.plan, whole.probes, &whole.outcome);
    let invalid = whole.shards.iter().find_map(|shard| {
        shard.invalid.as_ref().map(|why| format!("shard {} ({}): {why}", shard.index, shard.host))
    });
    if invalid.is_some() {
        json["valid"] = false.into();
        json["invalid_because"] = invalid.into();
    }
    json["together"] = five_digits(whole.together()).into();
    json["shards"] = whole.shards.iter().map(|shard| figures(shard, whole)).collect();
    json
}

fn figures(shard: &Figures, whole: &Whole) -> Value {
    let first_ns = whole.window().map_or(shard.window.from_ns, |window| window.from_ns);
    json!({
        "index": shard.index,
        "host": shard.host,
        "late_ns": integer(shard.late.as_nanos()),
        "clock_offset_ns": shard.clock.map(|clock| clock.offset_ns),
        "clock_error_ns": shard.clock.map(|clock| clock.error_ns),
        "counted_from_ns": shard.window.from_ns.saturating_sub(first_ns),
        "duration_ns": shard.window.until_ns.saturating_sub(shard.window.from_ns),
        "requests": {"ok": shard.ok, "failed": shard.failed},
        "requests_per_sec": five_digits(shard.per_sec),
        "latency_ns": {"p50": shard.p50_ns, "p99": shard.p99_ns},
        "busy": five_digits(shard.busy),
        "bound": shard.client_bound,
        "invalid_because": shard.invalid,
        "interrupted": shard.interrupted,
        "gave_up": shard.gave_up,
    })
}
