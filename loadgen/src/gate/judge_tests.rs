use super::*;
use crate::gate::contest::Contender;
use crate::gate::policy::Policy;
use crate::lab::rows::Row;
use crate::lab::scenario;

fn contest(name: &str, blocks: Vec<Block>) -> Contest {
    let scenario = scenario::built_in().unwrap().remove(2);
    let side = Contender { program: None, row: Row::parse(name).unwrap(), options: Vec::new() };
    let limits = Policy::built_in().unwrap().limits_of(name);
    Contest { blocks, ..Contest::new(name.into(), scenario, side.clone(), side, limits) }
}

/// A source of noise that is the same in every run.
struct Noise(u64);

impl Noise {
    /// Evenly between -1 and 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    /// As trials on a shared machine are: mostly within some percent, once in a while far off.
    fn trial(&mut self) -> f64 {
        let usual = (self.next() + self.next() + self.next()) * 0.03;
        let outlier = if self.next() > 0.9 { self.next().abs() * 0.3 } else { 0.0 };
        1.0 + usual + outlier
    }
}

/// Blocks in which the candidate costs `factor` times as much, and the control `control` times.
fn blocks(count: usize, factor: f64, control: f64, noise: &mut Noise) -> Vec<Block> {
    let mut sample = |factor: f64| {
        let cost = factor * noise.trial();
        Sample { cpu_us: Some(20.0 * cost), qps: 25_000.0 / cost, p99_ns: 1 }
    };
    (0..count)
        .map(|_| Block { base: sample(1.0), candidate: sample(factor), control: sample(control) })
        .collect()
}

const PHASES: [&str; 5] =
    ["phase0-serial", "phase1-threads", "phase2-async", "phase3-pooled", "phase4-keepalive"];

/// Five contests of so many blocks, the third of which costs `factor` times as much.
fn five(count: usize, factor: f64, noise: &mut Noise) -> Vec<Contest> {
    let each = PHASES.iter().enumerate();
    each.map(|(index, name)| contest(name, blocks(count, if index == 2 { factor } else { 1.0 }, 1.0, noise)))
        .collect()
}

fn verdicts(judged: &[Vec<Judged>]) -> Vec<Verdict> {
    judged.iter().flatten().map(|each| each.verdict).collect()
}

#[test]
fn of_a_hundred_gates_of_the_same_against_itself_at_most_one_alarms() {
    let mut noise = Noise(1);
    let alarms = (0..100).filter(|_| {
        let contests = five(73, 1.0, &mut noise);
        // At every look, as a gate does.
        [15, 22, 33, 49, 73].iter().zip(1..).any(|(&count, look)| {
            let so_far: Vec<_> = contests
                .iter()
                .map(|contest| Contest { blocks: contest.blocks[..count].to_vec(), ..contest.clone() })
                .collect();
            let (judged, broken) = judge(&so_far, look);
            broken.is_some() || verdicts(&judged).contains(&Verdict::Slower)
        })
    });
    let alarms = alarms.count();
    assert!(alarms <= 1, "{alarms}");
}

#[test]
fn five_percent_are_found_where_they_are_and_nowhere_else() {
    let mut noise = Noise(2);
    let found = (0..20).filter(|_| {
        let (judged, broken) = judge(&five(109, 1.05, &mut noise), 6);
        let slower = |judged: &Vec<Judged>| judged.iter().any(|each| each.verdict == Verdict::Slower);
        assert_eq!(broken, None);
        let named: Vec<usize> = (0..5).filter(|&index| slower(&judged[index])).collect();
        assert!(named.is_empty() || named == [2], "{named:?}");
        !named.is_empty()
    });
    let found = found.count();
    assert!(found >= 18, "{found}");
}

#[test]
fn a_fifth_is_found_at_the_first_look() {
    let mut noise = Noise(3);
    for _ in 0..20 {
        let (judged, _) = judge(&five(stats::BLOCKS_MIN, 1.2, &mut noise), 1);
        assert_eq!(judged[2][0].verdict, Verdict::Slower);
        assert!(is_settled(&judged[2]));
        let effect = judged[2][0].effect.unwrap();
        assert!(effect.low < 0.2 && effect.high > 0.2, "{effect:?}");
    }
}

#[test]
fn a_base_that_differs_from_itself_takes_all_verdicts_back() {
    let mut noise = Noise(4);
    for control in [1.1, 0.9] {
        let contests = [
            contest("phase0-serial", blocks(60, 1.3, control, &mut noise)),
            contest("phase1-threads", blocks(60, 1.0, 1.0, &mut noise)),
        ];
        let (judged, broken) = judge(&contests, 1);
        assert!(broken.unwrap().starts_with("phase0-serial: the base differs from itself by"));
        assert!(verdicts(&judged).iter().all(|&verdict| verdict == Verdict::CannotTell));
    }
}

#[test]
fn few_blocks_tell_nothing_and_what_was_not_measured_is_not_waited_for() {
    let mut noise = Noise(5);
    let mut contest = contest("phase0-serial", blocks(5, 2.0, 1.0, &mut noise));
    let (judged, _) = judge(std::slice::from_ref(&contest), 1);
    assert_eq!(verdicts(&judged), [Verdict::CannotTell; 2]);
    assert!(!is_settled(&judged[0]));
    contest.blocks = blocks(60, 1.0, 1.0, &mut noise);
    contest.blocks.iter_mut().for_each(|block| block.candidate.cpu_us = None);
    contest.limits.qps_percent = f64::INFINITY;
    let (judged, _) = judge(&[contest], 1);
    assert!(judged[0][0].effect.is_none() && !judged[0][1].gated && is_settled(&judged[0]));
}

#[test]
fn counts_are_held_from_both_sides() {
    assert_eq!(counts(Some(0.0), Some(1.0), 0.02), Some(Verdict::More));
    assert_eq!(counts(Some(8.0), Some(7.0), 0.02), Some(Verdict::Fewer));
    assert_eq!(counts(Some(8.0), Some(8.01), 0.02), Some(Verdict::Same));
    assert_eq!(counts(None, Some(8.0), 0.02), None);
}
