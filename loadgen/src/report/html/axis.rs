//! Axes: even, by powers of ten, or by the number of nines.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// A range of values along one side of a picture, with the marks to read it by.
#[derive(Clone)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    log: bool,
    marks: Vec<f64>,
    label: fn(f64) -> String,
}

/// A scale whose values differ by more than this is drawn by powers of ten.
const SPAN_LINEAR_MAX: f64 = 20.0;
/// Marks on an even scale, about.
const MARKS: f64 = 4.0;

impl Axis {
    /// From zero to the largest of `values`, or by powers of ten where the least would vanish.
    pub(super) fn fitting(values: &[f64], label: fn(f64) -> String) -> Self {
        let positive = || values.iter().copied().filter(|value| *value > 0.0 && value.is_finite());
        let high = positive().fold(0.0, f64::max);
        let low = positive().fold(f64::INFINITY, f64::min);
        if high > low * SPAN_LINEAR_MAX { Self::log(low, high, label) } else { Self::linear(high, label) }
    }

    /// From zero on.
    pub(super) fn linear(high: f64, label: fn(f64) -> String) -> Self {
        let high = if high > 0.0 { high } else { 1.0 };
        let step = round_step(high / MARKS);
        let last = (high / step).ceil();
        let marks = (0..).map(|n| f64::from(n) * step).take_while(|mark| *mark <= last * step * 1.001);
        Self { low: 0.0, high: last * step, log: false, marks: marks.collect(), label }
    }

    /// By powers of ten, from the one below `low` or close to it.
    pub(super) fn log(low: f64, high: f64, label: fn(f64) -> String) -> Self {
        let (low, high) = if low > 0.0 && high >= low { (low, high) } else { (1.0, 10.0) };
        // A bar of the least value is to be seen, too.
        let (low, high) = (low / 1.6, high * 1.15);
        let powers = |from: f64, to: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "a logarithm of a float is small")]
            let range = from.log10().ceil() as i32..=to.log10().floor() as i32;
            range.map(|n| 10_f64.powi(n)).collect::<Vec<_>>()
        };
        let mut marks = powers(low, high);
        if marks.len() < 2 {
            // Less than a power of ten to see: halves of it serve as well.
            let start = 10_f64.powf(low.log10().floor());
            let steps = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0].map(|factor| factor * start);
            marks = steps.into_iter().filter(|mark| (low..=high).contains(mark)).collect();
        }
        Self { low, high, log: true, marks, label }
    }

    /// Around 1, from the least of `values` to the largest: by how much something is better or worse.
    pub(super) fn from_one(values: &[f64], label: fn(f64) -> String) -> Self {
        let known = || values.iter().copied().filter(|value| *value > 0.0 && value.is_finite());
        let (low, high) = (known().fold(1.0, f64::min), known().fold(1.0, f64::max));
        if high > low * SPAN_LINEAR_MAX {
            return Self::log(low, high, label);
        }
        let step = round_step(((high - low) / MARKS).max(0.01));
        let first = (low / step).floor();
        let last = (high / step).ceil().max(first + 1.0);
        let marks = (0..).map(|n| first + f64::from(n)).take_while(|n| *n <= last).map(|n| n * step);
        Self::marked(first * step, last * step, marks.collect(), label)
    }

    /// As far to the left of 0 as to the right, with a round mark on each side.
    pub(super) fn around_zero(side: f64, label: fn(f64) -> String) -> Self {
        let step = round_below(side);
        Self::marked(-side, side, vec![-step, 0.0, step], label)
    }

    /// Evenly from `low` to `high` with these marks.
    pub(super) fn marked(low: f64, high: f64, marks: Vec<f64>, label: fn(f64) -> String) -> Self {
        Self { low, high, log: false, marks, label }
    }

    /// Without anything to read.
    pub(super) fn blank(low: f64, high: f64) -> Self {
        Self::marked(low, high, Vec::new(), |_| String::new())
    }

    pub(super) fn low(&self) -> f64 {
        self.low
    }

    pub(super) fn high(&self) -> f64 {
        self.high
    }

    pub(super) fn is_log(&self) -> bool {
        self.log
    }

    /// Where a value is, from 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        let share = if self.log {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0)
    }
}

