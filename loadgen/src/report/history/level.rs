//! Where a series changed its level: of what is measured by ranks and permutations, of what is counted by the count.
//!
//! Runs of one program differ by some percent, mostly for reasons of the machine's, in no shape that one could rely on,
//! and there are few of them. So a place where the level may have changed is judged by ranks (Mann and Whitney), the
//! best place of all is taken, and how good a best place chance alone finds is seen by shuffling the series: that
//! allows for having looked at every place. Where shuffled series are rarely as good, the level changed there, and both
//! sides are looked at in the same way (binary segmentation). The shuffles are the same in every run.

/// Runs on either side of a change, at the least: a mood of the machine lasts for some.
pub(super) const RUNS_MIN: usize = 5;
/// Of a series that did not change, shuffled ones are soon as good: so many of them are enough to see that (Besag and
/// Clifford's sequential p-value).
const AS_GOOD_MAX: usize = 20;
/// Only so many of the latest runs are looked at.
pub(super) const RUNS_MAX: usize = 400;
/// A count has changed when so many runs in a row have it so.
pub(super) const STAYS_RUNS: usize = 2;

/// A place where the level changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Change {
    /// The first value of the new level.
    pub(super) at: usize,
    /// How often a series without a change has as good a place for one.
    pub(super) chance: f64,
}

/// Every place where what was measured changed its level, in order. A series that never did has one in it with the
/// probability `error`.
pub(super) fn changes(values: &[f64], error: f64) -> Vec<Change> {
    let mut found = Vec::new();
    let mut open = vec![(0, values.len())];
    while let Some((from, to)) = open.pop() {
        let Some(change) = best(&values[from..to], error).filter(|change| change.chance <= error) else {
            continue;
        };
        let at = from + change.at;
        found.push(Change { at, ..change });
        open.extend([(from, at), (at, to)]);
    }
    found.sort_by_key(|change| change.at);
    found
}

/// Every place where a count became another by more than `tolerance`, and stayed so.
pub(super) fn steps(values: &[f64], tolerance: f64) -> Vec<usize> {
    let mut found = Vec::new();
    let mut from = 0;
    for at in 1..values.len() {
        let Some(new) = values.get(at..at + STAYS_RUNS) else { break };
        let level = median(&values[from..at]);
        if new.iter().all(|value| value - level > tolerance)
            || new.iter().all(|value| level - value > tolerance)
        {
            found.push(at);
            from = at;
        }
    }
    found
}

/// The middle value; 0 of none.
pub(super) fn median(values: &[f64]) -> f64 {
    super::super::stats::spread(values).map_or(0.0, |spread| spread.median)
}

/// How many runs it takes at the least until a change can be told at all: even where all runs after it are beyond all
/// runs before it, chance puts them so once in half the number of ways to choose one half of them.
pub(super) fn runs_needed(error: f64) -> usize {
    let rarest = |runs: usize| {
        let half = runs / 2;
        (1..=half).fold(2.0, |chance, i| chance * i as f64 / (runs - half + i) as f64)
    };
    (2 * RUNS_MIN..RUNS_MAX).find(|&runs| rarest(runs) <= error).unwrap_or(RUNS_MAX)
}

/// The place that divides the values best, and how often chance alone has as good a one.
fn best(values: &[f64], error: f64) -> Option<Change> {
    let mut ranks = centred_ranks(values);
    let (at, worth) = best_place(&ranks)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and not many")]
    let draws_max = (AS_GOOD_MAX as f64 / error).ceil() as usize;
    let mut dice = Dice(values.len() as u64);
    let (mut drawn, mut as_good) = (0, 0);
    while drawn < draws_max && as_good < AS_GOOD_MAX {
        dice.shuffle(&mut ranks);
        drawn += 1;
        as_good += usize::from(best_place(&ranks).is_some_and(|(_, other)| other >= worth * (1.0 - 1e-9)));
    }
    let chance = if as_good == AS_GOOD_MAX {
        as_good as f64 / drawn as f64
    } else {
        (as_good + 1) as f64 / (drawn + 1) as f64
    };
    Some(Change { at, chance })
}

/// Where the sum of ranks is off its expectation by most of its standard deviations, and by how many.
fn best_place(ranks: &[f64]) -> Option<(usize, f64)> {
    let n = ranks.len() as f64;
    let variance = ranks.iter().map(|rank| rank * rank).sum::<f64>() / n;
    let mut sum = 0.0;
    let mut best: Option<(usize, f64)> = None;
    for (index, rank) in ranks.iter().enumerate() {
        sum += rank;
        let at = index + 1;
        if at < RUNS_MIN || at + RUNS_MIN > ranks.len() || variance == 0.0 {
            continue;
        }
        let before = at as f64;
        let worth = sum.abs() / (variance * before * (n - before) / (n - 1.0)).sqrt();
        if best.is_none_or(|(_, most)| worth > most) {
            best = Some((at, worth));
        }
    }
    best
}

