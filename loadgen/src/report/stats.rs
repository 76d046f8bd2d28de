//! A median and an interval for it, and floats that are worth their digits.

use std::cmp::Ordering;

use super::document::Spread;

/// An interval aims at holding the true median this often.
const CONFIDENCE: f64 = 0.95;

/// The median of `values` and a distribution-free interval from their order statistics.
///
/// The k-th smallest and the k-th largest of n values enclose the true median with probability
/// 1 - 2 P(Binomial(n, 1/2) < k), whatever the values' distribution. The narrowest such interval
/// that reaches 95 % is taken; below six trials none does, and it is the smallest and the largest,
/// which hold the median with 1 - 2^(1-n): 75 % for three.
pub(super) fn spread(values: &[f64]) -> Option<Spread> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 {
        return None;
    }
    let median = f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]);
    let inner = (1..=n / 2).rev().find(|&k| coverage(n, k) >= CONFIDENCE).unwrap_or(1);
    let confidence = (n > 1).then(|| coverage(n, inner));
    Some(Spread { median, low: sorted[inner - 1], high: sorted[n - inner], confidence })
}

/// How often the k-th smallest and largest of n enclose the median.
fn coverage(n: usize, k: usize) -> f64 {
    // P(Binomial(n, 1/2) = 0), then each next one from the one before.
    let mut probability = 0.5_f64.powf(n as f64);
    let mut below = 0.0;
    for i in 0..k {
        below += probability;
        probability *= (n - i) as f64 / (i + 1) as f64;
    }
    1.0 - 2.0 * below
}

/// How often two sets of values that come from the same source lie at least as far apart as these two, by
/// ranks alone: the two-sided p of Mann and Whitney's test, exact where no two values are the same. Where some are, it
/// is reckoned as if they were not, which can say too little. `None` where one of the sets is empty.
///
/// With three values each it is 0.1 at the least, with five 0.008: so few trials can't tell more. Its work grows
/// with the fourth power of their number, so it is for tens of trials and not for hundreds.
pub(super) fn chance(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    // How often a value of `a` is the smaller one of a pair, ties half; counted twice, to be whole.
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| a.total_cmp(b)));
    let halves = pairs.map(|order| match order {
        Ordering::Less => 2,
        Ordering::Equal => 1,
        Ordering::Greater => 0,
    });
    let doubled: usize = halves.sum();
    let nearer_end = doubled.min(2 * a.len() * b.len() - doubled) / 2;
    let ways = ways_of_smaller_pairs(a.len(), b.len());
    let tail: f64 = ways[..=nearer_end].iter().sum();
    Some((2.0 * tail / ways.iter().sum::<f64>()).min(1.0))
}

/// In how many of all orders of `n` and `m` values exactly so many pairs have the value of the `m` first.
fn ways_of_smaller_pairs(n: usize, m: usize) -> Vec<f64> {
    // The i-th of the n values that stand on some of n + m places, in order, has its place less i of the m
    // before it. Place by place: in how many ways so many values were set with so many pairs.
    let mut ways = vec![vec![0.0; n * m + 1]; n + 1];
    ways[0][0] = 1.0;
    for place in 0..n + m {
        for values in (1..=n.min(place + 1)).rev() {
            let before = place + 1 - values;
            for pairs in before..=n * m {
                ways[values][pairs] += ways[values - 1][pairs - before];
            }
        }
    }
    ways.swap_remove(n)
}

/// Rounded to five significant digits: more would be noise, and noise makes every file differ.
pub(super) fn round5(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_trials_span_from_the_least_to_the_most() {
        let spread = spread(&[30.0, 10.0, 20.0]).unwrap();
        assert_eq!((spread.median, spread.low, spread.high), (20.0, 10.0, 30.0));
        assert_eq!(spread.confidence, Some(0.75));
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn an_even_number_has_its_median_between_the_two_in_the_middle() {
        assert_eq!(spread(&[1.0, 2.0, 4.0, 9.0]).unwrap().median, 3.0);
    }

    #[test]
    fn one_trial_has_no_confidence_and_none_has_no_median() {
        assert_eq!(spread(&[5.0]).unwrap().confidence, None);
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn many_trials_leave_the_outermost_out() {
        // Tables of the sign test: for n = 10 the second smallest and largest cover 97.9 %.
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        let spread = spread(&values).unwrap();
        assert_eq!((spread.low, spread.high), (2.0, 9.0));
        assert!((spread.confidence.unwrap() - 0.978_515_625).abs() < 1e-12);
    }

    #[test]
    fn the_chance_of_a_difference_is_that_of_the_tables() {
        let three = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
        assert_eq!(chance(&three[0], &three[1]), Some(0.1));
        assert_eq!(chance(&three[1], &three[0]), Some(0.1));
        assert_eq!(chance(&three[0], &three[0]), Some(1.0));
        // U = 2 of 25 pairs: p = 0.0317 in the tables.
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 7.5], [4.5, 7.0, 8.0, 9.0, 10.0]);
        assert!((chance(&a, &b).unwrap() - 8.0 / 252.0).abs() < 1e-12, "{:?}", chance(&a, &b));
        let apart: Vec<f64> = (0..5).map(|n| f64::from(n) + 20.0).collect();
        assert!((chance(&a, &apart).unwrap() - 2.0 / 252.0).abs() < 1e-12);
        assert_eq!((chance(&[], &a), chance(&[1.0], &[2.0])), (None, Some(1.0)));
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn five_digits_are_kept() {
        assert_eq!(round5(123_456.789), 123_460.0);
        assert_eq!(round5(0.012_345_678), 0.012_346);
        assert_eq!((round5(0.0), round5(-1.5)), (0.0, -1.5));
    }
}
