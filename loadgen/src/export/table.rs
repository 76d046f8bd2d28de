//! CSV as RFC 4180 has it: a line for each trial, the same columns for runs and gates, empty where nothing was measured.

use serde::Serialize;

use super::Side;
use super::bench::{Bench, Source, Trial};

/// A line. The names are the columns'.
#[derive(Debug, Serialize)]
struct Line<'a> {
    started_at: &'a str,
    commit: Option<&'a str>,
    scenario: &'a str,
    connections: Option<usize>,
    server: &'a str,
    side: Option<&'a str>,
    trial: usize,
    failed: Option<&'a str>,
    requests: Option<u64>,
    requests_per_sec: Option<f64>,
    cpu_us_per_request: Option<f64>,
    p50_ns: Option<u64>,
    p99_ns: Option<u64>,
    allocations_per_request: Option<f64>,
    syscalls_per_request: Option<f64>,
    syscalls_at_rest_per_request: Option<f64>,
    instructions_per_request: Option<f64>,
}

/// The whole file.
pub(super) fn text(source: &Source<'_>, benches: &[&Bench<'_>]) -> Result<Option<String>, String> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for bench in benches {
        for trial in &bench.trials {
            writer.serialize(line(source, bench, trial)).map_err(|error| error.to_string())?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map(Some).map_err(|error| error.to_string())
}

fn line<'a>(source: &Source<'a>, bench: &Bench<'a>, trial: &Trial<'a>) -> Line<'a> {
    let side = bench.side.map(|side| match side {
        Side::Base => "base",
        Side::Candidate => "candidate",
        Side::Control => "control",
    });
    Line {
        started_at: source.started_at,
        commit: bench.commit,
        scenario: bench.scenario,
        connections: bench.connections,
        server: bench.server,
        side,
        trial: trial.number,
        failed: trial.failed,
        requests: trial.requests,
        requests_per_sec: trial.requests_per_sec,
        cpu_us_per_request: trial.cpu_us,
        p50_ns: trial.p50_ns,
        p99_ns: trial.p99_ns,
        allocations_per_request: bench.count("allocations_per_request"),
        syscalls_per_request: bench.count("syscalls_per_request"),
        syscalls_at_rest_per_request: bench.count("syscalls_at_rest_per_request"),
        instructions_per_request: bench.count("instructions_per_request"),
    }
}
