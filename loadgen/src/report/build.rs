//! From trials to a [`Document`].

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::distribution::{curve, latency};
use super::document::{Client, Cpus, Document, Params, Requests, Row, SCHEMA, Scenario, Server, Trial};
use super::floor::{Bounds, floor};
use super::held::Held;
use super::stats::{round5, spread};
use crate::engine::{ClientCost, Errors, Outcome};
use crate::lab;
use crate::lab::rows::Kind;
use crate::lab::scenario::Keep;
use crate::measure::{Build, Machine, Met, Source};

/// The row that speed-ups are relative to.
const BASE: &str = "phase0-serial";

/// Under which conditions a run took place.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// What it ran on.
    pub machine: Machine,
    /// How the binary was compiled.
    pub build: Build,
    /// What the workspace stood at.
    pub source: Source,
    /// The command that measures the same again.
    pub command: String,
    /// How many trials were to be run, to tell whether all were.
    pub trials_planned: usize,
    /// What the kernel can do without HTTP, if that was measured.
    pub floor: Option<lab::Floor>,
    /// The hosts of the processes that fired, where there were several of them.
    pub hosts: Vec<String>,
}

/// The document of a run.
pub fn document(measured: &lab::Measured, conditions: &Conditions) -> Document {
    let rows = measured.scenarios.iter().flat_map(|scenario| &scenario.rows);
    let counted = rows.flat_map(|row| &row.trials).filter(|trial| counts(trial)).count();
    let floor_of_run = conditions.floor.as_ref().map(floor);
    let late = floor_of_run.and_then(|floor| floor.timer_late_ns).map_or(0, |late| late.p50);
    let surroundings = Surroundings {
        timer_late: Duration::from_nanos(late),
        // Where they are not split, the server may have them all.
        cpus: match measured.split.server.len() {
            0 => conditions.machine.cpus.unwrap_or(0),
            some => some,
        },
        client_cpus: match measured.split.client.len() {
            0 => conditions.machine.cpus.unwrap_or(0),
            some => some,
        },
    };
    Document {
        schema: SCHEMA.into(),
        partial: measured.interrupted || counted < conditions.trials_planned,
        started_at: humantime::format_rfc3339_seconds(measured.started_at).to_string(),
        command: conditions.command.clone(),
        commit: conditions.source.commit.clone(),
        dirty: conditions.source.dirty,
        machine: conditions.machine.clone(),
        cpus: Cpus { server: measured.split.server.clone(), client: measured.split.client.clone() },
        build: conditions.build.clone(),
        floor: floor_of_run,
        client_hosts: conditions.hosts.clone(),
        scenarios: measured.scenarios.iter().map(|each| scenario(each, &surroundings)).collect(),
    }
}

/// What bounds all rows alike.
struct Surroundings {
    timer_late: Duration,
    cpus: usize,
    client_cpus: usize,
}

/// Whether a trial goes into medians and histograms.
pub(super) fn counts(trial: &lab::Trial) -> bool {
    trial.failed.is_none() && trial.outcome.is_some()
}

/// The latencies of those trials of a row; `None` where there are none.
pub(super) fn merged_latency(
    row: &lab::MeasuredRow,
    which: impl Fn(&lab::Trial) -> bool,
) -> Option<Histogram<u64>> {
    let trials = row.trials.iter().filter(|trial| which(trial));
    let mut histograms = trials.filter_map(|trial| trial.outcome.as_ref()).map(|outcome| &outcome.latency_ns);
    let mut all = histograms.next()?.clone();
    // A later trial may hold longer latencies than the first one has room for.
    all.auto(true);
    histograms.try_for_each(|histogram| all.add(histogram)).ok()?;
    Some(all)
}

fn scenario(measured: &lab::MeasuredScenario, surroundings: &Surroundings) -> Scenario {
    let scenario = &measured.scenario;
    let mut rows: Vec<Row> = measured.rows.iter().map(|each| row(scenario, each)).collect();
    let base = rows.iter().find(|row| row.name == BASE).and_then(|row| row.qps).map(|qps| qps.median);
    for row in &mut rows {
        let factor = row.qps.zip(base).map(|(qps, base)| qps.median / base);
        row.speedup = factor.filter(|factor| factor.is_finite()).map(round5);
    }
    let canned = rows.iter().find(|row| row.kind == Kind::Floor.name()).cloned();
    for (row, measured) in rows.iter_mut().zip(&measured.rows) {
        row.share_of_floor = canned.as_ref().and_then(|canned| share_of_floor(row, canned)).map(round5);
        let bounds = Bounds {
            workers: measured.row.workers(),
            wait: scenario.wait,
            in_flight: (scenario.connections * scenario.pipeline) as f64,
            timer_late: surroundings.timer_late,
            cpus: surroundings.cpus,
            client_cpus: surroundings.client_cpus,
            canned: canned.as_ref(),
        };
        row.ceiling = bounds.ceiling(row);
    }
    Scenario {
        name: scenario.name.clone(),
        shows: scenario.shows.clone(),
        wins: scenario.wins.clone(),
        params: params(scenario),
        rows,
    }
}

