//! What the blocks and counts of all contests say: slower, not slower, or not to be told.
//!
//! All metrics of all contests are judged together, so that the chance of one false alarm in the whole gate stays
//! within [`stats::ERROR`], however many there are and however often they are looked at.

use super::contest::{Block, Contest, Sample};
use super::stats::{self, Effect};

/// What is said of a metric. The names are part of `gate.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It costs more than its limit allows, and that is no chance.
    Slower,
    /// It does not, and that is no chance either.
    NotSlower,
    /// So far it may be either.
    CannotTell,
    /// There are more than the base has.
    More,
    /// As many.
    Same,
    /// There are fewer: the limit may be tighter from now on.
    Fewer,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Slower, Self::NotSlower, Self::CannotTell, Self::More, Self::Same, Self::Fewer];

    /// In words, for people and scripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slower => "slower",
            Self::NotSlower => "not slower",
            Self::CannotTell => "cannot tell",
            Self::More => "more",
            Self::Same => "same",
            Self::Fewer => "fewer",
        }
    }

    /// Whether the gate fails for it.
    pub fn is_regression(self) -> bool {
        matches!(self, Self::Slower | Self::More)
    }
}

/// What is measured in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The server's CPU time per request.
    Cpu,
    /// Requests per second.
    Qps,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Cpu, Self::Qps];

    /// What one request cost in a trial, in a unit in which more is worse; `None` where it was not measured.
    fn cost(self, sample: &Sample) -> Option<f64> {
        match self {
            Self::Cpu => sample.cpu_us,
            Self::Qps => Some(1.0 / sample.qps),
        }
        .filter(|cost| cost.is_finite() && *cost > 0.0)
    }

    /// The limit as a share of cost.
    fn limit(self, contest: &Contest) -> f64 {
        match self {
            Self::Cpu => contest.limits.cpu_percent / 100.0,
            // A rate that is 3 % lower costs 3.1 % more.
            Self::Qps => match contest.limits.qps_percent / 100.0 {
                share if share < 1.0 => share / (1.0 - share),
                _ => f64::INFINITY,
            },
        }
    }
}

/// A metric of a contest, judged.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// Which.
    pub metric: Metric,
    /// By how much the candidate's cost differs; `None` where it was not measured.
    pub effect: Option<Effect>,
    /// The same of the control, which is the base itself.
    pub control: Option<Effect>,
    /// Whether the gate can fail for it.
    pub gated: bool,
    /// What is said of it.
    pub verdict: Verdict,
}

/// What the logarithms of a contest's blocks are in a metric: of the candidate over the base, and of the control over
/// the base.
struct Ratios {
    candidate: Vec<f64>,
    control: Vec<f64>,
}

fn ratios(metric: Metric, blocks: &[Block]) -> Ratios {
    let costs = blocks.iter().filter_map(|block| {
        let cost = |sample| metric.cost(sample).map(f64::ln);
        Some((cost(&block.base)?, cost(&block.candidate)?, cost(&block.control)?))
    });
    // The base ran twice in each block, so its mean there is better known than either.
    let (candidate, control) = costs
        .map(|(base, candidate, control)| (candidate - f64::midpoint(base, control), control - base))
        .unzip();
    Ratios { candidate, control }
}

/// The verdicts on all metrics of all contests, in their order; and whether the base differed from itself, in words.
///
/// `look` is the number of this look, from 1.
pub fn judge(contests: &[Contest], look: usize) -> (Vec<Vec<Judged>>, Option<String>) {
    let error = stats::error_of(look);
    let all: Vec<(&Contest, Metric, Ratios)> = contests
        .iter()
        .flat_map(|contest| Metric::ALL.map(|metric| (contest, metric, ratios(metric, &contest.blocks))))
        .collect();
    // What can't fail, or was not measured, is nothing that chance could pick.
    let family: Vec<usize> = (0..all.len())
        .filter(|&index| {
            let (contest, metric, ratios) = &all[index];
            metric.limit(contest).is_finite() && !ratios.candidate.is_empty()
        })
        .collect();
    let told = |chance: &dyn Fn(&Ratios, f64) -> f64| {
        let chances: Vec<f64> = family
            .iter()
            .map(|&index| {
                let (contest, metric, ratios) = &all[index];
                chance(ratios, metric.limit(contest))
            })
            .collect();
        let mut told = vec![false; all.len()];
        for (&index, holds) in family.iter().zip(stats::holm(&chances, error)) {
            told[index] = holds;
        }
        told
    };
    let slower = told(&|ratios, limit| stats::chance_of_above(&ratios.candidate, limit));
    let not_slower = told(&|ratios, limit| stats::chance_of_below(&ratios.candidate, limit));
    // The control may be off to either side.
    let dearer = told(&|ratios, limit| stats::chance_of_above(&ratios.control, limit));
    let cheaper = told(&|ratios, limit| stats::chance_of_below(&ratios.control, -limit / (1.0 + limit)));
    let broken = (0..all.len()).find(|&index| dearer[index] || cheaper[index]).map(|index| {
        let (contest, metric, ratios) = &all[index];
        let effect = stats::effect(&ratios.control).map_or(0.0, |effect| effect.middle);
        let what = if *metric == Metric::Cpu { "CPU per request" } else { "time per request" };
        format!("{}: the base differs from itself by {:+.1} % in {what}", contest.name, effect * 100.0)
    });
    let judged = all.iter().enumerate().map(|(index, (contest, metric, ratios))| {
        let verdict = match (slower[index], not_slower[index]) {
            _ if broken.is_some() => Verdict::CannotTell,
            (true, _) => Verdict::Slower,
            (_, true) => Verdict::NotSlower,
            _ => Verdict::CannotTell,
        };
        Judged {
            metric: *metric,
            effect: stats::effect(&ratios.candidate),
            control: stats::effect(&ratios.control),
            gated: metric.limit(contest).is_finite(),
            verdict,
        }
    });
    let judged: Vec<Judged> = judged.collect();
    (judged.chunks(Metric::ALL.len()).map(<[_]>::to_vec).collect(), broken)
}

/// Whether more blocks would tell nothing that matters: something is slower, or nothing that can fail is.
pub fn is_settled(judged: &[Judged]) -> bool {
    let slower = judged.iter().any(|each| each.verdict == Verdict::Slower);
    let open = |each: &Judged| each.gated && each.effect.is_some() && each.verdict == Verdict::CannotTell;
    slower || !judged.iter().any(open)
}

/// What two counts per request say, if there are both.
pub fn counts(base: Option<f64>, candidate: Option<f64>, tolerance: f64) -> Option<Verdict> {
    let more = candidate? - base?;
    Some(if more > tolerance {
        Verdict::More
    } else if more < -tolerance {
        Verdict::Fewer
    } else {
        Verdict::Same
    })
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
