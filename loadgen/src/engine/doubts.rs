//! What speaks against an outcome: reasons to believe that it measured the client, or something else
//! than was asked for.

use std::time::Duration;

use super::errors::ErrorKind;
use super::outcome::Outcome;

/// Share of its time from which on a client counts as busy.
const BUSY_SHARE: f64 = 0.9;
/// How far Little's law may be off, as a share of the concurrency.
const LAW_OFF_MAX: f64 = 0.05;
/// Answers for each request in flight from which on their mean says anything about the law.
const ANSWERS_PER_REQUEST_MIN: u64 = 20;

/// Little's law: as many requests are under way as the rate times the mean latency says.
///
/// In a closed loop the number under way is known beforehand, so the law checks all three figures. Where
/// less was under way than was asked for, connections stood idle between two requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LittlesLaw {
    /// Requests that were to be under way: connections times the depth of the pipeline.
    pub asked: f64,
    /// Rate times mean latency.
    pub measured: f64,
    /// The least of `asked` that is right: all of it, or half where a pipeline is refilled when half empty.
    pub least: f64,
}

impl LittlesLaw {
    /// By how much the measured concurrency misses what is right, as a share of that; negative is too little.
    pub fn off(&self) -> f64 {
        if self.measured > self.asked {
            self.measured / self.asked - 1.0
        } else if self.measured < self.least {
            self.measured / self.least - 1.0
        } else {
            0.0
        }
    }

    /// Within 5 %.
    pub fn holds(&self) -> bool {
        self.off().abs() <= LAW_OFF_MAX
    }
}

/// What one of several processes says of itself: of what was added up it can't be told any more.
#[derive(Clone, Debug)]
pub(crate) struct PartOutcome {
    law: Option<LittlesLaw>,
    /// The time that its threads had, all together.
    had: Duration,
    bound: bool,
    invalid: Option<String>,
}

impl PartOutcome {
    pub(super) fn of(outcome: &Outcome) -> Self {
        let threads = u32::try_from(outcome.client.threads).unwrap_or(u32::MAX);
        Self {
            law: outcome.littles_law(),
            had: outcome.elapsed.saturating_mul(threads),
            bound: outcome.client_bound(),
            invalid: outcome.invalid(),
        }
    }
}

impl LittlesLaw {
    /// Of two processes together.
    fn plus(self, other: Self) -> Self {
        Self {
            asked: self.asked + other.asked,
            measured: self.measured + other.measured,
            least: self.least + other.least,
        }
    }
}

impl Outcome {
    /// Whether rate, latency and concurrency agree. `None` where that can't be told: in an open loop, where
    /// requests failed, and where there are too few.
    pub fn littles_law(&self) -> Option<LittlesLaw> {
        if !self.parts.is_empty() {
            let laws: Option<Vec<_>> = self.parts.iter().map(|part| part.law).collect();
            return laws?.into_iter().reduce(LittlesLaw::plus);
        }
        let asked = self.connections_asked * self.pipeline;
        let whole = self.open_loop.is_none() && !self.interrupted && self.gave_up.is_none();
        if !whole || self.failed() > 0 || self.ok < asked as u64 * ANSWERS_PER_REQUEST_MIN {
            return None;
        }
        let measured = self.requests_per_sec() * self.latency_ns.mean() / 1e9;
        let asked = asked as f64;
        let least = if self.pipeline > 1 { asked / 2.0 } else { asked };
        Some(LittlesLaw { asked, measured, least })
    }

    /// Why this outcome says nothing about the server, if so, and what to change: the client itself ran
    /// out of something, or could not keep its own schedule.
    pub fn invalid(&self) -> Option<String> {
        if !self.parts.is_empty() {
            return self.parts.iter().find_map(|part| part.invalid.clone());
        }
        let count = self.errors.count(ErrorKind::Client);
        if count > 0 {
            return Some(format!(
                "the client ran out of source ports or descriptors {count} time{}, so this run does not measure \
                 the server; use fewer connections, or raise the limit of open files (ulimit -n) or the range of \
                 ports (net.ipv4.ip_local_port_range)",
                if count == 1 { "" } else { "s" }
            ));
        }
        let open = self.open_loop.as_ref().filter(|open| open.lag_grew && self.client_bound())?;
        let (busy, lag_ms) = (self.busy(), open.lag_max.as_secs_f64() * 1e3);
        let behind = format!(
            "fell behind its own schedule, by {lag_ms:.0} ms in the end, so this run does not measure the server"
        );
        Some(match self.starved().filter(|_| busy < BUSY_SHARE) {
            Some(starved) => format!(
                "the client had no CPU for {:.0} % of the time, because of other processes, and {behind}; give it \
                 one of its own (taskset -c), or use a lower rate",
                starved * 100.0
            ),
            None => format!(
                "the client was busy {:.0} % of the time and {behind}; use a lower rate, or more threads where \
                 there are CPUs for them",
                busy * 100.0
            ),
        })
    }

    /// The client's threads did not wait for the server for long enough to matter, so that they, and not it,
    /// may have set the pace. A thread that was ready and had no CPU did not wait for the server either.
    pub fn client_bound(&self) -> bool {
        if !self.parts.is_empty() {
            return self.parts.iter().any(|part| part.bound);
        }
        self.busy() + self.starved().unwrap_or(0.0) >= BUSY_SHARE
    }

    /// The share of the counted time in which the client's threads computed.
    pub fn busy(&self) -> f64 {
        self.share(self.client.total())
    }

    /// The share of the counted time in which the client's threads were ready, and others had their CPUs;
    /// `None` where the kernel does not tell.
    pub fn starved(&self) -> Option<f64> {
        self.client.kept_waiting.map(|waiting| self.share(waiting))
    }