/// How a scenario is run, as a document says it.
pub fn params(scenario: &lab::scenario::Scenario) -> Params {
    let mode = if scenario.mode == Keep::Close { "close" } else { "keepalive" };
    Params {
        method: scenario.method.clone(),
        path: scenario.path.clone(),
        wait_ns: scenario.wait.map(nanoseconds),
        connections: scenario.connections,
        mode: mode.into(),
        pipeline: scenario.pipeline,
        beside: (scenario.beside.connections() > 0).then_some(scenario.beside),
        warmup_ns: nanoseconds(scenario.warmup),
        duration_ns: nanoseconds(scenario.duration),
        trials: scenario.trials,
    }
}

/// How near a row is to canned bytes: by rate, or by what a request costs where both rates are the client's.
fn share_of_floor(row: &Row, canned: &Row) -> Option<f64> {
    if row.client.bound && canned.client.bound {
        return Some(canned.server.cpu_us_per_request? / row.server.cpu_us_per_request?);
    }
    Some(row.qps?.median / canned.qps?.median)
}

fn row(scenario: &lab::scenario::Scenario, measured: &lab::MeasuredRow) -> Row {
    let trials: Vec<Trial> = measured.trials.iter().map(trial).collect();
    let good = || trials.iter().filter(|trial| trial.failed.is_none());
    let rates: Vec<f64> = good().filter_map(|trial| trial.qps).collect();
    let spread = spread(&rates).map(|mut spread| {
        spread.median = round5(spread.median);
        spread.confidence = spread.confidence.map(round5);
        spread
    });
    let original = scenario.original(&measured.row);
    let outcomes = || measured.trials.iter().filter_map(|trial| trial.outcome.as_ref());
    let mut all_errors = Errors::default();
    outcomes().for_each(|outcome| all_errors.merge(&outcome.errors));
    let counted = || measured.trials.iter().filter(|trial| counts(trial));
    let latencies = merged_latency(measured, counts);
    Row {
        name: measured.row.to_string(),
        kind: measured.row.kind().name().into(),
        idea: measured.row.idea(),
        target_qps: original.and_then(|original| original.target),
        original_qps: original.and_then(|original| original.reached),
        qps: spread,
        speedup: None,
        share_of_floor: None,
        without: measured.row.without(),
        latency_ns: latencies.as_ref().and_then(latency),
        latency_curve: latencies.as_ref().map(curve).unwrap_or_default(),
        requests: Requests { ok: outcomes().map(|outcome| outcome.ok).sum(), failed: all_errors.total() },
        errors: errors(&all_errors),
        server: inspected(server(&counted()), &measured.inspection),
        missing: cpu_lost(counted()).into_iter().chain(measured.inspection.missing.clone()).collect(),
        client: client(counted().filter_map(|trial| trial.outcome.as_ref())),
        ceiling: None,
        trials,
    }
}

/// Why CPU time is missing, if it is.
fn cpu_lost<'a>(mut trials: impl Iterator<Item = &'a lab::Trial>) -> Option<String> {
    trials.any(|trial| trial.usage.cpu_lost).then(|| {
        "CPU time is not known of trials in which a process of the server ended and left its time to nobody: let its \
         parent wait for it"
            .into()
    })
}

fn trial(measured: &lab::Trial) -> Trial {
    let outcome = measured.outcome.as_ref();
    let latencies = outcome.and_then(|outcome| latency(&outcome.latency_ns));
    let counted = outcome.filter(|outcome| !outcome.elapsed.is_zero());
    let rate = counted.map(Outcome::requests_per_sec);
    let all_errors = outcome.map(|outcome| outcome.errors).unwrap_or_default();
    Trial {
        number: measured.number,
        failed: measured.failed.clone(),
        qps: rate.map(round5),
        elapsed_ns: outcome.map(|outcome| nanoseconds(outcome.elapsed)),
        requests: Requests { ok: outcome.map_or(0, |outcome| outcome.ok), failed: all_errors.total() },
        errors: errors(&all_errors),
        status: outcome
            .map(|outcome| outcome.statuses.iter().map(|(status, n)| (status.to_string(), *n)).collect())
            .unwrap_or_default(),
        bytes_read: outcome.map_or(0, |outcome| outcome.bytes_read),
        latency_ns: latencies,
        connect_ns: outcome.and_then(|outcome| latency(&outcome.connect_ns)),
        in_flight_at_end: outcome.map_or(0, |outcome| outcome.in_flight_at_end),
        connections_opened: outcome.map_or(0, |outcome| outcome.connections_opened),
        closed_by_client: outcome.map_or(0, |outcome| outcome.closed_by_client),
        reset_after_answer: outcome.map_or(0, |outcome| outcome.reset_after_answer),
        retried: outcome.map_or(0, |outcome| outcome.retried),
        unasked: outcome.map_or(0, |outcome| outcome.unasked.connections),
        first_byte_ns: outcome.and_then(|outcome| latency(&outcome.first_byte_ns)),
        concurrency: rate.zip(latencies).map(|(rate, latency)| round5(rate * latency.mean as f64 / 1e9)),
        server: server(&std::iter::once(measured)),
        client: client(outcome.into_iter()),
        weather: measured.weather,
        held: outcome.map(|outcome| outcome.cohorts.iter().map(Held::of).collect()).unwrap_or_default(),
        samples: outcome.map(|outcome| outcome.samples.clone()).unwrap_or_default(),
    }
}

