//! The search for scripts.

use serde_json::{Value, json};

use super::search::{Ended, Found};
use super::slo::Slo;
use super::step::Step;
use super::table;
use crate::attack::json::{five_digits, integer, params, times};
use crate::engine::{Outcome, Plan};

/// Names and meanings only ever get added under this one.
const SCHEMA: &str = "phase-lab/max-rate/1";

/// `probes` is how many connections it took to find the target's address.
pub(super) fn of(plan: &Plan, probes: u64, slo: &Slo, found: &Found, best: Option<&Outcome>) -> Value {
    let steps: Vec<Value> = found.by_rate().into_iter().map(step).collect();
    json!({
        "schema": SCHEMA,
        "target": plan.target.to_string(),
        "params": params(plan),
        "slo": {"quantile": slo.name, "limit_ns": integer(slo.limit.as_nanos())},
        "max_rate_per_sec": found.rate_per_sec,
        "interrupted": matches!(found.ended, Some(Ended::Interrupted)),
        "ended_by": found.ended.as_ref().map(ToString::to_string),
        "client_limit": table::client_limit(found),
        "connections_probed": probes,
        "at_max_rate": best.map(at_max_rate),
        "steps": steps,
    })
}

/// A latency is `null` where it is longer than the promise by nobody knows how much.
fn step(step: &Step) -> Value {
    json!({
        "rate_per_sec": step.rate_per_sec,
        "requests_per_sec": five_digits(step.answered_per_sec),
        "reached": five_digits(step.reached),
        "latency_ns": {"p50": step.p50_ns, "p99": step.p99_ns},
        "promised_ns": step.promised_ns,
        "failed": step.failed,
        "failure": step.failure,
        "overdue": step.overdue,
        "holds": step.broken.is_none(),
        "verdict": step.verdict(),
        "client_limit": step.client,
    })
}

fn at_max_rate(outcome: &Outcome) -> Value {
    json!({
        "latency_ns": times(&outcome.latency_ns),
        "service_ns": outcome.open_loop.as_ref().map(|open| times(&open.service_ns)),
        "first_byte_ns": times(&outcome.first_byte_ns),
        "connect_ns": times(&outcome.connect_ns),
    })
}
