//! A gate's outcome as data: `gate.json`, and what people read is drawn from it alone.

use serde::{Deserialize, Serialize};

use super::contest::{Block, Contest, Sample};
use super::judge::{Judged, Metric, Verdict};
use super::{ratchet, sound, stats};
use crate::measure::Machine;
use crate::report::Kind;
use crate::report::stats::{round5, spread};

/// The version of [`Outcome`] as JSON.
pub const SCHEMA: &str = "phase-lab/gate/1";

/// It as a file.
pub(crate) const KIND: Kind<Outcome> = Kind { name: "gate.json", schema: SCHEMA, check: sound::check };

/// A gate.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Outcome {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// When it began, UTC.
    pub started_at: String,
    /// What the candidate is held against.
    pub base: Side,
    /// What is judged.
    pub candidate: Side,
    /// The machine that both ran on; of saved runs, the candidate's.
    pub machine: Machine,
    /// The workload's name.
    pub scenario: String,
    /// `slower`, `not slower` or `cannot tell`, of all that can fail.
    pub verdict: String,
    /// Whether Ctrl-C ended it before everything was told.
    pub partial: bool,
    /// Why no times are judged, if the base differed from itself.
    pub withdrawn: Option<String>,
    /// What is to be known of the whole, each in a sentence: why something is not judged, or may not be compared.
    #[serde(default)]
    pub notes: Vec<String>,
    /// One for each server.
    pub servers: Vec<Server>,
}

/// Where a side comes from.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Side {
    /// In words: `3f2a1c9 (main~1)`, `this build`.
    pub name: String,
    /// Its commit, where that is known.
    pub commit: Option<String>,
    /// Whether files differ from that commit.
    pub dirty: Option<bool>,
}

/// A server, on both sides.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// How many blocks there were.
    pub blocks: usize,
    /// What was compared.
    pub metrics: Vec<Compared>,
    /// What could not be measured, and why.
    pub missing: Vec<String>,
    /// Every trial, a block after the other.
    pub trials: Vec<[Trial; 3]>,
}

/// One metric on both sides.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Compared {
    /// `cpu_us_per_request`, `requests_per_sec`, `p99_ns`, `allocations_per_request`, `syscalls_per_request`,
    /// `syscalls_at_rest_per_request` or `instructions_per_request`.
    pub metric: String,
    /// The median over blocks, or the count.
    pub base: Option<f64>,
    /// The same of the candidate.
    pub candidate: Option<f64>,
    /// By how much the candidate's is higher, in percent: the median over blocks, or the change of a count that has
    /// its limit in percent.
    pub change_percent: Option<f64>,
    /// The lower end of the interval of that; `null` where it was counted.
    pub low_percent: Option<f64>,
    /// Its upper end.
    pub high_percent: Option<f64>,
    /// How often the interval holds it.
    pub confidence: Option<f64>,
    /// The same change of the base against itself.
    pub control_percent: Option<f64>,
    /// How far it may differ: in percent, or per request for allocations and system calls; `null` where it is shown
    /// only.
    pub limit: Option<f64>,
    /// How many there may be whatever the base has, where the policy says so.
    #[serde(default)]
    pub max: Option<f64>,
    /// What is said of it; `null` where it is shown only.
    pub verdict: Option<String>,
}

/// A trial of a block.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Trial {
    /// The server's CPU time per request.
    pub cpu_us_per_request: Option<f64>,
    /// Requests answered per second.
    pub requests_per_sec: f64,
    /// The latency that 99 of 100 requests kept to.
    pub p99_ns: u64,
}

impl Outcome {
    /// Everything that makes the gate fail, as `server: metric`.
    pub fn regressions(&self) -> impl Iterator<Item = (&Server, &Compared)> {
        let all =
            self.servers.iter().flat_map(|server| server.metrics.iter().map(move |metric| (server, metric)));
        all.filter(|(_, metric)| metric.is_regression())
    }
}

