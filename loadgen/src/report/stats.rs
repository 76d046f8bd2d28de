//! A median and an interval for it, and floats that are worth their digits.

use super::document::Spread;

/// An interval aims at holding the true median this often.
const CONFIDENCE: f64 = 0.95;

/// The median of `values` and a distribution-free interval from their order statistics.
///
/// The k-th smallest and the k-th largest of n values enclose the true median with probability
/// 1 - 2 P(Binomial(n, 1/2) < k), whatever the values' distribution. The narrowest such interval
/// that reaches 95 % is taken; below six trials none does, and it is the smallest and the largest,
/// which hold the median with 1 - 2^(1-n): 75 % for three.
pub(crate) fn spread(values: &[f64]) -> Option<Spread> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 {
        return None;
    }
    let median = f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]);
    let inner = enclosing(n, CONFIDENCE).unwrap_or(1);
    let confidence = (n > 1).then(|| coverage(n, inner));
    Some(Spread { median, low: sorted[inner - 1], high: sorted[n - inner], confidence })
}

/// The largest k for which the k-th smallest and largest of n enclose the median at least so often; `None` where
/// not even the outermost do.
pub(crate) fn enclosing(n: usize, confidence: f64) -> Option<usize> {
    (1..=n / 2).rev().find(|&k| coverage(n, k) >= confidence)
}

/// How often the k-th smallest and largest of n enclose the median.
pub(crate) fn coverage(n: usize, k: usize) -> f64 {
    // P(Binomial(n, 1/2) = 0), then each next one from the one before.
    let mut probability = 0.5_f64.powf(n as f64);
    let mut below = 0.0;
    for i in 0..k {
        below += probability;
        probability *= (n - i) as f64 / (i + 1) as f64;
    }
    1.0 - 2.0 * below
}

/// Beyond so many values the exact count takes long, and the normal approximation is as good.
const EXACT_MAX: usize = 100;

/// How often two sets of values that come from the same source lie at least as far apart as these two, by
/// ranks alone: the two-sided p of Mann and Whitney's test. Values that are the same share the middle of their ranks.
/// Up to a hundred values it is counted exactly, beyond that approximated. `None` where one of the sets is empty.
///
/// With three values each it is 0.1 at the least, with five 0.008: so few trials can't tell more.
pub(super) fn chance(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let ranks = doubled_ranks(a, b);
    let of_a: usize = ranks[..a.len()].iter().sum();
    // What `a` would have on average, all ranks being doubled.
    let off = of_a.abs_diff(a.len() * (ranks.len() + 1));
    Some(if ranks.len() <= EXACT_MAX {
        counted(&ranks, a.len(), off)
    } else {
        approximated(&ranks, a.len(), off)
    })
}

/// For each value of `a` and then of `b` twice its rank among all of them, so that it is whole.
fn doubled_ranks(a: &[f64], b: &[f64]) -> Vec<usize> {
    let mut sorted = [a, b].concat();
    sorted.sort_by(f64::total_cmp);
    let rank = |value: &f64| {
        let before = sorted.partition_point(|other| other.total_cmp(value).is_lt());
        let until = sorted.partition_point(|other| other.total_cmp(value).is_le());
        before + 1 + until
    };
    a.iter().chain(b).map(rank).collect()
}

/// The share of all choices of `n` among `ranks` whose sum is at least so far `off` the average.
fn counted(ranks: &[usize], n: usize, off: usize) -> f64 {
    // Rank by rank: in how many ways so many were chosen with this sum.
    let mut ways = vec![vec![0.0; ranks.iter().sum::<usize>() + 1]; n + 1];
    ways[0][0] = 1.0;
    let mut highest = 0;
    for (seen, &rank) in ranks.iter().enumerate() {
        highest += rank;
        for chosen in (1..=n.min(seen + 1)).rev() {
            for sum in rank..=highest {
                ways[chosen][sum] += ways[chosen - 1][sum - rank];
            }
        }
    }
    let average = n * (ranks.len() + 1);
    let sums = ways[n].iter().enumerate();
    let as_far: f64 = sums.filter(|(sum, _)| sum.abs_diff(average) >= off).map(|(_, ways)| ways).sum();
    as_far / ways[n].iter().sum::<f64>()
}

/// The same as if sums were distributed normally.
fn approximated(ranks: &[usize], n: usize, off: usize) -> f64 {
    let all = ranks.len() as f64;
    let (n, m) = (n as f64, all - n as f64);
    let squares: f64 = ranks.iter().map(|&rank| (rank as f64 - (all + 1.0)).powi(2)).sum();
    // Of a choice without putting back. Ties have made the squares smaller.
    let deviation = (n * m / (all * (all - 1.0)) * squares).sqrt();
    if deviation == 0.0 {
        return 1.0;
    }
    // A sum moves by two, so half a step is given.
    let away = (off as f64 - 1.0).max(0.0) / deviation;
    libm::erfc(away / std::f64::consts::SQRT_2).min(1.0)
}

/// Rounded to five significant digits: more would be noise, and noise makes every file differ.
pub(crate) fn round5(value: f64) -> f64 {
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
    fn values_that_are_the_same_share_their_ranks() {
        // Of the 20 choices of three among 1 2 3 3 4 5, four lie as far apart.
        assert_eq!(chance(&[1.0, 2.0, 3.0], &[3.0, 4.0, 5.0]), Some(0.2));
        assert_eq!(chance(&[3.0, 4.0, 5.0], &[1.0, 2.0, 3.0]), Some(0.2));
        assert_eq!(chance(&[7.0; 3], &[7.0; 4]), Some(1.0));
        assert_eq!(chance(&[7.0; 300], &[7.0; 400]), Some(1.0));
    }

    #[test]
    fn many_values_are_as_good_as_counted() {
        let spaced = |n: usize, from: f64| -> Vec<f64> { (0..n).map(|i| from + i as f64).collect() };
        for (n, shift) in [(40, 3.5), (45, 10.25), (50, 0.0), (50, 20.0)] {
            let ranks = doubled_ranks(&spaced(n, 0.0), &spaced(n, shift));
            let off = ranks[..n].iter().sum::<usize>().abs_diff(n * (2 * n + 1));
            let (exact, near) = (counted(&ranks, n, off), approximated(&ranks, n, off));
            assert!((exact - near).abs() < 0.005, "{n} shifted by {shift}: {exact} and {near}");
        }
        let far = chance(&spaced(400, 0.0), &spaced(400, 1000.0)).unwrap();
        assert!(far < 1e-12, "{far}");
        let near = chance(&spaced(400, 0.0), &spaced(400, 0.5)).unwrap();
        assert!((0.8..1.0).contains(&near), "{near}");
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn five_digits_are_kept() {
        assert_eq!(round5(123_456.789), 123_460.0);
        assert_eq!(round5(0.012_345_678), 0.012_346);
        assert_eq!((round5(0.0), round5(-1.5)), (0.0, -1.5));
    }
}
