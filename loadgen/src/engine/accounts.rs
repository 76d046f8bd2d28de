//! What a thread counts and reports: when counting begins, what is under way, what came of it.

use std::mem;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::budget::Budget;
use super::connection::Connection;
use super::cpu::{ClientCost, CpuTime};
use super::pacer::{Lag, Pacer};
use super::plan::Amount;
use super::shared::ns;
use super::tally::Tally;
use super::unasked::Unasked;
use super::waiting::Waiting;
use super::worker::Worker;

/// What one thread has done.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) tally: Tally,
    pub(super) cost: ClientCost,
    pub(super) elapsed_ns: u64,
    pub(super) in_flight_at_end: u64,
    /// Everything that was asked for was counted.
    pub(super) complete: bool,
    /// What became of an open loop's schedule.
    pub(super) paced: Option<Paced>,
    /// What came that nobody had asked for, up to the very end.
    pub(super) unasked: Unasked,
}

/// What one thread has to say of its part of an open loop.
#[derive(Debug)]
pub(super) struct Paced {
    pub(super) scheduled: Duration,
    pub(super) due: u64,
    pub(super) sent: u64,
    pub(super) lag: Lag,
    pub(super) waiting: Waiting,
}

/// What the watcher has been told.
#[derive(Debug, Default)]
pub(super) struct Published {
    pub(super) at_ns: u64,
    pub(super) ok: u64,
    pub(super) failed: u64,
}

impl Worker<'_> {
    /// Begins to count when the warm-up is over.
    pub(super) fn consider_counting(&mut self, now_ns: u64) {
        if self.counting.is_some() {
            return;
        }
        let answers = self.cx.tally.ok + self.cx.tally.errors.total();
        let new_answers = answers - mem::replace(&mut self.told_answers, answers);
        let Some(from_ns) = self.cx.shared.count_from(now_ns, new_answers) else { return };
        self.counts_from_ns = Some(from_ns).filter(|&from_ns| now_ns < from_ns);
        if self.counts_from_ns.is_some() {
            return;
        }
        self.cx.shared.counts();
        let keeps_connections = self.cx.plan.mode != super::Mode::Close;
        self.cx.tally.reset(keeps_connections);
        let (budget, end_ns) = match self.cx.plan.amount {
            Amount::Time(window) => (Budget::unlimited(), from_ns.saturating_add(ns(window))),
            Amount::Requests(_) if self.cx.pacer.is_some() => {
                (Budget::of_schedule(self.share.requests), u64::MAX)
            }
            Amount::Requests(_) => (Budget::of(self.share.requests, self.outstanding()), u64::MAX),
        };
        self.cx.budget = budget;
        self.cx.count_from(from_ns, end_ns);
        if let Some(pacer) = &mut self.cx.pacer {
            pacer.begin(from_ns, self.cx.shared.whole);
        }
        self.counting = Some((from_ns, CpuTime::now()));
    }

    pub(super) fn is_over(&self, now_ns: u64) -> bool {
        now_ns >= self.cx.end_ns || self.cx.budget.is_spent() || self.cx.shared.is_stopped()
    }

    /// Requests under way, in an open loop those of the counted schedule.
    pub(super) fn outstanding(&self) -> u64 {
        if let Some(pacer) = &self.cx.pacer {
            return self.in_flight_since_ns(pacer).count() as u64;
        }
        self.connections.iter().map(|connection| connection.outstanding() as u64).sum()
    }

    pub(super) fn publish(&mut self, now_ns: u64) {
        self.published.at_ns = now_ns;
        if self.counting.is_some() {
            let progress = self.cx.shared.progress;
            let (ok, failed) = (self.cx.tally.ok, self.cx.tally.errors.total());
            progress.ok.fetch_add(ok - mem::replace(&mut self.published.ok, ok), Ordering::Relaxed);
            let newly_failed = failed - mem::replace(&mut self.published.failed, failed);
            progress.failed.fetch_add(newly_failed, Ordering::Relaxed);
        }
    }

    pub(super) fn report(&mut self, now_ns: u64) -> Report {
        let spent = self.cx.budget.is_spent();
        let paced = self.cx.pacer.is_some();
        let tally = mem::replace(&mut self.cx.tally, Tally::new(paced));
        let (elapsed_ns, cost) = match &self.counting {
            None => (0, ClientCost { threads: 1, ..ClientCost::NONE }),
            Some((from_ns, cpu)) => {
                // A server that died served no longer than it lived.
                let ended_ns = self.cx.shared.gave_up_at().unwrap_or(now_ns).min(self.cx.end_ns);
                let last_ns = if spent { tally.last_counted_ns } else { ended_ns };
                (last_ns.saturating_sub(*from_ns), cpu.until(&CpuTime::now()))
            }
        };
        if let (Some(pacer), Some((from_ns, _))) = (&mut self.cx.pacer, &self.counting) {
            pacer.end(from_ns.saturating_add(elapsed_ns));
        }
        Report {
            in_flight_at_end: self.outstanding() + self.cx.late,
            complete: self.counting.is_some() && (spent || now_ns >= self.cx.end_ns),
            tally: if self.counting.is_some() { tally } else { Tally::new(paced) },
            paced: self.counting.as_ref().and(self.paced(elapsed_ns)),
            cost,
            elapsed_ns,
            unasked: Unasked::default(),
        }
    }

    fn paced(&self, elapsed_ns: u64) -> Option<Paced> {
        let elapsed = Duration::from_nanos(elapsed_ns);
        self.cx.pacer.as_ref().map(|pacer| Paced {
            scheduled: pacer.scheduled(self.cx.shared.whole),
            due: pacer.due(elapsed),
            sent: pacer.sent(),
            lag: pacer.lag,
            waiting: pacer.waiting(
                elapsed,
                self.in_flight_since_ns(pacer).chain(self.cx.late_started_ns.iter().copied()),
            ),
        })
    }

    /// When the requests under way began that belong to the schedule under way.
    fn in_flight_since_ns(&self, pacer: &Pacer) -> impl Iterator<Item = u64> {
        let starts = self.connections.iter().filter_map(Connection::unanswered);
        starts.filter(|&start| pacer.counts(start)).map(|start| start.started_ns)
    }
}