impl Compared {
    /// A metric of which nothing is known yet.
    pub(super) fn shown(metric: &str) -> Self {
        Self {
            metric: metric.into(),
            base: None,
            candidate: None,
            change_percent: None,
            low_percent: None,
            high_percent: None,
            confidence: None,
            control_percent: None,
            limit: None,
            max: None,
            verdict: None,
        }
    }

    /// Whether the gate fails for it.
    pub fn is_regression(&self) -> bool {
        let bad = [Verdict::Slower, Verdict::More].map(Verdict::name);
        self.verdict.as_deref().is_some_and(|verdict| bad.contains(&verdict))
    }
}

/// The server of a contest, with what was judged of it.
pub(super) fn server(contest: &Contest, judged: &[Judged]) -> Server {
    let mut metrics: Vec<Compared> = judged.iter().map(|judged| timed(contest, judged)).collect();
    metrics.push(p99(contest));
    let (base, candidate) = (&contest.base_counts, &contest.candidate_counts);
    metrics.push(counted(
        "allocations_per_request",
        (base.allocs_per_request, candidate.allocs_per_request),
        contest.limits.allocations_per_request,
        contest.limits.most.allocations_per_request,
    ));
    // How many events a poll returns is a matter of how busy the machine is.
    let under_load = counted(
        "syscalls_per_request",
        (base.syscalls_per_request, candidate.syscalls_per_request),
        f64::INFINITY,
        None,
    );
    metrics.push(under_load);
    metrics.push(counted(
        "syscalls_at_rest_per_request",
        (base.syscalls_at_rest_per_request, candidate.syscalls_at_rest_per_request),
        contest.limits.syscalls_at_rest_per_request,
        contest.limits.most.syscalls_at_rest_per_request,
    ));
    metrics.push(instructions(
        (base.instructions_per_request, candidate.instructions_per_request),
        contest.limits.instructions_percent,
    ));
    let side = |name: &str, missing: &[String]| -> Vec<String> {
        missing.iter().map(|why| format!("{name}: {why}")).collect()
    };
    Server {
        name: contest.name.clone(),
        blocks: contest.blocks.len(),
        metrics,
        missing: [side("base", &base.missing), side("candidate", &candidate.missing)].concat(),
        trials: contest
            .blocks
            .iter()
            .map(|block| [block.base, block.candidate, block.control].map(trial))
            .collect(),
    }
}

fn trial(sample: Sample) -> Trial {
    Trial {
        cpu_us_per_request: sample.cpu_us.map(round5),
        requests_per_sec: round5(sample.qps),
        p99_ns: sample.p99_ns,
    }
}

/// The median over the blocks of something of one side.
fn median(contest: &Contest, side: fn(&Block) -> &Sample, of: fn(&Sample) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = contest.blocks.iter().filter_map(|block| of(side(block))).collect();
    spread(&values).map(|spread| round5(spread.median))
}

/// The median over the blocks of both bases' mean, which the candidate is held against.
fn median_of_bases(contest: &Contest, of: fn(&Sample) -> Option<f64>) -> Option<f64> {
    let both = contest.blocks.iter().filter_map(|block| Some((of(&block.base)?, of(&block.control)?)));
    let values: Vec<f64> = both.map(|(base, control)| f64::midpoint(base, control)).collect();
    spread(&values).map(|spread| round5(spread.median))
}

const BASE: fn(&Block) -> &Sample = |block| &block.base;
const CANDIDATE: fn(&Block) -> &Sample = |block| &block.candidate;

