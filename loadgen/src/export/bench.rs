//! One shape for what runs and gates measured: a server under a load, on one side, trial by trial.

use super::Side;
use crate::gate::outcome::{self, Outcome};
use crate::measure::Machine;
use crate::report::stats::spread;
use crate::report::{Document, Row, Spread};
use crate::saved::Saved;

/// Everything of a file.
pub(super) struct Source<'a> {
    pub(super) machine: &'a Machine,
    pub(super) started_at: &'a str,
    pub(super) benches: Vec<Bench<'a>>,
}

/// A server under a load.
pub(super) struct Bench<'a> {
    pub(super) scenario: &'a str,
    pub(super) server: &'a str,
    /// `None` in a run.
    pub(super) side: Option<Side>,
    /// The commit that it was built from, as far as that is known.
    pub(super) commit: Option<&'a str>,
    /// A `gate.json` does not say how many.
    pub(super) connections: Option<usize>,
    /// In their order, those that failed too.
    pub(super) trials: Vec<Trial<'a>>,
    /// What was counted apart from the trials.
    pub(super) counts: Vec<Count<'a>>,
    /// The latency that 99 of 100 requests kept to, all trials merged; a gate keeps the trials' own alone.
    pub(super) p99_ns: Option<f64>,
}

/// A fresh server. What was not measured is `None`.
#[derive(Default)]
pub(super) struct Trial<'a> {
    /// From 1; in a gate that of its block.
    pub(super) number: usize,
    /// Why it does not count.
    pub(super) failed: Option<&'a str>,
    pub(super) requests: Option<u64>,
    pub(super) requests_per_sec: Option<f64>,
    pub(super) cpu_us: Option<f64>,
    pub(super) p50_ns: Option<u64>,
    pub(super) p99_ns: Option<u64>,
}

/// Something that each request takes the same number of.
pub(super) struct Count<'a> {
    /// As in `gate.json`: `allocations_per_request`.
    pub(super) name: &'a str,
    pub(super) per_request: f64,
}

impl<'a> Source<'a> {
    pub(super) fn of(saved: &'a Saved) -> Self {
        match saved {
            Saved::Run(document) => Self {
                machine: &document.machine,
                started_at: &document.started_at,
                benches: of_run(document),
            },
            Saved::Gate(outcome) => {
                Self { machine: &outcome.machine, started_at: &outcome.started_at, benches: of_gate(outcome) }
            }
        }
    }
}

impl Bench<'_> {
    /// Those that count.
    pub(super) fn sound(&self) -> impl Iterator<Item = &Trial<'_>> {
        self.trials.iter().filter(|trial| trial.failed.is_none())
    }

    /// The median over the trials that count, with its interval.
    pub(super) fn spread(&self, of: impl Fn(&Trial<'_>) -> Option<f64>) -> Option<Spread> {
        spread(&self.sound().filter_map(of).collect::<Vec<_>>())
    }

    /// The p99 of all trials merged, or the median of theirs.
    pub(super) fn p99(&self) -> Option<Spread> {
        let merged = self.p99_ns.map(|ns| Spread { median: ns, low: ns, high: ns, confidence: None });
        merged.or_else(|| self.spread(|trial| trial.p99_ns.map(|ns| ns as f64)))
    }

    /// How many of something a request takes.
    pub(super) fn count(&self, name: &str) -> Option<f64> {
        self.counts.iter().find(|count| count.name == name).map(|count| count.per_request)
    }

    /// Whether there is nothing to tell of it.
    pub(super) fn is_empty(&self) -> bool {
        self.trials.is_empty() && self.counts.is_empty()
    }
}

fn of_run(document: &Document) -> Vec<Bench<'_>> {
    let rows =
        document.scenarios.iter().flat_map(|scenario| scenario.rows.iter().map(move |row| (scenario, row)));
    rows.map(|(scenario, row)| Bench {
        scenario: &scenario.name,
        server: &row.name,
        side: None,
        commit: document.commit.as_deref(),
        connections: Some(scenario.params.connections),
        trials: trials(row),
        counts: counted([
            ("allocations_per_request", row.server.allocs_per_request),
            ("syscalls_per_request", row.server.syscalls_per_request),
            ("syscalls_at_rest_per_request", row.server.syscalls_at_rest_per_request),
            ("instructions_per_request", row.server.instructions_per_request),
        ]),
        p99_ns: row.latency_ns.map(|latency| latency.p99 as f64),
    })
    .collect()
}

fn trials(row: &Row) -> Vec<Trial<'_>> {
    let trials = row.trials.iter().map(|trial| Trial {
        number: trial.number,
        failed: trial.failed.as_deref(),
        requests: Some(trial.requests.ok),
        requests_per_sec: trial.qps,
        cpu_us: trial.server.cpu_us_per_request,
        p50_ns: trial.latency_ns.map(|latency| latency.p50),
        p99_ns: trial.latency_ns.map(|latency| latency.p99),
    });
    trials.collect()
}

fn counted<'a>(counts: impl IntoIterator<Item = (&'a str, Option<f64>)>) -> Vec<Count<'a>> {
    let there = |(name, count): (&'a str, Option<f64>)| Some(Count { name, per_request: count? });
    counts.into_iter().filter_map(there).collect()
}

fn of_gate(outcome: &Outcome) -> Vec<Bench<'_>> {
    const SIDES: [Side; 3] = [Side::Base, Side::Candidate, Side::Control];
    let each = outcome.servers.iter().flat_map(|server| SIDES.map(|side| (server, side)));
    each.map(|(server, side)| Bench {
        scenario: &outcome.scenario,
        server: &server.name,
        side: Some(side),
        commit: match side {
            Side::Candidate => outcome.candidate.commit.as_deref(),
            Side::Base | Side::Control => outcome.base.commit.as_deref(),
        },
        connections: None,
        trials: trials_of(server, side),
        counts: counts_of(server, side),
        p99_ns: None,
    })
    .collect()
}

fn trials_of(server: &outcome::Server, side: Side) -> Vec<Trial<'_>> {
    let blocks = server.trials.iter().enumerate().map(|(index, block)| {
        let [base, candidate, control] = block;
        let trial = match side {
            Side::Base => base,
            Side::Candidate => candidate,
            Side::Control => control,
        };
        Trial {
            number: index + 1,
            requests_per_sec: Some(trial.requests_per_sec),
            cpu_us: trial.cpu_us_per_request,
            p99_ns: Some(trial.p99_ns),
            ..Trial::default()
        }
    });
    blocks.collect()
}

/// Counts are taken once of each program, so the control has those of the base.
fn counts_of(server: &outcome::Server, side: Side) -> Vec<Count<'_>> {
    const IN_BLOCKS: [&str; 3] = ["cpu_us_per_request", "requests_per_sec", "p99_ns"];
    let counts = server.metrics.iter().filter(|metric| !IN_BLOCKS.contains(&metric.metric.as_str()));
    counted(counts.map(|metric| {
        let of_side = if side == Side::Candidate { metric.candidate } else { metric.base };
        (metric.metric.as_str(), of_side)
    }))
}
