//! Whether a promise was broken by the client rather than by the server.

use super::slo::Slo;
use super::step::{Broken, quantile_ns};
use crate::attack::{doubts, summary};
use crate::engine::{ErrorKind, Outcome};

/// Why a broken promise does not speak against the server, in half a sentence, if so.
///
/// A client that was late itself makes latencies longer, never shorter, so it is asked about only where the
/// promise was broken. It takes the blame where
///
/// - nothing but its own want of ports or descriptors made requests fail,
/// - it computed or had no CPU for 90 % of the time, so that it may have been what was too slow,
/// - or the server answered within the promise whatever it was sent, and what was sent too late was kept back
///   by the client though a connection was free.
pub(super) fn client(outcome: &Outcome, slo: &Slo, overdue: u64, broken: Broken) -> Option<String> {
    match broken {
        Broken::Failed if outcome.failed() > outcome.errors.count(ErrorKind::Client) => None,
        Broken::Failed => outcome.invalid(),
        Broken::TooSlow => doubts::client_bound(outcome).or_else(|| own_lag(outcome, slo, overdue)),
        Broken::NotReached => doubts::client_bound(outcome).or_else(|| {
            // Those that were never sent are what is asked about; how the server did is for the others to say.
            let never_sent = outcome.open_loop.as_ref().map_or(0, |open| open.never_sent);
            own_lag(outcome, slo, overdue.saturating_sub(never_sent))
        }),
        Broken::Unknown => doubts::client_bound(outcome),
    }
}

fn own_lag(outcome: &Outcome, slo: &Slo, overdue: u64) -> Option<String> {
    let open = outcome.open_loop.as_ref()?;
    // When those were sent that are overdue nobody knows any more, so the server may be to blame for them.
    let served_ns = quantile_ns(&open.service_ns, overdue, slo.quantile)?;
    let kept_once_sent = u128::from(served_ns) <= slo.limit.as_nanos();
    // A moment without a CPU is nothing beside the wait for a connection that a slow server brings about.
    let by_itself = open.own_lag_max > slo.limit && doubts::is_own_doing(open);
    (kept_once_sent && by_itself).then(|| {
        format!(
            "the client itself sent requests up to {} late, and the server's {} from then on was {}; give the \
             client a CPU of its own (taskset -c)",
            summary::time(open.own_lag_max.as_nanos() as f64),
            slo.name,
            summary::time(served_ns as f64)
        )
    })
}
