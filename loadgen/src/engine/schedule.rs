//! When the requests of an open loop are due, in closed form: nothing is remembered for those that wait.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::shared::ns;

/// How many requests per second are due, whatever becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// At the beginning of the counted part, and all through the warm-up.
    pub from_per_sec: f64,
    /// At the end of the counted part; between the two it grows or falls evenly.
    pub to_per_sec: f64,
}

impl Rate {
    /// The same rate from beginning to end.
    pub fn constant(per_sec: f64) -> Self {
        Self { from_per_sec: per_sec, to_per_sec: per_sec }
    }

    /// Whether it changes.
    pub fn is_ramp(&self) -> bool {
        self.from_per_sec.to_bits() != self.to_per_sec.to_bits()
    }
}

/// The moments at which requests are due, counted from the schedule's beginning.
///
/// With `a` requests per second growing by `s` each second, `a t + s t²/2` are due by `t`; the
/// schedule is the inverse of that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    per_sec: f64,
    growth_per_sec2: f64,
}

impl Schedule {
    /// A schedule at a rate that does not change.
    pub(super) fn constant(per_sec: f64) -> Self {
        Self { per_sec, growth_per_sec2: 0.0 }
    }

    /// A schedule along `rate` within `window`.
    pub(super) fn new(rate: Rate, window: Duration) -> Self {
        let growth = (rate.to_per_sec - rate.from_per_sec) / window.as_secs_f64();
        Self { per_sec: rate.from_per_sec, growth_per_sec2: growth }
    }

    /// When number `index` is due, the first being number 0; `u64::MAX` for one that never is.
    pub(super) fn due_ns(&self, index: u64) -> u64 {
        if index == 0 {
            return 0;
        }
        // The root that does not cancel: it is exact for a constant rate, too.
        let index = index as f64;
        let square = self.per_sec * self.per_sec + 2.0 * self.growth_per_sec2 * index;
        if square < 0.0 {
            return u64::MAX;
        }
        let seconds = 2.0 * index / (self.per_sec + square.sqrt());
        rounded(seconds * 1e9)
    }

    /// How many are due before `window` is over.
    pub(super) fn count(&self, window: Duration) -> u64 {
        let mut count = self.estimate(window);
        // The estimate is right but for the rounding, which is made good here.
        while count > 0 && self.due_ns(count - 1) >= ns(window) {
            count -= 1;
        }
        while self.due_ns(count) < ns(window) {
            count += 1;
        }
        count
    }

    /// Off by two at most, for any plan that [`check`](super::check::check) lets pass.
    fn estimate(&self, window: Duration) -> u64 {
        let seconds = window.as_secs_f64();
        rounded(self.per_sec * seconds + self.growth_per_sec2 * seconds * seconds / 2.0)
    }
}

/// The nearest whole number; beyond 64 bits, the largest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates at both ends"
)]
fn rounded(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::check::{DURATION_MAX, RATE_MAX, RATE_MIN};

    const ESTIMATE_OFF_MAX: u64 = 2;

    #[test]
    fn a_constant_rate_is_evenly_spaced() {
        let schedule = Schedule::constant(4_000.0);
        assert_eq!(
            [0, 1, 2, 4_000].map(|index| schedule.due_ns(index)),
            [0, 250_000, 500_000, 1_000_000_000]
        );
        assert_eq!(schedule.count(Duration::from_secs(2)), 8_000);
        assert_eq!(schedule.count(Duration::from_nanos(250_001)), 2);
        assert_eq!(schedule.count(Duration::from_nanos(1)), 1);
    }

    #[test]
    fn a_ramp_has_the_mean_of_both_rates_and_most_of_it_late() {
        let window = Duration::from_secs(10);
        let schedule = Schedule::new(Rate { from_per_sec: 1_000.0, to_per_sec: 3_000.0 }, window);
        assert_eq!(schedule.count(window), 20_000);
        assert_eq!(schedule.count(window / 2), 7_500);
        let falling = Schedule::new(Rate { from_per_sec: 3_000.0, to_per_sec: 1_000.0 }, window);
        assert_eq!(falling.count(window), 20_000);
        assert_eq!(falling.count(window / 2), 12_500);
        assert_eq!(falling.due_ns(1_000_000), u64::MAX, "the rate has fallen to nothing before");
    }

    proptest! {
        #[test]
        fn the_schedule_only_goes_forward_and_its_count_agrees_with_it(
            from in 1.0..100_000.0_f64, to in 1.0..100_000.0_f64, millis in 1_u64..5_000, index in 0_u64..100_000
        ) {
            let window = Duration::from_millis(millis);
            let schedule = Schedule::new(Rate { from_per_sec: from, to_per_sec: to }, window);
            prop_assert!(schedule.due_ns(index) <= schedule.due_ns(index + 1));
            let count = schedule.count(window);
            prop_assert!(count == 0 || schedule.due_ns(count - 1) < ns(window));
            prop_assert!(schedule.due_ns(count) >= ns(window));
            let mean = f64::midpoint(from, to) * window.as_secs_f64();
            prop_assert!((count as f64 - mean).abs() <= 2.0, "{count} of {mean}");
        }

        // What makes good an estimate's rounding would run for long otherwise.
        #[test]
        fn the_estimate_is_right_up_to_a_day_at_any_rate(
            from in -3.0..8.0_f64, to in -3.0..8.0_f64, nanos in 0.0..13.937_f64
        ) {
            let window = Duration::from_secs_f64(10_f64.powf(nanos) / 1e9).min(DURATION_MAX);
            for (from, to) in [(from, to), (from, from), (RATE_MAX.log10(), to), (from, RATE_MIN.log10())] {
                let rate = Rate { from_per_sec: 10_f64.powf(from), to_per_sec: 10_f64.powf(to) };
                let schedule = Schedule::new(rate, window);
                let off = schedule.count(window).abs_diff(schedule.estimate(window));
                prop_assert!(off <= ESTIMATE_OFF_MAX, "{off} of {rate:?} in {window:?}");
            }
        }
    }
}
