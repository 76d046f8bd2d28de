//! What can be fired: a plan that makes sense, within the bounds of a run.

use std::time::Duration;

use super::errors::EngineError;
use super::limits;
use super::part::Part;
use super::plan::{Amount, Mode, Pace, Plan};

/// The slowest schedule, in requests per second: one every quarter of an hour.
pub(crate) const RATE_MIN: f64 = 0.001;
/// The fastest.
pub(crate) const RATE_MAX: f64 = 1e8;
/// The most requests that a connection may have unanswered. Each costs a server memory, and far fewer fill any
/// socket's buffers.
pub(crate) const PIPELINE_MAX: usize = 65_536;
/// The longest warm-up, counted time or schedule. Longer ones are taken for a mistake, and up to here a
/// schedule's moments are whole nanoseconds to a 64-bit float, at any rate from the one to the other.
pub(crate) const DURATION_MAX: Duration = Duration::from_secs(24 * 3_600);

/// Says whether `plan` can be fired here: it makes sense, and there are descriptors for its connections,
/// for which the soft limit is raised if need be.
///
/// # Errors
/// What is wrong with it, as [`run`](super::run()) would say it.
pub fn check(plan: &Plan) -> Result<(), EngineError> {
    check_part(plan, Part::WHOLE).map(drop)
}

/// The same of one process of several: whether `plan` makes sense, and whether its `part` can be fired here. Returns
/// that part.
pub fn check_part(plan: &Plan, part: Part) -> Result<Plan, EngineError> {
    make_sense(plan)?;
    let own = part.of(plan)?;
    limits::make_room(&own)?;
    Ok(own)
}

fn make_sense(plan: &Plan) -> Result<(), EngineError> {
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
    if matches!(plan.mode, Mode::KeepAlive { pipeline } if pipeline > PIPELINE_MAX) {
        return refuse("a pipeline takes 65,536 requests at most");
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
    if plan.warmup > DURATION_MAX {
        return refuse("a warm-up takes 24 hours at most");
    }
    match plan.amount {
        Amount::Requests(0) => refuse("0 requests measure nothing; use at least 1"),
        Amount::Time(time) if time.is_zero() => refuse("a duration of 0 measures nothing"),
        Amount::Time(time) if time > DURATION_MAX => refuse("24 hours are counted at most"),
        Amount::Requests(_) | Amount::Time(_) => Ok(()),
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
    if let Amount::Requests(requests) = plan.amount
        && requests as f64 / rate.from_per_sec > DURATION_MAX.as_secs_f64()
    {
        return Err(EngineError::Plan(format!(
            "{requests} requests at {} per second take more than 24 hours, the longest that is measured; use \
             fewer (-n) or a higher rate (-R)",
            rate.from_per_sec
        )));
    }
    Ok(())
}
