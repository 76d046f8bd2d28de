//! `--max-rate`: the highest rate at which a promise about latency is kept.
//!
//! `search` says which rate is next, a run of the engine shows what becomes of it, `step` judges that by the
//! promise (`slo`), with `blame` for what was the client's own doing, and `table` draws the hockey stick.

mod blame;
mod json;
mod search;
mod slo;
mod step;
mod table;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(super) use slo::{Slo, slo};

use self::search::{Ended, Found};
use self::step::Step;
use super::{Args, AttackError, EXIT_INTERRUPTED, complaint, live, summary, watch};
use crate::engine::{self, Amount, ErrorKind, Outcome, Pace, Plan, Progress, Rate};
use crate::report;

/// Where the search begins.
const FIRST_PER_SEC: f64 = 1_000.0;
/// How long a step counts.
pub(super) const STEP: Duration = Duration::from_secs(3);
/// How long a rate is driven before it counts.
const SETTLE: Duration = Duration::from_millis(500);

/// What came back at the highest rate that held.
type Best = Option<Outcome>;

/// Searches the highest rate at which `plan`'s target keeps `slo`, and prints it to standard output.
///
/// The exit code is 0 where a rate held, 1 where none did or the server died, 130 after Ctrl-C. Whatever ended
/// the search, what was found until then is printed.
pub(super) fn run(
    args: &Args,
    plan: &Plan,
    probes: u64,
    slo: &Slo,
    progress: &Arc<Progress>,
) -> Result<ExitCode, AttackError> {
    let plan = &Plan {
        warmup: args.warmup().unwrap_or(SETTLE),
        amount: Amount::Time(args.duration().unwrap_or(STEP)),
        ..plan.clone()
    };
    let (found, best) = find(args, plan, slo, progress)?;
    match print(args, plan, probes, slo, &found, best.as_ref()) {
        // Whoever read it has read enough, as with `| head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        printed => printed?,
    }
    Ok(match &found.ended {
        Some(Ended::Interrupted) => ExitCode::from(EXIT_INTERRUPTED),
        Some(ended @ Ended::Failed { .. }) => {
            // Nothing is left to be done about a standard error that is closed.
            let _ = writeln!(io::stderr(), "error: {ended}");
            ExitCode::from(1)
        }
        _ if found.rate_per_sec.is_none() => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    })
}

/// Begins with the rate of the flags, if they say one, and drives each rate as `plan` says.
fn find(args: &Args, plan: &Plan, slo: &Slo, progress: &Arc<Progress>) -> Result<(Found, Best), AttackError> {
    let first_per_sec = args.open_loop.rate.map_or(FIRST_PER_SEC, |rate| rate.from_per_sec);
    let mut best = None;
    let found = search::search(first_per_sec, |rate_per_sec| {
        if progress.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        progress.ok.store(0, Ordering::Relaxed);
        progress.failed.store(0, Ordering::Relaxed);
        let plan = Plan { pace: Pace::Open(Rate::constant(rate_per_sec)), ..plan.clone() };
        let (outcome, _) = watch::run(&plan, args, progress, |progress| engine::run(&plan, progress))?;
        if outcome.interrupted {
            return Ok(None);
        }
        if let Some(why) = died(&outcome) {
            return Err(AttackError::Died(why));
        }
        let step = Step::of(rate_per_sec, slo, &outcome);
        live::tell(args.quiet, &step.line(slo));
        // A rate that holds is higher than those that held before it.
        if step.broken.is_none() {
            best = Some(outcome);
        }
        Ok(Some(step))
    })?;
    Ok((found, best))
}

/// Why there is no server to search at. Where steps are short the engine has no time to give it up.
fn died(outcome: &Outcome) -> Option<String> {
    let refused = outcome.connections_established == 0 && outcome.errors.count(ErrorKind::Connect) > 0;
    (refused || outcome.gave_up.is_some()).then(|| complaint(outcome)).flatten()
}

fn print(
    args: &Args,
    plan: &Plan,
    probes: u64,
    slo: &Slo,
    found: &Found,
    best: Option<&Outcome>,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", json::of(plan, probes, slo, found, best))?;
    } else {
        table::write(&mut out, args, slo, found, report::width())?;
        if let Some(best) = best.filter(|_| args.latency) {
            writeln!(out, "\nat that rate:")?;
            summary::latency(&mut out, args.latency, best)?;
        }
    }
    out.flush()
}
