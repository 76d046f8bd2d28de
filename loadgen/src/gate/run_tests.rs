//! Gates on the noise of a real machine: blocks that were recorded of gates of the same against itself, drawn again.
//!
//! The seeds are fixed, so these say the same each time. What they show of the gate's rates was also tried with real
//! gates, which take minutes each and are no tests.

use super::*;
use crate::gate::contest::{Block, Contender, Sample};
use crate::gate::policy::Policy;
use crate::lab::rows::Row;
use crate::lab::scenario;

/// A line is a block: the server, and of base, candidate and control the CPU time per request and the rate.
const RECORDED: &str = include_str!("../../tests/data/gate_noise.csv");
const PHASES: [&str; 5] =
    ["phase0-serial", "phase1-threads", "phase2-async", "phase3-pooled", "phase4-keepalive"];
/// The short form: what a hundred seconds of five phases hold.
const SHORT: usize = 22;
/// What ten minutes hold, at the least: half of it is the number that a gate ever takes.
const LONG: usize = 73;

fn recorded(phase: &str) -> Vec<Block> {
    let lines = RECORDED.lines().filter_map(|line| line.strip_prefix(phase)?.strip_prefix(','));
    let blocks: Vec<Block> = lines
        .map(|line| {
            let values: Vec<f64> = line.split(',').map(|value| value.parse().unwrap()).collect();
            let sample = |at: usize| Sample { cpu_us: Some(values[at]), qps: values[at + 1], p99_ns: 1 };
            Block { base: sample(0), candidate: sample(2), control: sample(4) }
        })
        .collect();
    assert!(blocks.len() >= 100, "{phase}: {} blocks", blocks.len());
    blocks
}

/// Chance that is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

/// A gate of all phases, `slower` of which has a candidate that costs `factor` times as much. Returns who is named
/// slower, and whether the base differed from itself.
fn gate(seed: u64, rounds_max: usize, slower: &str, factor: f64) -> (Vec<String>, Option<String>) {
    let mut dice = Dice(seed);
    let scenario = scenario::built_in().unwrap().remove(2);
    let policy = Policy::built_in().unwrap();
    let noise: Vec<Vec<Block>> = PHASES.iter().map(|phase| recorded(phase)).collect();
    let mut contests: Vec<Contest> = PHASES
        .iter()
        .map(|name| {
            let side = Contender { program: None, row: Row::parse(name).unwrap(), options: Vec::new() };
            Contest::new(
                (*name).into(),
                scenario.clone(),
                side.clone(),
                side,
                policy.limits_in("plaintext", name),
            )
        })
        .collect();
    let mut looks = Looks::at_nothing(&contests);
    for rounds in 1..=rounds_max {
        for (index, contest) in contests.iter_mut().enumerate().filter(|(index, _)| looks.open[*index]) {
            let mut block = noise[index][dice.below(noise[index].len())];
            // Either of the two was the candidate as well as the control.
            if dice.below(2) == 1 {
                std::mem::swap(&mut block.candidate, &mut block.control);
            }
            if contest.name == slower {
                block.candidate.cpu_us = block.candidate.cpu_us.map(|us| us * factor);
            }
            contest.blocks.push(block);
        }
        if looks.are_due(rounds, rounds == rounds_max) {
            looks.look(&contests, rounds);
        }
        if looks.are_over() {
            break;
        }
    }
    let (judged, broken) = looks.verdicts();
    let is_slower = |judged: &[Judged]| judged.iter().any(|each| each.verdict == Verdict::Slower);
    let named = PHASES.iter().zip(&judged).filter(|(_, judged)| is_slower(judged));
    (named.map(|(name, _)| (*name).to_owned()).collect(), broken)
}

#[test]
fn of_a_hundred_short_gates_of_the_same_at_most_one_alarms() {
    let alarms = (0..100).filter(|&seed| !gate(seed, SHORT, "", 1.0).0.is_empty()).count();
    assert!(alarms <= 1, "{alarms}");
}

#[test]
fn five_percent_in_any_phase_are_found_in_nine_of_ten_gates_and_nobody_else_is_named() {
    for phase in PHASES {
        let gates = (100..110).map(|seed| gate(seed, LONG, phase, 1.05));
        let mut found = 0;
        for (named, broken) in gates {
            assert!(named.is_empty() || named == [phase], "{phase}: {named:?}");
            assert_eq!(broken, None, "{phase}");
            found += usize::from(!named.is_empty());
        }
        assert!(found >= 9, "{phase}: {found} of 10");
    }
}

#[test]
fn a_fifth_in_any_phase_is_found_in_every_short_gate() {
    for phase in PHASES {
        for seed in 200..210 {
            assert_eq!(gate(seed, SHORT, phase, 1.2), (vec![phase.to_owned()], None), "{phase}, {seed}");
        }
    }
}
