//! What the result says against itself, in words and in JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::five_digits;
use super::summary::{entry, grouped, plural};
use crate::engine::{Amount, Mode, OpenLoop, Outcome, Plan};

/// Below this share nobody need look for who had the client's CPU.
const STARVED_MIN: f64 = 0.1;

/// A warning for each reason not to take the figures for the server's.
pub(super) fn write(out: &mut impl Write, plan: &Plan, outcome: &Outcome, width: usize) -> io::Result<()> {
    let established = outcome.connections_established;
    // Fewer requests than connections need no more than one each.
    let asked = match plan.amount {
        Amount::Requests(requests) => {
            outcome.connections_asked.min(usize::try_from(requests).unwrap_or(usize::MAX))
        }
        Amount::Time(_) => outcome.connections_asked,
    };
    let kept = matches!(plan.mode, Mode::KeepAlive { .. });
    let mut warnings = Vec::new();
    warnings.extend(client_bound(outcome));
    // In an open loop connections are opened when they are needed.
    if kept && established < asked && outcome.open_loop.is_none() {
        warnings.push(format!(
            "only {} of {} connection{} could be held at once; does the server limit them?",
            grouped(established as u64),
            grouped(asked as u64),
            plural(asked as u64)
        ));
    }
    let unasked = outcome.unasked.connections;
    if unasked > 0 {
        warnings.push(format!(
            "more came than was asked for, seen on {} connection{}, so that answers may have been taken for those \
             to later requests; does the server answer twice?",
            grouped(unasked),
            plural(unasked)
        ));
    }
    if let Some(law) = outcome.littles_law().filter(|law| !law.holds()) {
        warnings.push(format!(
            "rate times mean latency makes {:.1} requests under way where {:.0} were asked for ({:+.0} %), so \
             connections were not always at work: opening and closing them takes its time, too",
            law.measured,
            law.asked,
            law.off() * 100.0
        ));
    }
    if let Some(open) = &outcome.open_loop
        && outcome.invalid().is_none()
        && !outcome.interrupted
        && outcome.gave_up.is_none()
        && open.reached(outcome) < 0.99
    {
        let why = if outcome.client_bound() || is_own_doing(open) {
            "the rate was not reached, and the client itself may be why, so this does not speak against the server"
        } else {
            "the rate was not reached: the server is too slow for it, or needs more connections (-c)"
        };
        warnings.push(why.to_owned());
    }
    warnings.iter().try_for_each(|warning| entry(out, "warning", warning, width))
}

/// Whether most of the worst lag was the client's, who did not send though a connection was free.
pub(super) fn is_own_doing(open: &OpenLoop) -> bool {
    open.own_lag_max * 2 > open.lag_max
}

/// Why the client may have set the pace, if it may.
pub(super) fn client_bound(outcome: &Outcome) -> Option<String> {
    if !outcome.client_bound() {
        return None;
    }
    Some(match outcome.starved().filter(|&share| share >= STARVED_MIN) {
        Some(share) => format!(
            "other processes had the client's CPU for {:.0} % of the time; give it one of its own (taskset -c)",
            share * 100.0
        ),
        None => {
            "the client was busy all the time, so the server may be faster than this; try more threads (-t)"
                .to_owned()
        }
    })
}

/// For the `client` of the JSON.
pub(super) fn json(outcome: &Outcome) -> [(&'static str, Value); 4] {
    let law = outcome.littles_law().map(|law| {
        json!({
            "asked": five_digits(law.asked),
            "measured": five_digits(law.measured),
            "off": five_digits(law.off()),
            "holds": law.holds(),
        })
    });
    [
        ("busy", five_digits(outcome.busy()).into()),
        ("starved", outcome.starved().map(five_digits).into()),
        ("connections_asked", outcome.connections_asked.into()),
        ("littles_law", law.into()),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::Rate;

    /// Half of a second's requests were never sent, by a client that computed for so long, with such lags.
    fn warned(busy_ms: u64, lag_ms: u64, own_ms: u64) -> String {
        let mut outcome = Outcome { elapsed: Duration::from_secs(1), ..Outcome::empty() };
        outcome.client.threads = 1;
        outcome.client.total = Duration::from_millis(busy_ms);
        let mut open = OpenLoop::empty(Rate::constant(1_000.0));
        (open.scheduled, open.due, open.never_sent) = (outcome.elapsed, 1_000, 500);
        open.lag_max = Duration::from_millis(lag_ms);
        open.own_lag_max = Duration::from_millis(own_ms);
        outcome.open_loop = Some(open);
        let mut text = Vec::new();
        write(&mut text, &Plan::of_a_test(), &outcome, 1_000).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_rate_that_the_client_did_not_reach_is_not_held_against_the_server() {
        assert!(warned(300, 500, 2).contains("the server is too slow for it"));
        for told in [warned(950, 500, 2), warned(300, 500, 490)] {
            assert!(told.contains("the client itself may be why") && !told.contains("too slow"), "{told}");
        }
    }
}
