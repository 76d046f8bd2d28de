//! The outcome for scripts: one JSON object whose names are stable.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer as _, V2Serializer};
use serde_json::{Map, Value, json};

use super::{cohorts, doubts, failures, open_loop};
use crate::engine::{Mode, Outcome, Plan};

/// Names and meanings only ever get added under this one.
const SCHEMA: &str = "phase-lab/attack/1";

/// `probes` are the connections that were made before the run.
pub(crate) fn of(plan: &Plan, probes: u64, outcome: &Outcome) -> Value {
    let errors: Map<_, _> =
        outcome.errors.iter().map(|(kind, count)| (kind.name().to_owned(), count.into())).collect();
    let status: Map<_, _> =
        outcome.statuses.iter().map(|(status, &count)| (status.to_string(), count.into())).collect();
    let completed = outcome.ok + outcome.failed();
    let us_per_request =
        |time: Duration| (completed > 0).then(|| five_digits(time.as_secs_f64() * 1e6 / completed as f64));
    // Short runs have too few samples of it.
    let split = outcome.client.split();
    let invalid = outcome.invalid();
    let mut json = json!({
        "schema": SCHEMA,
        "target": plan.target.to_string(),
        "params": params(plan),
        "requests": {"ok": outcome.ok, "failed": outcome.failed()},
        "duration_ns": integer(outcome.elapsed.as_nanos()),
        "requests_per_sec": five_digits(outcome.requests_per_sec()),
        "bytes_read": outcome.bytes_read,
        "latency_ns": times(&outcome.latency_ns),
        "service_ns": outcome.open_loop.as_ref().map(|open| times(&open.service_ns)),
        "open_loop": open_loop::json(outcome),
        "connect_ns": times(&outcome.connect_ns),
        "first_byte_ns": times(&outcome.first_byte_ns),
        "errors": errors,
        "status": status,
        "client": {
            "cpu_us_per_request": us_per_request(outcome.client.total()),
            "user_us_per_request": split.map(|[user, _]| us_per_request(user)),
            "sys_us_per_request": split.map(|[_, system]| us_per_request(system)),
            "bound": outcome.client_bound(),
            "connections_established": outcome.connections_established,
            "connections_opened": outcome.connections_opened,
            "connections_probed": probes,
            "closed_by_client": outcome.closed_by_client,
            "reset_after_answer": outcome.reset_after_answer,
            "retried": outcome.retried,
            "resets_sent": outcome.resets_sent,
            "in_flight_at_end": outcome.in_flight_at_end,
        },
        "cohorts": cohorts::json(outcome),
        "valid": invalid.is_none(),
        "invalid_because": invalid,
        "interrupted": outcome.interrupted,
        "gave_up": outcome.gave_up,
        "samples": outcome.samples,
        "failures": failures::json(&outcome.failures),
        "unasked": failures::unasked_json(&outcome.unasked),
        "histogram": encoded(&outcome.latency_ns),
    });
    for (name, value) in doubts::json(outcome) {
        json["client"][name] = value;
    }
    json
}

/// What the flags asked for, as far as it shapes the load.
pub(super) fn params(plan: &Plan) -> Value {
    let pipeline = match plan.mode {
        Mode::Close => None,
        Mode::KeepAlive { pipeline } => Some(pipeline),
    };
    json!({
        "connections": plan.connections,
        "threads": plan.threads,
        "close": plan.mode == Mode::Close,
        "pipeline": pipeline,
        "requests_per_connection": plan.requests_per_connection,
        "reset": plan.reset,
        "warmup_ns": integer(plan.warmup.as_nanos()),
        "timeout_ns": integer(plan.timeout.as_nanos()),
        "expect_status": plan.expect.status,
        "expect_body_bytes": plan.expect.body.as_ref().map(Vec::len),
    })
}

/// Quantiles of a histogram; `null`s where nothing was recorded.
pub(crate) fn times(histogram: &Histogram<u64>) -> Value {
    let recorded = !histogram.is_empty();
    let at = |quantile| recorded.then(|| histogram.value_at_quantile(quantile));
    json!({
        "mean": recorded.then(|| integer(Duration::from_secs_f64(histogram.mean() / 1e9).as_nanos())),
        "p50": at(0.5),
        "p90": at(0.9),
        "p99": at(0.99),
        "p999": at(0.999),
        "max": recorded.then(|| histogram.max()),
    })
}

fn encoded(histogram: &Histogram<u64>) -> Option<String> {
    let mut bytes = Vec::new();
    V2Serializer::new().serialize(histogram, &mut bytes).ok()?;
    Some(STANDARD.encode(bytes))
}

pub(crate) fn integer(ns: u128) -> u64 {
    u64::try_from(ns).unwrap_or(u64::MAX)
}

/// Rounded to five significant digits: more would be noise.
pub(crate) fn five_digits(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_keep_five_digits() {
        for (value, expected) in [(123_456.789, 123_460.0), (0.001_234_567, 0.001_234_6), (0.0, 0.0)] {
            assert!((five_digits(value) - expected).abs() < 1e-12, "{value}");
        }
    }

    #[test]
    fn the_histogram_can_be_read_back() {
        let mut histogram = Histogram::<u64>::new_with_bounds(1, 1_000_000, 3).unwrap();
        histogram.record_n(1_234, 5).unwrap();
        let bytes = STANDARD.decode(encoded(&histogram).unwrap()).unwrap();
        let read: Histogram<u64> =
            hdrhistogram::serialization::Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
        assert_eq!(read, histogram);
    }

    #[test]
    fn nothing_recorded_is_null_and_not_zero() {
        assert_eq!(times(&Histogram::new(3).unwrap())["p99"], Value::Null);
    }
}