fn errors(errors: &Errors) -> BTreeMap<String, u64> {
    errors.iter().map(|(kind, count)| (kind.name().to_owned(), count)).collect()
}

/// What was spent in `trials` together, per request of those trials in which it was measured.
fn server<'a>(trials: &(impl Iterator<Item = &'a lab::Trial> + Clone)) -> Server {
    let per_request = |spent: &dyn Fn(&lab::Trial) -> Option<f64>| {
        let measured = trials.clone().filter(|trial| trial.usage_requests > 0);
        let pairs = measured.filter_map(|trial| Some((spent(trial)?, trial.usage_requests as f64)));
        let (spent, requests) = pairs.fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        (requests > 0.0).then(|| spent / requests)
    };
    let cpu_us = |trial: &lab::Trial| trial.usage.cpu.map(|cpu| cpu.as_secs_f64() * 1e6);
    let switches = |trial: &lab::Trial| trial.usage.context_switches.map(|n| n as f64);
    let cpu = per_request(&cpu_us);
    let looks = trials.clone().filter_map(|trial| trial.usage.split).reduce(Met::plus);
    let user_share = looks.and_then(user_share);
    Server {
        cpu_us_per_request: cpu.map(round5),
        user_us_per_request: cpu.zip(user_share).map(|(us, share)| round5(us * share)),
        sys_us_per_request: cpu.zip(user_share).map(|(us, share)| round5(us * (1.0 - share))),
        split_samples: looks.filter(|_| user_share.is_some()).map(|looks| looks.total()),
        allocs_per_request: None,
        syscalls_per_request: None,
        syscalls_at_rest_per_request: None,
        instructions_per_request: None,
        context_switches_per_request: per_request(&switches).map(round5),
        threads_max: trials.clone().filter_map(|trial| trial.usage.threads_max).max(),
        rss_peak_bytes: trials.clone().filter_map(|trial| trial.usage.rss_peak_bytes).max(),
        rss_growth_bytes: trials.clone().filter_map(|trial| trial.usage.rss_growth_bytes).max(),
        bytes_per_held_connection: trials
            .clone()
            .filter_map(|trial| trial.usage.bytes_per_held_connection)
            .reduce(f64::max)
            .map(round5),
    }
}

/// The share of user mode among `looks`, unless they are so few that it is mostly chance.
fn user_share(looks: Met) -> Option<f64> {
    /// With so many it is off by 0.07 at most, one standard deviation.
    const LOOKS_MIN: u64 = 50;
    (looks.total() >= LOOKS_MIN).then(|| looks.user as f64 / looks.total() as f64)
}

/// What the trials showed, with what was counted apart from them.
fn inspected(server: Server, inspection: &lab::Inspection) -> Server {
    Server {
        allocs_per_request: inspection.allocs_per_request.map(round5),
        syscalls_per_request: inspection.syscalls_per_request.map(round5),
        syscalls_at_rest_per_request: inspection.syscalls_at_rest_per_request.map(round5),
        instructions_per_request: inspection.instructions_per_request.map(round5),
        // In the trials it is exact, as long as no thread ends.
        context_switches_per_request: server
            .context_switches_per_request
            .or_else(|| inspection.switches_per_request.map(round5)),
        ..server
    }
}

fn client<'a>(outcomes: impl Iterator<Item = &'a Outcome> + Clone) -> Client {
    let sum = |value: &dyn Fn(&Outcome) -> f64| outcomes.clone().map(value).sum::<f64>();
    let requests = sum(&|outcome| (outcome.ok + outcome.failed()) as f64);
    let available = sum(&|outcome| outcome.elapsed.as_secs_f64() * outcome.client.threads as f64);
    let mut cost = ClientCost::NONE;
    outcomes.clone().for_each(|outcome| cost.merge(&outcome.client));
    // Two clocks may differ by a little, and nobody is busier than busy.
    let share = |spent: Duration| (available > 0.0).then(|| round5(spent.as_secs_f64() / available).min(1.0));
    let per_request =
        |spent: Duration| (requests > 0.0).then(|| round5(spent.as_secs_f64() * 1e6 / requests));
    Client {
        cpu_us_per_request: per_request(cost.total()),
        user_us_per_request: cost.split().and_then(|[user, _]| per_request(user)),
        sys_us_per_request: cost.split().and_then(|[_, system]| per_request(system)),
        busy: share(cost.total()),
        starved: cost.kept_waiting.and_then(share),
        bound: outcomes.clone().any(Outcome::client_bound),
        connections_established: outcomes.map(|outcome| outcome.connections_established).min(),
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "build_tests.rs"]
pub(super) mod tests;
