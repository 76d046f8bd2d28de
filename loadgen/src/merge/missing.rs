//! The part of the load that no file tells of.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::attack::json::five_digits;
use crate::attack::summary::{grouped, plural, rate};
use crate::engine::{Amount, Pace, Part, Plan};
use crate::shard::named;

/// A shard without a file, or with one that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) part: Part,
    pub(super) why: String,
}

/// What `parts` were to fire of `plan`, in words.
pub(super) fn load(parts: &[Part], plan: &Plan) -> String {
    let of = |all: u64| grouped(parts.iter().map(|part| part.share(all)).sum());
    let connections = plan.connections as u64;
    let mut text =
        format!("{} of {} connection{}", of(connections), grouped(connections), plural(connections));
    if let Amount::Requests(all) = plan.amount {
        let _ = write!(text, ", {} of {} request{}", of(all), grouped(all), plural(all));
    }
    if let Pace::Open(all) = plan.pace {
        let share = |per_sec: f64| rate(parts.iter().map(|part| part.rate(per_sec)).sum());
        let [from, to] = [all.from_per_sec, all.to_per_sec];
        let _ = if all.is_ramp() {
            let (whole, own) = ([rate(from), rate(to)].join(" to "), [share(from), share(to)].join(" to "));
            write!(text, ", {own} of {whole} requests per second")
        } else {
            write!(text, ", {} of {} requests per second", share(from), rate(from))
        };
    }
    for cohort in &plan.cohorts {
        let all = cohort.connections as u64;
        let _ = write!(text, ", {} of {} {}", of(all), grouped(all), cohort.kind.name());
    }
    text
}

/// Which shards are missing, what of `plan` that is, and why: a line for all that are missing for one reason.
pub(super) fn lines(missing: &[Missing], plan: &Plan) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<Part>)> = Vec::new();
    for Missing { part, why } in missing {
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, parts)) => parts.push(*part),
            None => reasons.push((why, vec![*part])),
        }
    }
    let line = |(why, parts): &(&str, Vec<Part>)| {
        let indices: Vec<_> = parts.iter().map(|part| part.index).collect();
        format!("{}: {} ({why})", named(&indices), load(parts, plan))
    };
    reasons.iter().map(line).collect()
}

impl Missing {
    pub(super) fn json(&self, plan: &Plan) -> Value {
        let requests = match plan.amount {
            Amount::Requests(all) => Some(self.part.share(all)),
            Amount::Time(_) => None,
        };
        let per_sec = match plan.pace {
            Pace::Open(of) => {
                let own = |per_sec| five_digits(self.part.rate(per_sec));
                Some(json!({"from": own(of.from_per_sec), "to": own(of.to_per_sec)}))
            }
            Pace::Closed => None,
        };
        let cohorts: serde_json::Map<_, _> = plan
            .cohorts
            .iter()
            .map(|cohort| (cohort.kind.name().to_owned(), self.part.share(cohort.connections as u64).into()))
            .collect();
        json!({
            "index": self.part.index,
            "why": self.why,
            "connections": self.part.share(plan.connections as u64),
            "requests": requests,
            "rate_per_sec": per_sec,
            "cohorts": cohorts,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::{Cohort, CohortKind, Rate};

    #[test]
    fn the_part_of_the_load_is_named() {
        let mut plan = Plan::of_a_test();
        (plan.connections, plan.amount) = (66, Amount::Requests(1_001));
        plan.pace = Pace::Open(Rate::constant(5_000.0));
        plan.cohorts = vec![Cohort::new(CohortKind::Idle, 10, "h", "/")];
        let missing = |index, why: &str| Missing { part: Part { index, count: 4 }, why: why.into() };
        assert_eq!(
            lines(&[missing(0, "no file")], &plan),
            [
                "shard 0: 17 of 66 connections, 251 of 1,001 requests, 1,250 of 5,000 requests per second, 3 of 10 idle (no file)"
            ]
        );
        plan.pace = Pace::Open(Rate { from_per_sec: 100.0, to_per_sec: 2_000.0 });
        let several =
            [missing(0, "no file"), missing(1, "broken"), missing(2, "no file"), missing(3, "no file")];
        assert_eq!(
            lines(&several, &plan),
            [
                "shards 0, 2, 3: 49 of 66 connections, 751 of 1,001 requests, 75.0 to 1,500 of 100.0 to 2,000 requests per \
                 second, 7 of 10 idle (no file)",
                "shard 1: 17 of 66 connections, 250 of 1,001 requests, 25.0 to 500.0 of 100.0 to 2,000 requests per second, \
                 3 of 10 idle (broken)",
            ]
        );
        let json = missing(3, "").json(&plan);
        assert_eq!(
            (&json["connections"], &json["requests"], &json["cohorts"]["idle"]),
            (&16.into(), &250.into(), &2.into())
        );
        assert_eq!(json["rate_per_sec"], json!({"from": 25.0, "to": 500.0}));
    }
}
