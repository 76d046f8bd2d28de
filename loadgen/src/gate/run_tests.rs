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
/// The fifth look, which gates of five phases reach well within ten minutes.
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

/// All phases, and no blocks yet.
fn contests() -> Vec<Contest> {
    let scenario = scenario::built_in().unwrap().remove(2);
    let policy = Policy::built_in().unwrap();
    let contest = |name: &&str| {
        let side = Contender { program: None, row: Row::parse(name).unwrap(), options: Vec::new() };
        let limits = policy.limits_in("plaintext", name);
        Contest::new((*name).into(), scenario.clone(), side.clone(), side, limits)
    };
    PHASES.iter().map(contest).collect()
}

/// A gate of all phases, whose candidates cost `factor` times what the noise has. Returns who is named slower, and whether
/// the base differed from itself.
fn gate(seed: u64, rounds_max: usize, factor: impl Fn(&str) -> Factor) -> (Vec<String>, Option<String>) {
    let mut dice = Dice(seed);
    let noise: Vec<Vec<Block>> = PHASES.iter().map(|phase| recorded(phase)).collect();
    let mut contests = contests();
    let mut looks = Looks::at_nothing(&contests);
    for rounds in 1..=rounds_max {
        for (index, contest) in contests.iter_mut().enumerate().filter(|(index, _)| looks.open[*index]) {
            let Block { base, candidate, control } = noise[index][dice.below(noise[index].len())];
            // All three were the same program, so each might have been any of them.
            let mut three = [base, candidate, control];
            three.swap(0, dice.below(3));
            three.swap(1, 1 + dice.below(2));
            let [base, mut candidate, control] = three;
            let factor = factor(&contest.name);
            candidate.cpu_us = candidate.cpu_us.map(|us| us * factor.cpu);
            candidate.qps *= factor.qps;
            contest.blocks.push(Block { base, candidate, control });
        }
        if looks.are_due(&contests, rounds, rounds == rounds_max) {
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

/// What a candidate's CPU time per request and rate are multiplied by.
#[derive(Clone, Copy)]
struct Factor {
    cpu: f64,
    qps: f64,
}

const SAME: Factor = Factor { cpu: 1.0, qps: 1.0 };

/// One phase costs so much more CPU time. The rate stays: the client is the bottleneck.
fn slower(slower: &str, cpu: f64) -> impl Fn(&str) -> Factor + '_ {
    move |phase| if phase == slower { Factor { cpu, ..SAME } } else { SAME }
}

#[test]
fn blocks_of_a_round_that_was_broken_off_are_judged_and_a_round_without_any_is_no_look() {
    let mut contests = contests();
    let mut looks = Looks::at_nothing(&contests);
    assert!(!looks.are_due(&contests, 0, true), "there is nothing to look at");
    for contest in &mut contests {
        contest.blocks = recorded(&contest.name)[..stats::BLOCKS_MIN].to_vec();
    }
    looks.look(&contests, stats::BLOCKS_MIN);
    assert!(!looks.are_due(&contests, stats::BLOCKS_MIN, true), "all is judged");
    let once_more = contests[0].blocks[0];
    contests[0].blocks.push(once_more);
    assert!(!looks.are_due(&contests, stats::BLOCKS_MIN, false), "the round goes on");
    assert!(looks.are_due(&contests, stats::BLOCKS_MIN, true));
}

#[test]
fn of_a_hundred_short_gates_of_the_same_at_most_one_alarms() {
    let alarms = (0..100).filter(|&seed| gate(seed, SHORT, |_| SAME) != (Vec::new(), None)).count();
    assert!(alarms <= 1, "{alarms}");
}

/// Where chance has most room: every metric of every phase is exactly at its limit, so that each block lies beyond it as
/// often as not. Without the share for each look, or without Holm, this alarms several times as often.
#[test]
fn at_the_limits_themselves_all_looks_and_metrics_together_alarm_as_rarely_as_is_said() {
    let at_the_limit = |_: &str| Factor { cpu: 1.02, qps: 0.97 };
    let gates = 400;
    let alarms = (1_000..1_000 + gates).filter(|&seed| !gate(seed, LONG, at_the_limit).0.is_empty()).count();
    assert!(alarms as f64 <= stats::ERROR * gates as f64, "{alarms} of {gates}");
}

#[test]
fn five_percent_in_any_phase_are_found_in_nine_of_ten_gates_and_nobody_else_is_named() {
    for phase in PHASES {
        let gates = (100..110).map(|seed| gate(seed, LONG, slower(phase, 1.05)));
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
            assert_eq!(
                gate(seed, SHORT, slower(phase, 1.2)),
                (vec![phase.to_owned()], None),
                "{phase}, {seed}"
            );
        }
    }
}
