//! Splits a plan among threads and puts their reports together.

use std::thread;
use std::time::Duration;

use super::Progress;
use super::accounts::Report;
use super::budget::share;
use super::context::depth;
use super::errors::EngineError;
use super::holder;
use super::limits;
use super::open_loop::OpenLoop;
use super::outcome::Outcome;
use super::plan::{Amount, Mode, Pace, Plan};
use super::shared::Shared;
use super::tally::{SAMPLES_MAX, histogram};
use super::worker::{self, Share};

/// The slowest schedule, in requests per second: one every quarter of an hour.
const RATE_MIN: f64 = 0.001;
/// The fastest.
const RATE_MAX: f64 = 1e8;

/// Fires `plan` and returns what it measured, when that is done or `progress` says stop.
///
/// A warm-up lasts until its time is over, all connections that are to be kept are open, and as many
/// requests have ended as there are connections, but at most five seconds longer. With a warm-up of zero
/// everything counts from the first connect, so that with [`Amount::Requests`] the server sees exactly
/// that many.
///
/// A server that is not there, or that dies, is no `Err` but an outcome that says so.
///
/// Cohorts are opened before all of that, and held until it is over.
pub fn run(plan: &Plan, progress: &Progress) -> Result<Outcome, EngineError> {
    check(plan)?;
    if plan.cohorts.is_empty() {
        return fire(plan, progress);
    }
    let (outcome, cohorts) = holder::beside(plan, progress, || fire(plan, progress))?;
    Ok(Outcome { cohorts, ..outcome })
}