    fn share(&self, spent: Duration) -> f64 {
        let available = match self.parts.as_slice() {
            [] => self.elapsed.as_secs_f64() * self.client.threads as f64,
            parts => parts.iter().map(|part| part.had.as_secs_f64()).sum(),
        };
        if available > 0.0 { spent.as_secs_f64() / available } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tally::histogram;
    use crate::engine::{ClientCost, OpenLoop, Rate};

    fn law(measured: f64, least: f64) -> LittlesLaw {
        LittlesLaw { asked: 64.0, measured, least }
    }

    /// A second of 64 connections on one thread: so many answers, each after so long.
    fn outcome(ok: u64, latency: Duration) -> Outcome {
        let mut latency_ns = histogram();
        latency_ns.record_n(u64::try_from(latency.as_nanos()).unwrap(), ok).unwrap();
        Outcome {
            elapsed: Duration::from_secs(1),
            ok,
            latency_ns,
            connections_asked: 64,
            pipeline: 1,
            connections_established: 64,
            client: ClientCost { threads: 1, ..ClientCost::NONE },
            ..Outcome::empty()
        }
    }

    fn overtaken_by_its_schedule(busy: Duration) -> Outcome {
        let mut outcome = outcome(10_000, Duration::from_millis(1));
        outcome.client.total = busy;
        outcome.open_loop = Some(OpenLoop {
            scheduled: Duration::from_secs(1),
            due: 20_000,
            never_sent: 9_990,
            lag_max: Duration::from_millis(500),
            own_lag_max: Duration::from_millis(1),
            lag_grew: true,
            ..OpenLoop::empty(Rate::constant(20_000.0))
        });
        outcome
    }

    #[test]
    fn little_finds_connections_that_stood_idle_and_is_silent_where_it_can_not_tell() {
        let at_work = outcome(64_000, Duration::from_millis(1)).littles_law().unwrap();
        assert!(at_work.holds(), "{at_work:?}");
        let idle = outcome(32_000, Duration::from_millis(1)).littles_law().unwrap();
        assert!(!idle.holds() && (idle.off() + 0.5).abs() < 0.01, "{idle:?}");
        assert_eq!(outcome(100, Duration::from_millis(1)).littles_law(), None, "too few");
        let mut failing = outcome(64_000, Duration::from_millis(1));
        failing.errors.add(ErrorKind::Reset);
        assert_eq!(failing.littles_law(), None);
        assert_eq!(overtaken_by_its_schedule(Duration::ZERO).littles_law(), None, "an open loop");
    }

    #[test]
    fn a_schedule_that_the_client_lost_is_invalid_and_one_that_the_server_lost_is_not() {
        let why = overtaken_by_its_schedule(Duration::from_millis(970)).invalid().unwrap();
        assert!(why.contains("busy 97 %") && why.contains("500 ms") && why.contains("lower rate"), "{why}");
        assert_eq!(overtaken_by_its_schedule(Duration::from_millis(300)).invalid(), None);
        let mut starved = overtaken_by_its_schedule(Duration::from_millis(400));
        starved.client.kept_waiting = Some(Duration::from_millis(530));
        let why = starved.invalid().unwrap();
        assert!(
            why.contains("no CPU for 53 %") && why.contains("500 ms") && why.contains("taskset"),
            "{why}"
        );
        let mut out_of_ports = outcome(1, Duration::from_millis(1));
        out_of_ports.errors.add(ErrorKind::Client);
        assert!(out_of_ports.invalid().unwrap().contains("1 time,"));
    }

    #[test]
    fn what_several_processes_say_of_themselves_stays_true_of_all_of_them() {
        let mut bound = outcome(64_000, Duration::from_millis(1));
        bound.client.total = Duration::from_millis(990);
        // The other one ended earlier, so that the time of both is too long for its share.
        let mut idle = outcome(32_000, Duration::from_millis(1));
        idle.elapsed = Duration::from_millis(500);
        let mut both = bound.clone();
        both.merge(&idle);
        let law = both.littles_law().unwrap();
        assert!(law.holds() && (law.asked - 128.0).abs() < 1e-9, "{law:?}");
        assert!(both.client_bound() && !idle.client_bound());
        assert!((both.busy() - 0.99 / 1.5).abs() < 1e-9, "{}", both.busy());
        let mut lost = overtaken_by_its_schedule(Duration::from_millis(970));
        lost.merge(&overtaken_by_its_schedule(Duration::ZERO));
        assert!(lost.invalid().unwrap().contains("busy 97 %"));
        assert_eq!(lost.littles_law(), None);
    }

    #[test]
    fn a_client_without_a_cpu_did_not_wait_for_the_server() {
        let mut outcome = outcome(1_000, Duration::from_millis(1));
        outcome.client.total = Duration::from_millis(300);
        assert!(!outcome.client_bound());
        outcome.client.kept_waiting = Some(Duration::from_millis(650));
        assert!(outcome.client_bound() && outcome.starved() > Some(outcome.busy()));
        outcome.client.kept_waiting = None;
        assert!(!outcome.client_bound() && outcome.starved().is_none(), "nobody can tell");
    }

    #[test]
    fn the_law_is_off_on_either_side_of_what_is_right() {
        assert!(law(64.0, 64.0).holds() && law(61.0, 64.0).holds() && law(67.0, 64.0).holds());
        assert!((law(48.0, 64.0).off() + 0.25).abs() < 1e-9);
        assert!((law(80.0, 64.0).off() - 0.25).abs() < 1e-9);
        // A pipeline is between half full and full.
        assert!(law(40.0, 32.0).off().abs() < 1e-9 && !law(16.0, 32.0).holds());
    }
}
