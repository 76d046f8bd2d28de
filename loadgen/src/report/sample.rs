//! A small document that the tests draw.

use super::document::{
    Client, Cpus, Document, Latency, Params, Requests, Row, SCHEMA, Scenario, Server, Spread, Trial, Weather,
};
use crate::measure::{Build, Machine};

/// Two phases and a variant in a scenario like the reference one, three trials each.
pub(super) fn document() -> Document {
    Document {
        schema: SCHEMA.into(),
        partial: false,
        started_at: "2026-01-02T03:04:05Z".into(),
        command: "loadgen run".into(),
        commit: Some("0123456789ab".into()),
        dirty: Some(false),
        machine: Machine {
            os: "linux".into(),
            arch: "x86_64".into(),
            kernel: Some("6.18.1".into()),
            cpu_model: Some("AMD EPYC".into()),
            cpus: Some(2),
            memory_bytes: Some(8 << 30),
            governor: None,
        },
        cpus: Cpus { server: vec![0], client: vec![1] },
        build: Build {
            profile: "release".into(),
            rustc: Some("rustc 1.88.0".into()),
            rustflags: Some(String::new()),
            debug_assertions: false,
        },
        floor: None,
        client_hosts: Vec::new(),
        scenarios: vec![Scenario {
            name: "reference".into(),
            shows: "A thousand clients, each of whose requests waits.".into(),
            wins: None,
            params: Params {
                method: "GET".into(),
                path: "/wait?ms=2".into(),
                wait_ns: Some(2_000_000),
                connections: 1000,
                mode: "close".into(),
                pipeline: 1,
                beside: None,
                warmup_ns: 500_000_000,
                duration_ns: 3_000_000_000,
                trials: 3,
            },
            rows: vec![
                row("phase0-serial", "one at a time", None, 450.0, 1.0),
                row("phase1-threads", "a pool", Some(5000.0), 4300.0, 9.5556),
                row("phase1-threads --spawn", "a thread for each", Some(5000.0), 6800.0, 15.111),
            ],
        }],
    }
}

fn row(name: &str, idea: &str, target_qps: Option<f64>, qps: f64, speedup: f64) -> Row {
    // Little enough not to be worth a warning.
    let spread = f64::min(100.0, qps / 40.0);
    let latency = Latency {
        mean: mean_ns(qps),
        p50: mean_ns(qps),
        p90: mean_ns(qps) + 1000,
        p99: mean_ns(qps) + 2000,
        p999: mean_ns(qps) + 3000,
        max: mean_ns(qps) + 4000,
    };
    let server = Server { cpu_us_per_request: Some(41.5), threads_max: Some(11), ..Server::default() };
    let client = Client { busy: Some(0.4), connections_established: Some(1000), ..Client::default() };
    let trial = |number: usize, qps: f64| Trial {
        number,
        failed: None,
        qps: Some(qps),
        elapsed_ns: Some(3_000_000_000),
        requests: Requests { ok: 1000, failed: 0 },
        errors: std::iter::once(("connect".to_owned(), 0)).collect(),
        status: std::iter::once(("200".to_owned(), 1000)).collect(),
        bytes_read: 100_000,
        in_flight_at_end: 1000,
        connections_opened: 1000,
        closed_by_client: 0,
        reset_after_answer: 0,
        retried: 0,
        weather: Weather::default(),
        unasked: 0,
        held: Vec::new(),
        latency_ns: Some(latency),
        connect_ns: None,
        first_byte_ns: None,
        concurrency: Some(1000.0),
        server,
        client,
        samples: Vec::new(),
    };
    Row {
        name: name.into(),
        kind: if name.contains("--") { "ablation" } else { "phase" }.into(),
        idea: idea.into(),
        target_qps,
        original_qps: target_qps.map(|_| 7877.0).or(Some(459.0)),
        qps: Some(Spread { median: qps, low: qps - spread, high: qps + spread, confidence: Some(0.75) }),
        speedup: Some(speedup),
        share_of_floor: None,
        without: None,
        missing: Vec::new(),
        latency_curve: Vec::new(),
        latency_ns: Some(latency),
        requests: Requests { ok: 3000, failed: 0 },
        errors: std::iter::once(("connect".to_owned(), 0)).collect(),
        server,
        client,
        ceiling: None,
        trials: vec![trial(1, qps - spread), trial(2, qps), trial(3, qps + spread)],
    }
}

/// By Little's law, with a thousand connections.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
fn mean_ns(qps: f64) -> u64 {
    (1000.0 / qps * 1e9) as u64
}

/// The run that is kept in the repository.
pub(super) fn reference() -> Document {
    parsed(include_str!("../../../results/reference/run.json"))
}

/// A run that is made up, with every field filled in, some of it gone wrong, and names that want escaping.
pub(super) fn full() -> Document {
    parsed(include_str!("../../tests/data/full.run.json"))
}

fn parsed(text: &str) -> Document {
    serde_json::from_str(text).expect("a run.json")
}