/// The ranks, shared by what is the same, less their mean.
fn centred_ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let rank = |value: &f64| {
        let before = sorted.partition_point(|other| other.total_cmp(value).is_lt());
        let until = sorted.partition_point(|other| other.total_cmp(value).is_le());
        f64::midpoint(before as f64, until as f64 - 1.0) - middle
    };
    values.iter().map(rank).collect()
}

/// A source of chance (Steele, Lea and Flood's `SplitMix64`) that begins anew for each series, so that a history always
/// says the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Every order equally often, but for less than a billionth.
    fn shuffle(&mut self, values: &mut [f64]) {
        for last in (1..values.len()).rev() {
            #[expect(clippy::cast_possible_truncation, reason = "at most `last`")]
            let other = (self.roll() % (last as u64 + 1)) as usize;
            values.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Dice {
        /// Evenly between 0 and 1.
        fn share(&mut self) -> f64 {
            (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
        }

        /// As a run is off: normally, by 3 %.
        fn noise(&mut self) -> f64 {
            1.0 + 0.03 * ((0..12).map(|_| self.share()).sum::<f64>() - 6.0)
        }

        /// As on a bad day: one in ten is off by up to 15 % besides.
        fn outlier(&mut self) -> f64 {
            if self.share() < 0.1 { self.share() * 0.15 } else { 0.0 }
        }
    }

    fn series(dice: &mut Dice, levels: &[(usize, f64)]) -> Vec<f64> {
        levels.iter().flat_map(|&(runs, level)| vec![level; runs]).map(|level| level * dice.noise()).collect()
    }

    #[test]
    fn of_a_thousand_series_of_noise_no_more_alarm_than_is_said() {
        let mut dice = Dice(1);
        for error in [0.05, 0.005] {
            let alarms = (0..1_000).filter(|index| {
                let mut values = series(&mut dice, &[(10 + index % 40, 100.0)]);
                for value in &mut values {
                    *value *= 1.0 + dice.outlier();
                }
                !changes(&values, error).is_empty()
            });
            // Three standard deviations above the mean.
            let most = 1_000.0 * error + 3.0 * (1_000.0 * error).sqrt();
            let alarms = alarms.count() as f64;
            assert!(alarms <= most, "{alarms} at {error}");
        }
    }

    #[test]
    fn a_tenth_more_in_noise_of_three_percent_is_found_within_a_run_of_its_place() {
        let mut dice = Dice(2);
        let (mut found, mut near) = (0, 0);
        for _ in 0..200 {
            let values = series(&mut dice, &[(14, 100.0), (14, 110.0)]);
            let all = changes(&values, 0.001);
            found += usize::from(!all.is_empty());
            near += usize::from(all.iter().any(|change| change.at.abs_diff(14) <= 1));
        }
        assert!(found >= 195 && near >= 190, "{found} found, {near} near of 200");
    }

    #[test]
    fn several_changes_are_told_apart_and_the_same_every_time() {
        let values = series(&mut Dice(3), &[(12, 100.0), (12, 130.0), (12, 80.0)]);
        let places: Vec<_> = changes(&values, 0.01).iter().map(|change| change.at).collect();
        assert_eq!(places, [12, 24]);
        assert_eq!(changes(&values, 0.01), changes(&values, 0.01));
    }

    #[test]
    fn few_runs_tell_nothing_however_far_apart_they_are() {
        let apart: Vec<f64> = (0..9).map(|n| if n < 5 { 1.0 } else { 2.0 }).collect();
        assert!(changes(&apart, 0.05).is_empty());
        assert!(changes(&[1.0; 50], 0.05).is_empty() && changes(&[], 0.05).is_empty());
        assert_eq!((runs_needed(0.05), runs_needed(0.05 / 140.0)), (10, 15));
    }

    #[test]
    fn a_count_that_changes_and_stays_is_found_and_one_that_comes_back_is_not() {
        assert_eq!(steps(&[8.0, 8.0, 9.0, 9.0, 9.0], 0.02), [2]);
        assert_eq!(steps(&[8.0, 8.0, 9.0, 8.0, 8.0], 0.02), [0; 0]);
        assert_eq!(steps(&[8.0, 8.01, 7.99, 8.0], 0.02), [0; 0]);
        assert_eq!(steps(&[0.0, 1.0, 1.0, 0.0, 0.0, 0.0], 0.02), [1, 3]);
        assert_eq!(steps(&[8.0, 9.0], 0.02), [0; 0], "one run may be one run");
        assert!(steps(&[], 0.02).is_empty());
    }
}