fn fire(plan: &Plan, progress: &Progress) -> Result<Outcome, EngineError> {
    let shared = Shared::new(plan, progress);
    let reports = thread::scope(|scope| {
        let threads: Vec<_> = (0..plan.threads)
            .map(|index| {
                let (shared, share) = (&shared, share_of(plan, index));
                thread::Builder::new()
                    .name(format!("load-{index}"))
                    .spawn_scoped(scope, move || {
                        // Without one thread's share the others' would measure another plan.
                        worker::run(shared, share).inspect_err(|_| shared.stop())
                    })
                    .map_err(|source| EngineError::Setup { what: "starting a thread", source })
                    .inspect_err(|_| shared.stop())
            })
            .collect();
        // All of them are joined before the first error is returned.
        let ended: Vec<_> = threads
            .into_iter()
            .map(|thread| thread?.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        ended.into_iter().collect::<Result<Vec<Report>, EngineError>>()
    })?;
    Ok(merge(shared, &reports))
}

/// Says whether `plan` can be fired here: it makes sense, and there are descriptors for its connections,
/// for which the soft limit is raised if need be.
///
/// # Errors
/// What is wrong with it, as [`run`] would say it.
pub fn check(plan: &Plan) -> Result<(), EngineError> {
    let refuse = |text: &str| Err(EngineError::Plan(text.to_owned()));
    if plan.connections == 0 {
        return refuse("0 connections can't fire anything; use at least 1");
    }
    if plan.threads == 0 {
        return refuse("0 threads can't fire anything; use at least 1");
    }
    if plan.threads > plan.connections {
        return Err(EngineError::Plan(format!(
            "{} threads have only {} connections to share; use at most as many threads as connections",
            plan.threads, plan.connections
        )));
    }
    if plan.request.is_empty() {
        return refuse("the request is empty");
    }
    if plan.mode == (Mode::KeepAlive { pipeline: 0 }) {
        return refuse("a pipeline of 0 requests sends nothing; 1 is no pipelining");
    }
    if plan.requests_per_connection == Some(0) {
        return refuse("a connection that is closed after 0 requests sends nothing; use at least 1");
    }
    if plan.reset && plan.mode != Mode::Close && plan.requests_per_connection.is_none() {
        return refuse("connections are kept here, so that none is closed after an answer, let alone reset");
    }
    if plan.cohorts.iter().any(|cohort| cohort.connections == 0) {
        return refuse("a cohort of 0 connections holds nothing; use at least 1");
    }
    if plan.timeout.is_zero() {
        return refuse("a timeout of 0 lets no request succeed");
    }
    check_pace(plan)?;
    if let Some(flaw) = plan.target.flaw() {
        return Err(EngineError::Plan(format!("{}: {flaw}", plan.target)));
    }
    match plan.amount {
        Amount::Requests(0) => refuse("0 requests measure nothing; use at least 1"),
        Amount::Time(time) if time.is_zero() => refuse("a duration of 0 measures nothing"),
        Amount::Requests(_) | Amount::Time(_) => limits::make_room(plan),
    }
}

/// An open loop is measured request by request, on a schedule that has an end.
fn check_pace(plan: &Plan) -> Result<(), EngineError> {
    let Pace::Open(rate) = plan.pace else { return Ok(()) };
    let refuse = |text: &str| Err(EngineError::Plan(text.to_owned()));
    let sound = |per_sec: f64| (RATE_MIN..=RATE_MAX).contains(&per_sec);
    if !sound(rate.from_per_sec) || !sound(rate.to_per_sec) {
        return refuse("a rate has to be from 0.001 to 100,000,000 requests per second");
    }
    if matches!(plan.mode, Mode::KeepAlive { pipeline: 2.. }) {
        return refuse("a schedule sends each request when it is due, so it can't be pipelined");
    }
    if rate.is_ramp() && matches!(plan.amount, Amount::Requests(_)) {
        return refuse("a ramp needs a duration to rise in, not a number of requests");
    }
    Ok(())
}

fn share_of(plan: &Plan, index: usize) -> Share {
    let requests = match plan.amount {
        Amount::Requests(requests) => share(requests, index, plan.threads),
        Amount::Time(_) => 0,
    };
    let connections = |index| {
        usize::try_from(share(plan.connections as u64, index, plan.threads)).unwrap_or(plan.connections)
    };
    Share {
        index,
        connections: connections(index),
        first_connection: (0..index).map(connections).sum(),
        requests,
        cpu: plan.cpus.get(index % plan.cpus.len().max(1)).copied(),
    }
}

fn merge(shared: Shared<'_>, reports: &[Report]) -> Outcome {
    let plan = shared.plan;
    let complete = reports.iter().all(|report| report.complete);
    let mut outcome = Outcome {
        connections_asked: plan.connections,
        pipeline: depth(plan.mode),
        connections_established: shared.established_max(),
        interrupted: shared.was_interrupted() && !complete,
        gave_up: shared.into_gave_up(),
        open_loop: open_loop(plan, reports),
        ..Outcome::empty()
    };
    for report in reports {
        add(&mut outcome, report);
    }
    outcome.failures.sort_by_key(|failure| failure.after);
    outcome.failures.dedup_by(|later, earlier| later.repeats(earlier));
    outcome.failures.truncate(SAMPLES_MAX);
    outcome.samples = outcome.failures.iter().map(ToString::to_string).collect();
    outcome
}

/// What became of the schedule, if there was one and counting began.
fn open_loop(plan: &Plan, reports: &[Report]) -> Option<OpenLoop> {
    let Pace::Open(rate) = plan.pace else { return None };
    let mut whole = OpenLoop {
        rate,
        scheduled: Duration::ZERO,
        due: 0,
        never_sent: 0,
        service_ns: histogram(),
        lag_max: Duration::ZERO,
        own_lag_max: Duration::ZERO,
        lag_grew: false,
    };
    for report in reports {
        if let Some(service_ns) = &report.tally.service_ns {
            whole.service_ns.add(service_ns).expect("all histograms have the same bounds");
        }
        let Some(paced) = &report.paced else { continue };
        let [first, second] = paced.lag.max_ns_by_half;
        whole.scheduled = paced.scheduled;
        whole.due += paced.due;
        whole.never_sent += paced.due.saturating_sub(paced.sent);
        whole.lag_max = whole.lag_max.max(Duration::from_nanos(first.max(second)));
        whole.own_lag_max = whole.own_lag_max.max(Duration::from_nanos(paced.lag.own_max_ns));
        whole.lag_grew |= OpenLoop::grew(paced.lag.max_ns_by_half);
    }
    Some(whole)
}

fn add(outcome: &mut Outcome, report: &Report) {
    let tally = &report.tally;
    outcome.elapsed = outcome.elapsed.max(Duration::from_nanos(report.elapsed_ns));
    outcome.ok += tally.ok;
    outcome.errors.merge(&tally.errors);
    for (status, count) in tally.statuses() {
        *outcome.statuses.entry(status).or_default() += count;
    }
    outcome.bytes_read += tally.bytes_read;
    for (whole, part) in [
        (&mut outcome.latency_ns, &tally.latency_ns),
        (&mut outcome.connect_ns, &tally.connect_ns),
        (&mut outcome.first_byte_ns, &tally.first_byte_ns),
    ] {
        whole.add(part).expect("all histograms have the same bounds");
    }
    outcome.client.merge(&report.cost);
    outcome.failures.extend(tally.failures.iter().cloned());
    outcome.in_flight_at_end += report.in_flight_at_end;
    outcome.connections_opened += tally.connections_opened;
    outcome.closed_by_client += tally.closed_by_client;
    outcome.reset_after_answer += tally.reset_after_answer;
    outcome.retried += tally.retried;
    outcome.resets_sent += tally.resets_sent;
    outcome.unasked.merge(&report.unasked);
}
