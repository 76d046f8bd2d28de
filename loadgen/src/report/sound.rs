//! Whether the values of a `run.json` can be what was measured: what was written by hand, or damaged, is refused by
//! name before anything is reckoned with it. `run.schema.json` says the same and more.

use super::document::{Client, Document, Requests, Row, Scenario, Spread};

/// More connections, or requests in flight on one, than this never were.
const MANY: usize = 10_000_000;

/// The first value that makes no sense, and what it should be.
pub(super) fn check(document: &Document) -> Result<(), String> {
    if humantime::parse_rfc3339(&document.started_at).is_err() {
        return Err(format!("started_at is '{}', which is no time in UTC", document.started_at));
    }
    let twice = document.scenarios.iter().enumerate().find(|(index, scenario)| {
        document.scenarios[..*index].iter().any(|before| before.name == scenario.name)
    });
    if let Some((_, scenario)) = twice {
        return Err(format!("{} is there twice", scenario.name));
    }
    document.scenarios.iter().try_for_each(|scenario| {
        self::scenario(scenario).map_err(|why| format!("{}: {why}", scenario.name))?;
        let rows = &mut scenario.rows.iter();
        rows.try_for_each(|row| {
            self::row(row).map_err(|why| format!("{}, {}: {why}", scenario.name, row.name))
        })
    })
}

fn scenario(scenario: &Scenario) -> Result<(), String> {
    let params = &scenario.params;
    for (name, value) in
        [("connections", params.connections), ("pipeline", params.pipeline), ("trials", params.trials)]
    {
        if !(1..=MANY).contains(&value) {
            return Err(format!("{name} is {value}, which is not from 1 to {MANY}"));
        }
    }
    Ok(())
}

fn row(row: &Row) -> Result<(), String> {
    row.qps.iter().try_for_each(spread)?;
    positive("speedup", row.speedup)?;
    positive("share_of_floor", row.share_of_floor)?;
    positive("cpu_us_per_request", row.server.cpu_us_per_request)?;
    row.latency_curve.iter().try_for_each(|point| share("quantile", Some(point.quantile)))?;
    client(&row.client)?;
    requests(row.requests)?;
    row.trials.iter().try_for_each(|trial| {
        let inside = positive("qps", trial.qps).and_then(|()| client(&trial.client));
        let inside = inside
            .and_then(|()| requests(trial.requests))
            .and_then(|()| few("reset_after_answer", trial.reset_after_answer))
            .and_then(|()| few("closed_by_client", trial.closed_by_client))
            .and_then(|()| few("unasked", trial.unasked));
        inside
            .and_then(|()| share("steal", trial.weather.steal))
            .map_err(|why| format!("trial {}: {why}", trial.number))
    })
}

fn requests(requests: Requests) -> Result<(), String> {
    few("requests.ok", requests.ok).and_then(|()| few("requests.failed", requests.failed))
}

/// What is counted is added up over trials and rows, which must not wrap.
fn few(name: &str, value: u64) -> Result<(), String> {
    /// More than were ever sent.
    const MOST: u64 = 1 << 50;
    if value > MOST {
        return Err(format!("{name} is {value}, which is more than {MOST}"));
    }
    Ok(())
}

fn spread(spread: &Spread) -> Result<(), String> {
    let Spread { median, low, high, confidence } = *spread;
    share("confidence", confidence)?;
    positive("qps", Some(low))?;
    if low <= median && median <= high {
        return Ok(());
    }
    Err(format!("qps has the median {median}, which is not from {low} to {high}"))
}

fn client(client: &Client) -> Result<(), String> {
    positive("cpu_us_per_request", client.cpu_us_per_request)?;
    share("starved", client.starved)?;
    share("busy", client.busy)
}

fn positive(name: &str, value: Option<f64>) -> Result<(), String> {
    value
        .filter(|value| *value < 0.0)
        .map_or(Ok(()), |value| Err(format!("{name} is {value}, which is less than 0")))
}

fn share(name: &str, value: Option<f64>) -> Result<(), String> {
    /// A clock and another may differ by as much.
    const OFF_MAX: f64 = 0.05;
    let off = value.filter(|value| !(0.0..=1.0 + OFF_MAX).contains(value));
    off.map_or(Ok(()), |value| Err(format!("{name} is {value}, which is not from 0 to 1")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::Point;
    use crate::report::sample;

    #[track_caller]
    fn refused(part: &str, change: impl FnOnce(&mut Document)) {
        let mut document = sample::document();
        assert_eq!(check(&document), Ok(()));
        change(&mut document);
        let why = check(&document).unwrap_err();
        assert!(why.contains(part), "'{part}' is missing in {why}");
    }

    fn of_row(change: impl FnOnce(&mut Row)) -> impl FnOnce(&mut Document) {
        |document| change(&mut document.scenarios[0].rows[1])
    }

    #[test]
    fn what_can_not_have_been_measured_is_refused_by_name() {
        refused("started_at is 'yesterday'", |document| document.started_at = "yesterday".into());
        refused("reference is there twice", |document| {
            let again = document.scenarios[0].clone();
            document.scenarios.push(again);
        });
        refused(
            "phase1-threads: requests.failed is 18446744073709551615",
            of_row(|row| row.requests.failed = u64::MAX),
        );
        refused(
            "trial 3: requests.ok is 18446744073709551615",
            of_row(|row| row.trials[2].requests.ok = u64::MAX),
        );
        refused("trial 1: unasked is", of_row(|row| row.trials[0].unasked = u64::MAX));
        refused("reference: pipeline is 0", |document| document.scenarios[0].params.pipeline = 0);
        refused("connections is 18446744073709551615", |document| {
            document.scenarios[0].params.connections = usize::MAX;
        });
        let spread = |median, confidence| Spread { median, low: 1.0, high: 2.0, confidence };
        refused(
            "reference, phase1-threads: qps has the median -5",
            of_row(|row| {
                row.qps = Some(spread(-5.0, None));
            }),
        );
        refused("confidence is 7", of_row(|row| row.qps = Some(spread(1.5, Some(7.0)))));
        refused("quantile is 3", of_row(|row| row.latency_curve.push(Point { quantile: 3.0, ns: 1 })));
        refused("busy is 9", of_row(|row| row.client.busy = Some(9.0)));
        refused("trial 2: steal is -1", of_row(|row| row.trials[1].weather.steal = Some(-1.0)));
    }
}
