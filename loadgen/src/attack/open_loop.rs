//! The flags of an open loop, and what its result says beside the latencies.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::{AttackError, json as numbers, summary};
use crate::engine::{OpenLoop, Outcome, Pace, Plan, Rate};
use crate::report::wrap;

/// When requests are sent.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct OpenLoopArgs {
    /// Send so many requests per second, whatever becomes of them; FROM:TO grows evenly from one to the other
    ///
    /// An open loop, as users are: they don't wait for each other's answers. Requests are due on a
    /// schedule, and latency counts from when a request was due, so that a server that stalls is not
    /// spared the requests it kept waiting. The service time, from the moment of sending, is told beside it.
    #[arg(short = 'R', long, value_name = "RATE|FROM:TO", value_parser = rate)]
    pub(super) rate: Option<Rate>,
    /// Search the highest rate that keeps the promise of --slo, beginning at -R or 1000 per second
    ///
    /// Doubles the rate until the promise breaks, then halves the gap. Each step takes --warmup
    /// [default: 500ms] and then -d [default: 3s], and a rate that breaks the promise is tried once more.
    /// With --latency the latencies at the highest rate that held come last.
    #[arg(long, requires = "slo")]
    pub(super) max_rate: bool,
    /// The promise: a quantile (p50, p90, p99, p99.9 or max) and the latency that it has to stay within
    ///
    /// A rate holds if no request fails, 99 % of the rate is reached, and the promise is kept. Requests that
    /// have no answer when a step ends count as longer than any answer if they had been due for longer than
    /// promised, and not at all if they had not.
    #[arg(long, value_name = "QUANTILE=TIME", value_parser = super::max_rate::slo, requires = "max_rate")]
    pub(super) slo: Option<super::max_rate::Slo>,
}

impl OpenLoopArgs {
    pub(super) fn pace(&self) -> Pace {
        self.rate.map_or(Pace::Closed, Pace::Open)
    }

    /// Says which flags don't go together.
    pub(super) fn check(&self, pipeline: usize, counts_requests: bool) -> Result<(), AttackError> {
        let refuse = |text: &str| Err(AttackError::Argument(text.to_owned()));
        let is_ramp = self.rate.is_some_and(|rate| rate.is_ramp());
        if pipeline > 1 && (self.rate.is_some() || self.max_rate) {
            return refuse("-R with --pipeline: a schedule sends each request when it is due, alone");
        }
        if is_ramp && self.max_rate {
            return refuse("-R FROM:TO with --max-rate: the search begins at one rate; use -R FROM");
        }
        if counts_requests && is_ramp {
            return refuse("-R FROM:TO with -n: a ramp needs a time to grow in; use -d");
        }
        if counts_requests && self.max_rate {
            return refuse("--max-rate with -n: each step of the search takes a time; use -d");
        }
        Ok(())
    }

    /// Refuses a promise that a step of the search would be too short for.
    pub(super) fn check_step(&self, step: Duration) -> Result<(), AttackError> {
        let Some(slo) = self.slo.filter(|slo| slo.limit >= step) else { return Ok(()) };
        let step = humantime::format_duration(step);
        Err(AttackError::Argument(format!(
            "--slo {slo}: each step of the search is over after {step}, before the promise could break; use a \
             longer one (-d)"
        )))
    }
}

fn rate(text: &str) -> Result<Rate, String> {
    let number = |text: &str| match text.parse::<f64>() {
        Ok(per_sec) if per_sec.is_finite() && per_sec > 0.0 => Ok(per_sec),
        _ => Err(format!("{text:?} is no rate; examples: 5000, 0.5, 1000:20000")),
    };
    match text.split_once(':') {
        Some((from, to)) => Ok(Rate { from_per_sec: number(from)?, to_per_sec: number(to)? }),
        None => number(text).map(Rate::constant),
    }
}

/// How the requests were sent, in half a sentence.
pub(super) fn describe(plan: &Plan) -> String {
    match plan.pace {
        Pace::Closed => String::new(),
        Pace::Open(rate) if rate.is_ramp() => format!(
            ", from {} to {} requests per second",
            summary::rate(rate.from_per_sec),
            summary::rate(rate.to_per_sec)
        ),
        Pace::Open(rate) => format!(", {} requests per second", summary::rate(rate.from_per_sec)),
    }
}

