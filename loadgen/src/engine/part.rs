//! One of several processes that fire a plan together, and what of the plan is its own.
//!
//! Whatever can be counted is divided so that nothing is lost: the first parts take one more where it does not come
//! out even. Of a schedule each part takes every n-th moment, as the threads of a process do among each other, so
//! that the parts together keep exactly the schedule of the whole.

use super::budget::share;
use super::cohort::Cohort;
use super::errors::EngineError;
use super::plan::{Amount, Plan};

/// Which part of a plan a process fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which one, from 0.
    pub index: usize,
    /// How many there are.
    pub count: usize,
}

impl Part {
    /// The only one.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// What falls to it of so many.
    pub fn share(self, whole: u64) -> u64 {
        share(whole, self.index, self.count)
    }

    /// How many of the whole come before it.
    pub(super) fn before(self, whole: u64) -> u64 {
        (0..self.index).map(|index| Self { index, ..self }.share(whole)).sum()
    }

    /// The requests per second that fall to it, over any stretch of time.
    pub fn rate(self, per_sec: f64) -> f64 {
        per_sec / self.count as f64
    }

    /// The plan of this part. Its schedule stays that of the whole: which moments of it are the part's own is for
    /// the pacer to know.
    ///
    /// # Errors
    /// When there is too little for each part to get something.
    pub(crate) fn of(self, plan: &Plan) -> Result<Plan, EngineError> {
        if self.count == 0 || self.index >= self.count {
            let (Self { index, count }, last) = (self, self.count.saturating_sub(1));
            return Err(EngineError::Plan(format!(
                "there is no part {index} of {count}; they are 0 to {last}"
            )));
        }
        let connections = usize::try_from(self.share(plan.connections as u64)).unwrap_or(usize::MAX);
        let too_few = |what: &str, whole: u64| {
            EngineError::Plan(format!(
                "{whole} {what} can't be shared by {}: each needs one at least; use more, or fewer shards",
                self.count
            ))
        };
        // All parts say so, and not only those that would go away with nothing.
        if plan.connections < self.count && self != Self::WHOLE {
            return Err(too_few("connections (-c)", plan.connections as u64));
        }
        let amount = match plan.amount {
            Amount::Time(time) => Amount::Time(time),
            Amount::Requests(whole) if whole < self.count as u64 && self != Self::WHOLE => {
                return Err(too_few("requests (-n)", whole));
            }
            Amount::Requests(whole) => Amount::Requests(self.share(whole)),
        };
        let cohorts = plan.cohorts.iter().map(|cohort| {
            let connections = usize::try_from(self.share(cohort.connections as u64)).unwrap_or(usize::MAX);
            Cohort { connections, ..cohort.clone() }
        });
        Ok(Plan {
            connections,
            threads: if self == Self::WHOLE { plan.threads } else { plan.threads.min(connections) },
            amount,
            cohorts: cohorts.filter(|own| self == Self::WHOLE || own.connections > 0).collect(),
            ..plan.clone()
        })
    }

    /// The moments of the whole's schedule that thread `index` of this part's `threads` sends at.
    pub(super) fn turn(self, index: usize, threads: usize) -> Turn {
        Turn { first: (self.index + self.count * index) as u64, step: (self.count * threads) as u64 }
    }
}

/// Every `step`-th number of a schedule, from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) first: u64,
    pub(super) step: u64,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::engine::CohortKind;

    fn parts(count: usize) -> impl Iterator<Item = Part> {
        (0..count).map(move |index| Part { index, count })
    }

    proptest! {
        #[test]
        fn nothing_is_lost_between_the_parts(
            count in 1_usize..70, connections in 70_usize..5_000, requests in 70_u64..1_000_000, idle in 1_usize..200
        ) {
            let mut whole = Plan::of_a_test();
            (whole.connections, whole.amount, whole.threads) = (connections, Amount::Requests(requests), 4);
            whole.cohorts = vec![Cohort::new(CohortKind::Idle, idle, "h", "/")];
            let own: Vec<Plan> = parts(count).map(|part| part.of(&whole).unwrap()).collect();
            prop_assert_eq!(own.iter().map(|plan| plan.connections).sum::<usize>(), connections);
            let of = |plan: &Plan| if let Amount::Requests(own) = plan.amount { own } else { 0 };
            prop_assert_eq!(own.iter().map(of).sum::<u64>(), requests);
            let held = |plan: &Plan| plan.cohorts.iter().map(|cohort| cohort.connections).sum::<usize>();
            prop_assert_eq!(own.iter().map(held).sum::<usize>(), idle);
            for (index, part) in parts(count).enumerate() {
                let before: usize = own[..index].iter().map(|plan| plan.connections).sum();
                prop_assert_eq!(part.before(connections as u64), before as u64);
            }
        }

        #[test]
        fn each_moment_of_a_schedule_is_some_threads_and_only_that_ones(
            count in 1_usize..9, threads in 1_usize..5, total in 0_u64..300
        ) {
            let mut sent = BTreeSet::new();
            for part in parts(count) {
                let mut own = 0;
                for thread in 0..threads {
                    let Turn { first, step } = part.turn(thread, threads);
                    let mut number = first;
                    while number < total {
                        prop_assert!(sent.insert(number), "{number} twice");
                        (number, own) = (number + step, own + 1);
                    }
                }
                prop_assert_eq!(own, part.share(total));
            }
            prop_assert_eq!(sent.len() as u64, total);
        }
    }

    #[test]
    fn what_does_not_reach_for_all_is_refused() {
        let mut whole = Plan::of_a_test();
        (whole.connections, whole.amount) = (3, Amount::Requests(10));
        let refused = |plan: &Plan, index| Part { index, count: 4 }.of(plan).unwrap_err().to_string();
        assert!(refused(&whole, 0).contains("3 connections (-c) can't be shared by 4"));
        whole.connections = 4;
        whole.amount = Amount::Requests(2);
        assert!(refused(&whole, 0).contains("2 requests (-n) can't be shared by 4"));
        assert!(refused(&whole, 4).contains("they are 0 to 3"));
    }
}
