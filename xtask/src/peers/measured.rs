//! What a `run.json` says of the servers of one mode.

use serde_json::Value;

/// A mode's servers, in the order of the run.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) rows: Vec<Row>,
    pub(super) rounds: usize,
    pub(super) seconds: f64,
    /// Whether it was broken off.
    partial: bool,
}

/// One server, as all its rounds together have it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    /// The median of the rounds.
    pub(super) qps: Option<f64>,
    pub(super) user_us: Option<f64>,
    /// One standard deviation of `user_us`, as a share of it: the split is sampled.
    pub(super) user_off: Option<f64>,
    pub(super) total_us: Option<f64>,
    /// How busy the client was, from 0 to 1.
    pub(super) client_busy: Option<f64>,
    /// Requests that were not answered as they should have been.
    pub(super) failed: u64,
    pub(super) rounds: Vec<Round>,
}

/// One process of it.
#[derive(Debug)]
pub(super) struct Round {
    number: u64,
    pub(super) qps: Option<f64>,
    pub(super) total_us: Option<f64>,
    pub(super) client_bound: bool,
    /// The share of the time in which the client was ready to run and something else had its CPU.
    pub(super) client_starved: Option<f64>,
    /// Why it does not count.
    pub(super) failed: Option<String>,
}

/// The median over rounds, and the least and the most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ratio {
    pub(super) median: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Run {
    /// Reads the one scenario of a run.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let run: Value = serde_json::from_str(text).map_err(|error| format!("run.json: {error}"))?;
        let scenario = &run["scenarios"][0];
        let rows = scenario["rows"].as_array().ok_or("run.json has no scenario with rows")?;
        let params = &scenario["params"];
        Ok(Self {
            rows: rows.iter().map(Row::read).collect(),
            rounds: usize::try_from(params["trials"].as_u64().unwrap_or(0)).unwrap_or(usize::MAX),
            seconds: params["duration_ns"].as_f64().unwrap_or(0.0) / 1e9,
            partial: run["partial"].as_bool().unwrap_or(true),
        })
    }

    /// The trials in which something else had the client's CPU for more than `share` of the time, and all.
    pub(super) fn disturbed(&self, share: f64) -> (usize, usize) {
        let rounds = || self.rows.iter().flat_map(|row| &row.rounds);
        let disturbed = |round: &&Round| round.client_starved.is_some_and(|starved| starved > share);
        (rounds().filter(disturbed).count(), rounds().count())
    }

    pub(super) fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// Whether anything went otherwise than it should, the bounds aside.
    pub(super) fn has_failures(&self) -> bool {
        let failed = |row: &Row| row.failed > 0 || row.rounds.iter().any(|round| round.failed.is_some());
        self.partial || self.rows.iter().any(failed)
    }
}

impl Row {
    fn read(row: &Value) -> Self {
        let server = &row["server"];
        let (user, total) = (server["user_us_per_request"].as_f64(), server["cpu_us_per_request"].as_f64());
        let looks = server["split_samples"].as_f64();
        Self {
            name: row["name"].as_str().unwrap_or("?").to_owned(),
            qps: row["qps"]["median"].as_f64(),
            user_us: user,
            user_off: user.zip(total).zip(looks).and_then(|((user, total), looks)| off(user / total, looks)),
            total_us: total,
            client_busy: row["client"]["busy"].as_f64(),
            failed: row["requests"]["failed"].as_u64().unwrap_or(0),
            rounds: row["trials"].as_array().into_iter().flatten().map(Round::read).collect(),
        }
    }

    /// Rounds in which the client was the bottleneck, so that the rate is the client's.
    pub(super) fn client_bound(&self) -> usize {
        self.rounds.iter().filter(|round| round.client_bound).count()
    }

    /// This one's `figure` over that of `other`, each round's with the same round's: what a machine does for
    /// some seconds, it does to both.
    pub(super) fn over(&self, other: &Self, figure: impl Fn(&Round) -> Option<f64>) -> Option<Ratio> {
        let ratio = |round: &Round| {
            let opposite = other.rounds.iter().find(|opposite| opposite.number == round.number)?;
            Some(figure(round)? / figure(opposite)?).filter(|ratio| ratio.is_finite())
        };
        let mut ratios: Vec<f64> = self.rounds.iter().filter_map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        let (&low, &high) = (ratios.first()?, ratios.last()?);
        let n = ratios.len();
        Some(Ratio { median: f64::midpoint(ratios[(n - 1) / 2], ratios[n / 2]), low, high })
    }
}