fn timed(contest: &Contest, judged: &Judged) -> Compared {
    let (name, of): (_, fn(&Sample) -> Option<f64>) = match judged.metric {
        Metric::Cpu => ("cpu_us_per_request", |sample| sample.cpu_us),
        Metric::Qps => ("requests_per_sec", |sample| Some(sample.qps)),
    };
    let limit = match judged.metric {
        Metric::Cpu => contest.limits.cpu_percent,
        Metric::Qps => contest.limits.qps_percent,
    };
    // What costs more is fewer requests in the same time.
    let change = |cost: f64| match judged.metric {
        Metric::Cpu => cost,
        Metric::Qps => 1.0 / (1.0 + cost) - 1.0,
    };
    let percent = |share: f64| round5(change(share) * 100.0);
    let ends = judged.effect.map(|effect| [percent(effect.low), percent(effect.high)]);
    Compared {
        metric: name.into(),
        base: median_of_bases(contest, of),
        candidate: median(contest, CANDIDATE, of),
        change_percent: judged.effect.map(|effect| percent(effect.middle)),
        low_percent: ends.map(|[a, b]| a.min(b)),
        high_percent: ends.map(|[a, b]| a.max(b)),
        confidence: judged.effect.map(|effect| round5(effect.confidence)),
        control_percent: judged.control.map(|effect| percent(effect.middle)),
        limit: Some(limit).filter(|_| judged.gated),
        max: None,
        verdict: (judged.gated && judged.effect.is_some()).then(|| judged.verdict.name().to_owned()),
    }
}

/// Shown and never judged: it moves by tens of percent between runs of the same server.
fn p99(contest: &Contest) -> Compared {
    let of: fn(&Sample) -> Option<f64> = |sample| Some(sample.p99_ns as f64);
    let log_ratios: Vec<f64> = contest
        .blocks
        .iter()
        .map(|block| (block.candidate.p99_ns as f64 / block.base.p99_ns as f64).ln())
        .filter(|ratio| ratio.is_finite())
        .collect();
    let effect = stats::effect(&log_ratios);
    let percent = |share: f64| round5(share * 100.0);
    Compared {
        base: median(contest, BASE, of),
        candidate: median(contest, CANDIDATE, of),
        change_percent: effect.map(|effect| percent(effect.middle)),
        low_percent: effect.map(|effect| percent(effect.low)),
        high_percent: effect.map(|effect| percent(effect.high)),
        confidence: effect.map(|effect| round5(effect.confidence)),
        ..Compared::shown("p99_ns")
    }
}

pub(super) fn counted(
    name: &str,
    (base, candidate): (Option<f64>, Option<f64>),
    tolerance: f64,
    max: Option<f64>,
) -> Compared {
    let gated = tolerance.is_finite();
    let verdict = match ratchet::verdict(base, candidate, tolerance, max) {
        _ if !gated => None,
        // What it can be held to is there, and the candidate's is not.
        None if candidate.is_none() && (base.is_some() || max.is_some()) => Some(Verdict::CannotTell),
        verdict => verdict,
    };
    Compared {
        base: base.map(round5),
        candidate: candidate.map(round5),
        limit: Some(tolerance).filter(|_| gated),
        max: max.filter(|_| gated),
        verdict: verdict.map(|verdict| verdict.name().to_owned()),
        ..Compared::shown(name)
    }
}

/// They grow with the work that a request is, so they are held against those of the base in percent.
pub(super) fn instructions((base, candidate): (Option<f64>, Option<f64>), limit_percent: f64) -> Compared {
    let tolerance = base.map_or(f64::INFINITY, |base| base * limit_percent / 100.0);
    let change = base.zip(candidate).filter(|(base, _)| *base > 0.0);
    Compared {
        change_percent: change.map(|(base, candidate)| round5((candidate / base - 1.0) * 100.0)),
        limit: Some(limit_percent).filter(|limit| limit.is_finite()),
        ..counted("instructions_per_request", (base, candidate), tolerance, None)
    }
}

/// The verdict on all of them: the worst.
pub(super) fn verdict(servers: &[Server]) -> &'static str {
    let metrics = servers.iter().flat_map(|server| &server.metrics);
    let verdicts: Vec<&str> = metrics.filter_map(|metric| metric.verdict.as_deref()).collect();
    let has = |wanted: Verdict| verdicts.contains(&wanted.name());
    if has(Verdict::Slower) || has(Verdict::More) {
        Verdict::Slower.name()
    } else if has(Verdict::CannotTell) || verdicts.is_empty() {
        Verdict::CannotTell.name()
    } else {
        Verdict::NotSlower.name()
    }
}
