//! The part of the load that no file tells of.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::attack::json::five_digits;
use crate::attack::summary::{grouped, plural, rate};
use crate::engine::{Amount, Pace, Part, Plan};

/// A shard without a file, or with one that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) part: Part,
    pub(super) why: String,
}

impl Missing {
    /// Its part of what was to be fired, in words.
    pub(super) fn load(&self, plan: &Plan) -> String {
        let connections = plan.connections as u64;
        let mut text = format!(
            "{} of {} connection{}",
            grouped(self.part.share(connections)),
            grouped(connections),
            plural(connections)
        );
        if let Amount::Requests(all) = plan.amount {
            let _ = write!(
                text,
                ", {} of {} request{}",
                grouped(self.part.share(all)),
                grouped(all),
                plural(all)
            );
        }
        if let Pace::Open(of) = plan.pace {
            let (all, own) =
                (of.from_per_sec.max(of.to_per_sec), self.part.rate(of.from_per_sec.max(of.to_per_sec)));
            let _ = write!(text, ", {} of {} requests per second", rate(own), rate(all));
        }
        for cohort in &plan.cohorts {
            let all = cohort.connections as u64;
            let _ = write!(
                text,
                ", {} of {} {}",
                grouped(self.part.share(all)),
                grouped(all),
                cohort.kind.name()
            );
        }
        text
    }

    pub(super) fn json(&self, plan: &Plan) -> Value {
        let requests = match plan.amount {
            Amount::Requests(all) => Some(self.part.share(all)),
            Amount::Time(_) => None,
        };
        let per_sec = match plan.pace {
            Pace::Open(of) => Some(five_digits(self.part.rate(of.from_per_sec))),
            Pace::Closed => None,
        };
        json!({
            "index": self.part.index,
            "why": self.why,
            "connections": self.part.share(plan.connections as u64),
            "requests": requests,
            "rate_per_sec": per_sec,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Cohort, CohortKind, Rate};

    #[test]
    fn the_part_of_the_load_is_named() {
        let mut plan = Plan::of_a_test();
        (plan.connections, plan.amount) = (66, Amount::Requests(1_001));
        plan.pace = Pace::Open(Rate::constant(5_000.0));
        plan.cohorts = vec![Cohort::new(CohortKind::Idle, 10, "h", "/")];
        let missing = |index| Missing { part: Part { index, count: 4 }, why: "no file".into() };
        assert_eq!(
            missing(0).load(&plan),
            "17 of 66 connections, 251 of 1,001 requests, 1,250 of 5,000 requests per second, \
             3 of 10 idle"
        );
        let json = missing(3).json(&plan);
        assert_eq!((&json["connections"], &json["requests"]), (&16.into(), &250.into()));
        assert_eq!(json["rate_per_sec"], 1_250.0);
    }
}