impl Round {
    fn read(trial: &Value) -> Self {
        let failed = trial["failed"].as_str().map(str::to_owned);
        let counts = |value: Option<f64>| value.filter(|_| failed.is_none());
        Self {
            number: trial["number"].as_u64().unwrap_or(0),
            qps: counts(trial["qps"].as_f64()),
            total_us: counts(trial["server"]["cpu_us_per_request"].as_f64()),
            client_bound: trial["client"]["bound"].as_bool().unwrap_or(false),
            client_starved: trial["client"]["starved"].as_f64(),
            failed,
        }
    }
}

/// By how much of itself a share that so many looks have found is off, one standard deviation.
fn off(share: f64, looks: f64) -> Option<f64> {
    let off = ((1.0 - share) / (share * looks)).sqrt();
    off.is_finite().then_some(off)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A row of a `run.json`. Each round has a rate and a total CPU time per request.
    pub(crate) fn row(name: &str, user_us: f64, rounds: &[(f64, f64)], client_bound: bool) -> Value {
        let trial = |(index, &(qps, total)): (usize, &(f64, f64))| {
            json!({
                "number": index + 1, "failed": null, "qps": qps,
                "server": {"cpu_us_per_request": total}, "client": {"bound": client_bound},
            })
        };
        let (qps, total) = rounds[rounds.len() / 2];
        json!({
            "name": name, "qps": {"median": qps}, "requests": {"failed": 0},
            "server": {
                "cpu_us_per_request": total, "user_us_per_request": user_us, "split_samples": 10_000,
            },
            "client": {"busy": 0.914, "bound": client_bound},
            "trials": rounds.iter().enumerate().map(trial).collect::<Vec<_>>(),
        })
    }

    /// A `run.json` of these rows.
    pub(crate) fn run(rows: &[Value]) -> Run {
        let params = json!({"trials": 3, "duration_ns": 4_000_000_000_u64});
        let run = json!({"partial": false, "scenarios": [{"params": params, "rows": rows}]});
        Run::parse(&run.to_string()).expect("it is sound")
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn rounds_are_held_against_the_same_rounds() {
        let run = run(&[
            // The machine was half as fast in the second round, to both.
            row("fast", 1.0, &[(220.0, 4.0), (110.0, 8.0), (240.0, 4.0)], false),
            row("slow", 1.0, &[(200.0, 5.0), (100.0, 10.0), (200.0, 4.0)], false),
        ]);
        let [fast, slow] = run.rows.as_slice() else { panic!("two rows") };
        let ratio = fast.over(slow, |round| round.qps).expect("three pairs");
        assert_eq!((ratio.median, ratio.low, ratio.high), (1.1, 1.1, 1.2));
        assert_eq!(fast.over(slow, |round| round.total_us).expect("three pairs").median, 0.8);
    }

    #[test]
    fn a_round_that_failed_is_in_no_ratio_and_fails_the_run() {
        let good = row("canned", 1.0, &[(100.0, 1.0), (100.0, 1.0)], false);
        let mut bad = row("hyper", 1.0, &[(50.0, 1.0), (90.0, 1.0)], false);
        bad["trials"][0]["failed"] = json!("the server ended");
        let run = run(&[good, bad]);
        let ratio = run.rows[1].over(&run.rows[0], |round| round.qps).expect("one pair");
        assert_eq!(ratio, Ratio { median: 0.9, low: 0.9, high: 0.9 });
        assert!(run.has_failures());
    }

    #[test]
    fn a_share_of_a_tenth_that_many_looks_have_found_is_off_by_little() {
        assert!((off(0.1, 10_000.0).expect("looks") - 0.03).abs() < 1e-9);
        assert_eq!((off(0.1, 0.0), off(0.0, 100.0)), (None, None));
    }

    #[test]
    fn what_is_no_run_is_refused() {
        assert!(Run::parse("{}").unwrap_err().contains("no scenario"));
        assert!(Run::parse("{").unwrap_err().contains("run.json"));
    }
}
