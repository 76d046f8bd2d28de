//! Whether the values of a `gate.json` can be what was measured, as for a `run.json`: what was written by hand, or
//! damaged, is refused by name before anything is drawn of it. `gate.schema.json` says the same and more.

use super::judge::Verdict;
use super::outcome::{Compared, Outcome, Server, Trial};

/// A change of more than this, in percent, is none that was ever measured.
const PERCENT_MAX: f64 = 1e9;
/// More of anything than this never was.
const VALUE_MAX: f64 = 1e15;

/// The first value that makes no sense, and what it should be.
pub(super) fn check(outcome: &Outcome) -> Result<(), String> {
    if humantime::parse_rfc3339(&outcome.started_at).is_err() {
        return Err(format!("started_at is '{}', which is no time in UTC", outcome.started_at));
    }
    verdict(&outcome.verdict)?;
    outcome.servers.iter().enumerate().try_for_each(|(index, server)| {
        if outcome.servers[..index].iter().any(|before| before.name == server.name) {
            return Err(format!("{} is there twice", server.name));
        }
        self::server(server).map_err(|why| format!("{}: {why}", server.name))
    })
}

fn server(server: &Server) -> Result<(), String> {
    server
        .metrics
        .iter()
        .try_for_each(|metric| compared(metric).map_err(|why| format!("{}: {why}", metric.metric)))?;
    server.trials.iter().enumerate().try_for_each(|(index, block)| {
        block.iter().try_for_each(trial).map_err(|why| format!("block {}: {why}", index + 1))
    })
}

fn compared(metric: &Compared) -> Result<(), String> {
    within("base", metric.base, 0.0, VALUE_MAX)?;
    within("candidate", metric.candidate, 0.0, VALUE_MAX)?;
    for (name, value) in [
        ("change_percent", metric.change_percent),
        ("low_percent", metric.low_percent),
        ("high_percent", metric.high_percent),
        ("control_percent", metric.control_percent),
    ] {
        within(name, value, -100.0, PERCENT_MAX)?;
    }
    if metric.low_percent.zip(metric.high_percent).is_some_and(|(low, high)| low > high) {
        return Err("low_percent is above high_percent".into());
    }
    within("confidence", metric.confidence, 0.0, 1.0)?;
    within("limit", metric.limit, 0.0, VALUE_MAX)?;
    within("max", metric.max, 0.0, VALUE_MAX)?;
    metric.verdict.as_deref().map_or(Ok(()), verdict)
}

fn trial(trial: &Trial) -> Result<(), String> {
    within("requests_per_sec", Some(trial.requests_per_sec), 0.0, VALUE_MAX)?;
    within("cpu_us_per_request", trial.cpu_us_per_request, 0.0, VALUE_MAX)
}

fn verdict(name: &str) -> Result<(), String> {
    if Verdict::ALL.iter().any(|verdict| verdict.name() == name) {
        return Ok(());
    }
    Err(format!("verdict is '{name}', which is none of {}", Verdict::ALL.map(Verdict::name).join(", ")))
}

fn within(name: &str, value: Option<f64>, least: f64, most: f64) -> Result<(), String> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(format!("{name} is {value}, which is not from {least} to {most}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn what_can_not_have_been_measured_or_allowed_is_refused_by_name() {
        let mut outcome = sample::full();
        assert_eq!(check(&outcome), Ok(()));
        let metric = &mut outcome.servers[0].metrics[3];
        (metric.metric, metric.max) = ("allocations_per_request".into(), Some(-1.0));
        let error = check(&outcome).unwrap_err();
        assert!(
            error.starts_with("phase0-serial: allocations_per_request: max is -1")
                && error.contains("from 0 to"),
            "{error}"
        );
        outcome.servers[0].metrics[3].max = Some(f64::NAN);
        assert!(check(&outcome).is_err());
    }
}
