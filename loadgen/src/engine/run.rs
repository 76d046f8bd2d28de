//! Splits a plan among threads and puts their reports together.

use std::mem;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::Progress;
use super::accounts::Report;
use super::budget::share;
use super::check::check_part;
use super::context::depth;
use super::errors::EngineError;
use super::holder;
use super::open_loop::OpenLoop;
use super::outcome::Outcome;
use super::part::Part;
use super::plan::{Amount, Pace, Plan};
use super::shared::Shared;
use super::tally::{self, first_of_each};
use super::worker::{self, Share};

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
    run_part(plan, Part::WHOLE, None, progress)
}

/// The same of one process of several: fires its `part` of `plan`, which is that of the whole, and makes none of
/// the connections that are measured before `begin_at`, if there is such a moment. Cohorts are opened as soon as it is
/// called.
pub fn run_part(
    plan: &Plan,
    part: Part,
    begin_at: Option<Instant>,
    progress: &Progress,
) -> Result<Outcome, EngineError> {
    let own = check_part(plan, part)?;
    let fire = || fire(plan, &own, part, begin_at, progress);
    if own.cohorts.is_empty() {
        return fire();
    }
    let (outcome, cohorts) = holder::beside(&own, progress, fire)?;
    Ok(Outcome { cohorts, ..outcome })
}

fn fire(
    whole: &Plan,
    plan: &Plan,
    part: Part,
    begin_at: Option<Instant>,
    progress: &Progress,
) -> Result<Outcome, EngineError> {
    let shared = Shared::of_part(plan, (part, whole.amount), begin_at, progress);
    let before = usize::try_from(part.before(whole.connections as u64)).unwrap_or(usize::MAX);
    let reports = thread::scope(|scope| {
        let threads: Vec<_> = (0..plan.threads)
            .map(|index| {
                let (shared, share) = (&shared, share_of(plan, index, before));
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
    });
    // A thread that could not fire has not said so.
    progress.counting.store(false, Ordering::Relaxed);
    Ok(merge(shared, &reports?))
}

/// What thread `index` is to do of a plan before which other processes have so many connections.
fn share_of(plan: &Plan, index: usize, before: usize) -> Share {
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
        first_connection: before + (0..index).map(connections).sum::<usize>(),
        requests,
        cpu: plan.cpus.get(index % plan.cpus.len().max(1)).copied(),
    }
}

fn merge(shared: Shared<'_>, reports: &[Report]) -> Outcome {
    let plan = shared.plan;
    let complete = reports.iter().all(|report| report.complete);
    let ready_ns = shared.ready_ns();
    let mut outcome = Outcome {
        connections_asked: plan.connections,
        pipeline: depth(plan.mode),
        connections_established: shared.established_max(),
        late: shared.late(),
        warmed_up_for: shared.warmed_up_for(),
        interrupted: shared.was_interrupted() && !complete,
        gave_up: shared.into_gave_up(),
        open_loop: open_loop(plan, reports),
        ..Outcome::empty()
    };
    for report in reports {
        add(&mut outcome, report);
    }
    // What went before is no part of the run: threads were set up, and the others were waited for.
    let first = Duration::from_nanos(ready_ns);
    for failure in outcome.failures.iter_mut().chain(&mut outcome.unasked.first) {
        failure.after = failure.after.saturating_sub(first);
    }
    outcome.failures = first_of_each(mem::take(&mut outcome.failures));
    outcome.samples = outcome.failures.iter().map(ToString::to_string).collect();
    outcome
}

/// What became of the schedule, if there was one and counting began.
fn open_loop(plan: &Plan, reports: &[Report]) -> Option<OpenLoop> {
    let Pace::Open(rate) = plan.pace else { return None };
    let mut whole = OpenLoop::empty(rate);
    for report in reports {
        if let Some(service_ns) = &report.tally.service_ns {
            tally::add(&mut whole.service_ns, service_ns);
        }
        let Some(paced) = &report.paced else { continue };
        let [first, second] = paced.lag.max_ns_by_half;
        whole.scheduled = paced.scheduled;
        whole.due += paced.due;
        whole.never_sent += paced.due.saturating_sub(paced.sent);
        whole.lag_max = whole.lag_max.max(Duration::from_nanos(first.max(second)));
        whole.own_lag_max = whole.own_lag_max.max(Duration::from_nanos(paced.lag.own_max_ns));
        whole.lag_grew |= OpenLoop::grew(paced.lag.max_ns_by_half);
        whole.waiting.push(paced.waiting.clone());
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
        tally::add(whole, part);
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
