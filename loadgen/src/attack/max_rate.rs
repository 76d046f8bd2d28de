//! `--max-rate`: runs the search and draws its hockey stick, rate by rate.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::search::{self, Found, Slo, Step};
use super::{Args, AttackError, json as numbers, summary, watch};
use crate::engine::{Amount, Outcome, Pace, Plan, Progress, Rate};

/// Names and meanings only ever get added under this one.
const SCHEMA: &str = "phase-lab/max-rate/1";
/// Where the search begins.
const FIRST_PER_SEC: f64 = 1_000.0;
/// How long a step counts.
const STEP: Duration = Duration::from_secs(3);
/// How long a rate is driven before it counts.
const SETTLE: Duration = Duration::from_millis(500);

/// Searches the highest rate at which `plan`'s target keeps `slo`.
///
/// It begins with the rate of the flags and drives each rate for as long as they say, if they do.
pub(super) fn find(
    plan: &Plan,
    slo: &Slo,
    args: &Args,
    progress: &Arc<Progress>,
) -> Result<Found, AttackError> {
    let step = args.duration();
    let first_per_sec = args.open_loop.rate.map_or(FIRST_PER_SEC, |rate| rate.from_per_sec);
    search::search(first_per_sec, slo, |rate_per_sec| {
        if progress.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        progress.ok.store(0, Ordering::Relaxed);
        progress.failed.store(0, Ordering::Relaxed);
        let plan = Plan {
            pace: Pace::Open(Rate::constant(rate_per_sec)),
            warmup: SETTLE,
            amount: Amount::Time(step.unwrap_or(STEP)),
            ..plan.clone()
        };
        let (outcome, _) = watch::run(&plan, args, progress)?;
        if let Some(why) = outcome.gave_up {
            return Err(AttackError::Died(why));
        }
        Ok((!outcome.interrupted).then(|| measured(rate_per_sec, slo, &outcome)))
    })
}

fn measured(rate_per_sec: f64, slo: &Slo, outcome: &Outcome) -> Step {
    let latency = &outcome.latency_ns;
    Step {
        rate_per_sec,
        answered_per_sec: outcome.requests_per_sec(),
        reached: outcome.open_loop.as_ref().map_or(0.0, |open| open.reached(outcome)),
        p50_ns: latency.value_at_quantile(0.5),
        p99_ns: latency.value_at_quantile(0.99),
        promised_ns: latency.value_at_quantile(slo.quantile),
        failed: outcome.failed(),
        client: outcome.invalid(),
    }
}

/// The steps by rate, slowest first, and what they come to.
pub(super) fn write(out: &mut impl Write, url: &str, slo: &Slo, found: &Found) -> io::Result<()> {
    writeln!(out, "the highest rate at which {url} keeps {slo}\n")?;
    writeln!(out, "{:>12}{:>12}{:>10}{:>10}{:>10}  verdict", "rate", "answered", "reached", "p50", "p99")?;
    for step in by_rate(found) {
        writeln!(
            out,
            "{:>12}{:>12}{:>8.1} %{:>10}{:>10}  {}",
            summary::rate(step.rate_per_sec),
            summary::rate(step.answered_per_sec),
            (step.reached * 1e3).floor() / 10.0,
            summary::time(step.p50_ns as f64),
            summary::time(step.p99_ns as f64),
            step.broken(slo).unwrap_or("holds")
        )?;
    }
    match found.rate_per_sec {
        Some(rate) if found.interrupted => {
            writeln!(out, "\nmax rate      at least {} per second (interrupted)", summary::rate(rate))?;
        }
        Some(rate) => writeln!(out, "\nmax rate      {} per second", summary::rate(rate))?,
        None if found.interrupted => writeln!(out, "\nmax rate      not found (interrupted)")?,
        None => writeln!(out, "\nmax rate      none: no rate that was tried kept the promise")?,
    }
    match client_limit(found) {
        Some(why) => writeln!(out, "warning       the server may do better: {why}"),
        None => Ok(()),
    }
}

pub(super) fn json(plan: &Plan, slo: &Slo, found: &Found) -> Value {
    let steps: Vec<Value> = by_rate(found).into_iter().map(|step| step_json(slo, step)).collect();
    json!({
        "schema": SCHEMA,
        "target": plan.target.to_string(),
        "slo": {"quantile": slo.name, "limit_ns": numbers::integer(slo.limit.as_nanos())},
        "max_rate_per_sec": found.rate_per_sec,
        "interrupted": found.interrupted,
        "client_limit": client_limit(found),
        "steps": steps,
    })
}

fn step_json(slo: &Slo, step: &Step) -> Value {
    json!({
        "rate_per_sec": step.rate_per_sec,
        "requests_per_sec": numbers::five_digits(step.answered_per_sec),
        "reached": numbers::five_digits(step.reached),
        "latency_ns": {"p50": step.p50_ns, "p99": step.p99_ns},
        "promised_ns": step.promised_ns,
        "failed": step.failed,
        "holds": step.broken(slo).is_none(),
        "verdict": step.broken(slo).unwrap_or("holds"),
    })
}

fn by_rate(found: &Found) -> Vec<&Step> {
    let mut steps: Vec<_> = found.steps.iter().collect();
    steps.sort_by(|a, b| a.rate_per_sec.total_cmp(&b.rate_per_sec));
    steps
}

/// Why the search ended at the client's limit rather than at the server's, if it did.
fn client_limit(found: &Found) -> Option<&str> {
    found.steps.iter().find_map(|step| step.client.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(rate_per_sec: f64, promised_ns: u64) -> Step {
        Step {
            rate_per_sec,
            answered_per_sec: rate_per_sec,
            reached: 0.999_99,
            p50_ns: 100_000,
            p99_ns: promised_ns,
            promised_ns,
            failed: 0,
            client: None,
        }
    }

    #[test]
    fn the_hockey_stick_goes_up_by_rate_whatever_the_order_of_the_search() {
        let slo = search::slo("p99=5ms").unwrap();
        let steps = vec![step(1_000.0, 1), step(2_000.0, 9_000_000), step(1_500.0, 2_000_000)];
        let found = Found { rate_per_sec: Some(1_500.0), steps, interrupted: false };
        let mut text = Vec::new();
        write(&mut text, "http://h/", &slo, &found).unwrap();
        let text = String::from_utf8(text).unwrap();
        let rates: Vec<_> = text.lines().filter(|line| line.contains(" % ")).map(str::trim).collect();
        assert!(rates[0].starts_with("1,000") && rates[1].starts_with("1,500"), "{text}");
        assert!(rates[2].starts_with("2,000") && rates[2].ends_with("too slow"), "{text}");
        // Rounded down: not all of it was reached.
        assert!(rates[0].contains("99.9 %") && text.contains("p99 within 5ms"), "{text}");
        assert!(text.ends_with("max rate      1,500 per second\n"), "{text}");
        let steps: Vec<_> = found.steps.iter().map(|each| step_json(&slo, each)).collect();
        assert_eq!((&steps[1]["holds"], &steps[1]["verdict"]), (&false.into(), &"too slow".into()));
    }

    #[test]
    fn a_search_that_ended_at_the_clients_limit_says_so() {
        let slo = search::slo("p50=1ms").unwrap();
        let client = Some("the client was busy".to_owned());
        let found = Found {
            rate_per_sec: None,
            steps: vec![Step { client, ..step(1_000.0, 1) }],
            interrupted: false,
        };
        let mut text = Vec::new();
        write(&mut text, "http://h/", &slo, &found).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.contains("max rate      none") && text.contains("do better: the client was busy"),
            "{text}"
        );
    }
}
