//! What blocks of paired measurements say about a difference. This file knows no server and no unit.
//!
//! A block gives one number: the logarithm of the candidate's cost over the base's, measured side by side. Blocks
//! are taken as independent and their median as the difference. Signs do the judging: if the true median were at a
//! limit, each block would lie above it as often as below, whatever the distribution, so the number of those
//! above is that of heads among coins. Outliers, of which shared machines have many, count like any other block.

use crate::report::stats::spread;

/// The differences that are told are off by chance less often than this in the whole gate.
pub const ERROR: f64 = 0.05;
/// Blocks before the first look: with fewer, one block that went wrong would keep five phases' worth of comparisons
/// from significance.
pub const BLOCKS_MIN: usize = 15;
/// How often the blocks are looked at, at most: after 15 of them, then after half as many again each time, which makes
/// hours of it.
pub const LOOKS_MAX: usize = 12;

/// Whether so many blocks are a number at which they are looked at.
pub fn is_look(blocks: usize) -> bool {
    looks().any(|look| look == blocks)
}

/// The most blocks that a gate ever takes.
pub fn blocks_max() -> usize {
    looks().last().unwrap_or(BLOCKS_MIN)
}

fn looks() -> impl Iterator<Item = usize> {
    std::iter::successors(Some(BLOCKS_MIN), |blocks| Some(blocks + blocks / 2)).take(LOOKS_MAX)
}

/// What a look may spend of [`ERROR`], counted from 1: a half, a sixth, a twelfth… All of them together spend no more
/// than there is, however many there are, so that looking early costs no false alarm.
pub fn error_of(look: usize) -> f64 {
    ERROR / (look * (look + 1)) as f64
}

/// How much more something costs, as a share: 0.05 is 5 % more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// The median over blocks.
    pub middle: f64,
    /// An interval from the blocks' order that holds the true median in 95 of 100 cases; from the least to the most
    /// where there are too few for that.
    pub low: f64,
    /// Its other end.
    pub high: f64,
    /// How often the interval holds the true median.
    pub confidence: f64,
}

/// The effect that these logarithms of ratios show; `None` without any.
pub fn effect(log_ratios: &[f64]) -> Option<Effect> {
    let spread = spread(log_ratios)?;
    Some(Effect {
        middle: spread.median.exp_m1(),
        low: spread.low.exp_m1(),
        high: spread.high.exp_m1(),
        // One block alone holds nothing.
        confidence: spread.confidence.unwrap_or(0.0),
    })
}

/// The chance of so many blocks above `limit`, a share as in [`Effect`], or more, if the true difference were no more
/// than it. Blocks right at the limit count as below.
pub fn chance_of_above(log_ratios: &[f64], limit: f64) -> f64 {
    let limit = limit.ln_1p();
    heads(log_ratios.len(), log_ratios.iter().filter(|&&ratio| ratio > limit).count())
}

/// The same for blocks below `limit`, if the true difference were no less than it.
pub fn chance_of_below(log_ratios: &[f64], limit: f64) -> f64 {
    let limit = limit.ln_1p();
    heads(log_ratios.len(), log_ratios.iter().filter(|&&ratio| ratio < limit).count())
}

/// How often `coins` show at least so many heads.
fn heads(coins: usize, at_least: usize) -> f64 {
    // P(exactly i heads), one from the other.
    let mut exactly = 0.5_f64.powf(coins as f64);
    let mut sum = 0.0;
    for i in 0..=coins {
        if i >= at_least {
            sum += exactly;
        }
        exactly *= (coins - i) as f64 / (i + 1) as f64;
    }
    sum.min(1.0)
}

/// Which of several chances are too small to be chance when all of them are looked at, by Holm: the smallest has to
/// be below `error` over their number, the next below `error` over one less, until one is not.
pub fn holm(chances: &[f64], error: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|&a, &b| chances[a].total_cmp(&chances[b]));
    let mut told = vec![false; chances.len()];
    for (place, &index) in order.iter().enumerate() {
        if chances[index] > error / (chances.len() - place) as f64 {
            break;
        }
        told[index] = true;
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn heads_are_those_of_the_binomial_tables() {
        assert_eq!(heads(12, 12), 1.0 / 4096.0);
        assert_eq!(heads(12, 11), 13.0 / 4096.0);
        assert_eq!((heads(5, 0), heads(0, 0), heads(3, 4)), (1.0, 1.0, 0.0));
        // P(X >= 60) of 100 coins, from tables: 0.02844.
        assert!((heads(100, 60) - 0.028_44).abs() < 1e-5, "{}", heads(100, 60));
    }

    #[test]
    fn an_effect_is_the_median_with_its_interval() {
        let ratios: Vec<f64> = (1..=11).map(|n: i32| f64::from(n).ln()).collect();
        let found = effect(&ratios).unwrap();
        // The sign test's interval for eleven: the second smallest and largest.
        for (value, expected) in [(found.middle, 5.0), (found.low, 1.0), (found.high, 9.0)] {
            assert!((value - expected).abs() < 1e-9, "{found:?}");
        }
        assert!((found.confidence - 0.988).abs() < 0.001, "{found:?}");
        assert_eq!(effect(&[]), None);
    }

    #[test]
    fn blocks_on_either_side_of_a_limit_are_counted_as_coins() {
        let ratios: Vec<f64> = [0.01, 0.03, 0.05, 0.07].map(|share: f64| share.ln_1p()).to_vec();
        assert!((chance_of_above(&ratios, 0.02) - 5.0 / 16.0).abs() < 1e-12);
        assert!((chance_of_below(&ratios, 0.02) - 15.0 / 16.0).abs() < 1e-12);
        assert!((chance_of_above(&ratios, 0.01) - 5.0 / 16.0).abs() < 1e-12, "at the limit is not above it");
    }

    #[test]
    fn holm_asks_more_of_the_first_and_stops_at_one_that_may_be_chance() {
        assert_eq!(holm(&[0.01, 0.04, 0.03, 0.005], 0.05), [true, false, false, true]);
        assert_eq!(holm(&[0.04], 0.05), [true]);
        assert_eq!(holm(&[0.03, 0.03], 0.05), [false, false]);
        assert!(holm(&[], 0.05).is_empty());
    }

    #[test]
    fn the_first_look_can_tell_even_among_many_comparisons() {
        // Five phases with two metrics each.
        assert!(heads(BLOCKS_MIN, BLOCKS_MIN - 1) < error_of(1) / 10.0);
        assert_eq!(looks().take(6).collect::<Vec<_>>(), [15, 22, 33, 49, 73, 109]);
        assert!(is_look(49) && !is_look(50));
        assert_eq!(blocks_max(), 1234);
    }

    #[test]
    fn all_looks_together_spend_no_more_than_there_is() {
        let spent: f64 = (1..=LOOKS_MAX).map(error_of).sum();
        assert!(spent < ERROR && spent > 0.9 * ERROR, "{spent}");
    }
}