/// What became of the schedule.
pub(super) fn write(out: &mut impl Write, outcome: &Outcome, width: usize) -> io::Result<()> {
    let Some(open) = &outcome.open_loop else {
        let text =
            "closed loop: latency does not include the wait a slow server imposes on requests not yet sent";
        return note(out, text, width);
    };
    let due = summary::grouped(open.due);
    let text = format!(
        "{:.1} % of the rate reached, {due} {} due",
        percent(open, outcome),
        if open.due == 1 { "request was" } else { "requests were" }
    );
    summary::entry(out, "schedule", &text, width)?;
    if open.never_sent > 0 {
        let count = summary::grouped(open.never_sent);
        let text = format!("{count}: not sent before the end");
        summary::entry(out, "  never sent", &text, width)?;
    }
    let (lag, own) = (open.lag_max.as_nanos() as f64, open.own_lag_max.as_nanos() as f64);
    let (lag, own) = (summary::time(lag), summary::time(own));
    let text = format!("{lag} from due to sent, {own} of it the client's own doing at most");
    summary::entry(out, "  worst lag", &text, width)?;
    let text =
        "open loop: latency counts from when a request was due, the service time from when it was sent";
    note(out, text, width)
}

fn note(out: &mut impl Write, text: &str, width: usize) -> io::Result<()> {
    writeln!(out)?;
    wrap(text, width).iter().try_for_each(|line| writeln!(out, "{line}"))
}

pub(super) fn json(outcome: &Outcome) -> Value {
    let Some(open) = &outcome.open_loop else { return Value::Null };
    json!({
        "rate_per_sec": {"from": open.rate.from_per_sec, "to": open.rate.to_per_sec},
        "reached": numbers::five_digits(open.reached(outcome)),
        "due": open.due,
        "never_sent": open.never_sent,
        "lag_max_ns": numbers::integer(open.lag_max.as_nanos()),
        "own_lag_max_ns": numbers::integer(open.own_lag_max.as_nanos()),
        "lag_grew": open.lag_grew,
    })
}

/// Rounded down, so that 100 % is all of it.
fn percent(open: &OpenLoop, outcome: &Outcome) -> f64 {
    (open.reached(outcome) * 1e3).floor() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_or_a_ramp() {
        assert_eq!(rate("5000"), Ok(Rate::constant(5_000.0)));
        assert_eq!(rate("0.5:20"), Ok(Rate { from_per_sec: 0.5, to_per_sec: 20.0 }));
        for text in ["", "0", "-1", "fast", "1:", ":1", "1:2:3", "inf"] {
            assert!(rate(text).unwrap_err().contains("no rate"), "{text}");
        }
    }

    #[test]
    fn flags_that_contradict_each_other_are_refused() {
        let ramp = OpenLoopArgs { rate: rate("1:2").ok(), ..OpenLoopArgs::default() };
        assert!(ramp.check(1, true).unwrap_err().to_string().contains("use -d"));
        assert!(ramp.check(2, false).unwrap_err().to_string().contains("--pipeline"));
        assert!(ramp.check(1, false).is_ok());
        let search = OpenLoopArgs { max_rate: true, ..ramp };
        assert!(search.check(1, false).unwrap_err().to_string().contains("use -R FROM"));
        assert!(OpenLoopArgs { rate: None, ..search }.check(1, true).unwrap_err().to_string().contains("-n"));
    }

    #[test]
    fn a_promise_has_to_be_shorter_than_a_step() {
        let slo = super::super::max_rate::slo("max=3s").ok();
        let search = OpenLoopArgs { slo, ..OpenLoopArgs::default() };
        let refused = search.check_step(Duration::from_secs(3)).unwrap_err().to_string();
        assert!(refused.starts_with("--slo max within 3s: ") && refused.contains("-d"), "{refused}");
        assert!(search.check_step(Duration::from_secs(4)).is_ok());
        assert!(OpenLoopArgs::default().check_step(Duration::ZERO).is_ok());
    }
}