/// 1, 2, 2.5 or 5 times a power of ten, not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    [1.0, 2.0, 2.5, 5.0].map(|factor| factor * power).into_iter().find(|n| *n >= step).unwrap_or(10.0 * power)
}

/// 1, 2 or 5 times a power of ten, not above `value`.
fn round_below(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    [5.0, 2.0].map(|factor| factor * power).into_iter().find(|n| *n <= value).unwrap_or(power)
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "pixels")]
    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (self.share(*value) * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.marks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        (self.label)(*value)
    }
}

/// A count in a few characters: `20k`, `1.5M`.
pub(super) fn short(value: f64) -> String {
    let (value, unit) = match value.abs() {
        1e6.. => (value / 1e6, "M"),
        1e3.. => (value / 1e3, "k"),
        _ => (value, ""),
    };
    // Three digits: more would be the noise of the trials.
    let decimals = if value.abs() < 10.0 { 2 } else { usize::from(value.abs() < 100.0) };
    let text = format!("{value:.decimals$}");
    let text = if decimals == 0 { &text } else { text.trim_end_matches('0').trim_end_matches('.') };
    format!("{text}{unit}")
}

/// Nanoseconds in a few characters: `20 ms`.
pub(super) fn short_duration(ns: f64) -> String {
    let (value, unit) = match ns {
        1e9.. => (ns / 1e9, "s"),
        1e6.. => (ns / 1e6, "ms"),
        1e3.. => (ns / 1e3, "µs"),
        _ => (ns, "ns"),
    };
    format!("{value:.0} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_far_apart_are_drawn_by_powers_of_ten() {
        let axis = Axis::fitting(&[444.0, 38_230.0], short);
        assert!(axis.is_log());
        assert_eq!(axis.marks.iter().map(|mark| short(*mark)).collect::<Vec<_>>(), ["1k", "10k"]);
        assert!(axis.share(444.0) > 0.05, "the least can be seen");
    }

    #[test]
    fn values_of_a_kind_begin_at_zero() {
        let axis = Axis::fitting(&[16_074.0, 228_370.0], short);
        assert!(!axis.is_log());
        assert_eq!(
            axis.marks.iter().map(|mark| short(*mark)).collect::<Vec<_>>(),
            ["0", "100k", "200k", "300k"]
        );
    }

    #[test]
    fn nothing_measured_is_still_an_axis() {
        for axis in [Axis::fitting(&[], short), Axis::log(0.0, 0.0, short), Axis::linear(0.0, short)] {
            assert!(axis.high > axis.low && (0.0..=1.0).contains(&axis.share(5.0)));
        }
    }

    #[test]
    fn marks_on_both_sides_of_zero_are_round() {
        for (side, mark) in [(0.022, 0.02), (0.09, 0.05), (2.15, 2.0)] {
            let axis = Axis::around_zero(side, short);
            assert!((axis.marks[2] - mark).abs() < 1e-9, "{side}: {:?}", axis.marks);
        }
    }

    #[test]
    fn what_is_hardly_better_is_drawn_close_to_one() {
        let axis = Axis::from_one(&[0.96, 1.08, 1.12], short);
        assert!(axis.low > 0.9 && axis.high < 1.2 && !axis.is_log());
        assert!(Axis::from_one(&[1.0], short).high > 1.0 || Axis::from_one(&[1.0], short).low < 1.0);
        assert!(Axis::from_one(&[440.0], short).is_log());
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 950.0, 12_500.0, 1_000_000.0].map(short), ["0", "950", "12.5k", "1M"]);
        assert_eq!([931.43, 38_527.0, 228_370.0, 2.5].map(short), ["931", "38.5k", "228k", "2.5"]);
        assert_eq!([2e6, 5e4, 1e9].map(short_duration), ["2 ms", "50 µs", "1 s"]);
    }
}
