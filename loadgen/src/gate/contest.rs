//! A server of the base against the same one of the candidate: blocks of trials side by side, and counts.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::policy::Limits;
use crate::lab::cpus::Split;
use crate::lab::rows::Row;
use crate::lab::scenario::Scenario;
use crate::lab::{self, Fire, INTERRUPTED, Inspection, Launched, Place, Watch, interrupt};
use crate::run::launch;

/// How long one trial of a block counts: short, so that a block is over before the machine has changed.
const COUNTED: Duration = Duration::from_millis(250);
/// Load before that.
const WARMUP: Duration = Duration::from_millis(60);

/// One side of a contest: a server, and which program serves it.
#[derive(Clone, Debug)]
pub struct Contender {
    /// The program that has `serve`; `None` for this one.
    pub program: Option<PathBuf>,
    /// The server.
    pub row: Row,
    /// Options that only this side is given.
    pub options: Vec<String>,
}

impl Contender {
    pub(super) fn launch(&self, scenario: &Scenario, cpus: &[usize]) -> Result<Launched, String> {
        let program = self.program.as_ref().map(Command::new);
        let mut launched = launch::launch_by(program, &self.row, scenario, cpus)?;
        launched.command.args(&self.options);
        Ok(launched)
    }
}

/// Who takes part in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What it is held against.
    Base,
    /// What is judged.
    Candidate,
    /// The base once more: what differs between the two is the machine.
    Control,
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Base => "base",
            Self::Candidate => "candidate",
            Self::Control => "control",
        })
    }
}

/// In which order they run: everybody comes first, in the middle and last equally often.
const ORDERS: [[Part; 3]; 6] = {
    use Part::{Base, Candidate, Control};
    [
        [Base, Candidate, Control],
        [Control, Candidate, Base],
        [Candidate, Control, Base],
        [Base, Control, Candidate],
        [Control, Base, Candidate],
        [Candidate, Base, Control],
    ]
};

/// What one trial showed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// The server's CPU time per request, in microseconds; `None` where the kernel does not tell.
    pub cpu_us: Option<f64>,
    /// Requests answered per second.
    pub qps: f64,
    /// The latency that 99 of 100 requests kept to.
    pub p99_ns: u64,
}

/// The same workload on all three, within a second or two.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Block {
    /// The base.
    pub base: Sample,
    /// The candidate.
    pub candidate: Sample,
    /// The base once more.
    pub control: Sample,
}

/// One server, its two sides, and what was measured of them.
#[derive(Clone, Debug)]
pub struct Contest {
    /// The server's name.
    pub name: String,
    /// The workload.
    pub scenario: Scenario,
    /// What it is held against.
    pub base: Contender,
    /// What is judged.
    pub candidate: Contender,
    /// How far they may differ.
    pub limits: Limits,
    /// In the order in which they ran.
    pub blocks: Vec<Block>,
    /// What one request of the base takes, counted.
    pub base_counts: Inspection,
    /// And one of the candidate.
    pub candidate_counts: Inspection,
}

impl Contest {
    /// A contest of which nothing was measured yet.
    pub fn new(
        name: String,
        scenario: Scenario,
        base: Contender,
        candidate: Contender,
        limits: Limits,
    ) -> Self {
        let scenario = Scenario { warmup: WARMUP, duration: COUNTED, ..scenario };
        Self {
            name,
            scenario,
            base,
            candidate,
            limits,
            blocks: Vec::new(),
            base_counts: Inspection::default(),
            candidate_counts: Inspection::default(),
        }
    }

    /// Runs one block more: fresh servers, one after the other.
    ///
    /// # Errors
    /// Who failed, and why; [`INTERRUPTED`] after Ctrl-C. The block does not count then.
    pub fn block(&mut self, split: &Split, fire: Fire<'_>, watch: &dyn Watch) -> Result<(), String> {
        let mut block = Block::default();
        let number = self.blocks.len();
        for part in ORDERS[number % ORDERS.len()] {
            let contender = self.side(part);
            let launched = contender.launch(&self.scenario, &split.server);
            let place = Place { scenario: &self.scenario, row: &contender.row, trial: number + 1 };
            let trial = lab::trial(place, launched, &split.client, fire, watch);
            if let Some(why) = trial.failed {
                return Err(if why == INTERRUPTED { why } else { format!("{}, {part}: {why}", self.name) });
            }
            let Some(outcome) = trial.outcome else {
                return Err(format!("{}, {part}: no outcome", self.name));
            };
            if outcome.failed() > 0 {
                let first = outcome
                    .samples
                    .first()
                    .map_or_else(String::new, |sample| format!("; the first: {sample}"));
                return Err(format!(
                    "{}, {part}: {} of {} requests failed{first}",
                    self.name,
                    outcome.failed(),
                    outcome.ok + outcome.failed()
                ));
            }
            let requests = trial.usage_requests.max(1) as f64;
            let sample = Sample {
                cpu_us: trial.usage.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / requests).filter(|&us| us > 0.0),
                qps: outcome.requests_per_sec(),
                p99_ns: outcome.latency_ns.value_at_quantile(0.99),
            };
            *match part {
                Part::Base => &mut block.base,
                Part::Candidate => &mut block.candidate,
                Part::Control => &mut block.control,
            } = sample;
        }
        self.blocks.push(block);
        interrupt::begun();
        Ok(())
    }

    /// Counts what a request takes on both sides, apart from the blocks.
    pub fn count(&mut self, split: &Split, fire: Fire<'_>) {
        let count = |contender: &Contender| {
            lab::inspect_row(
                &contender.row,
                &self.scenario,
                split,
                &|| contender.launch(&self.scenario, &split.server),
                fire,
            )
        };
        (self.base_counts, self.candidate_counts) = (count(&self.base), count(&self.candidate));
    }

    fn side(&self, part: Part) -> &Contender {
        match part {
            Part::Base | Part::Control => &self.base,
            Part::Candidate => &self.candidate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_each_place_equally_often() {
        for part in [Part::Base, Part::Candidate, Part::Control] {
            for place in 0..3 {
                assert_eq!(
                    ORDERS.iter().filter(|order| order[place] == part).count(),
                    2,
                    "{part} in {place}"
                );
            }
        }
    }
}
