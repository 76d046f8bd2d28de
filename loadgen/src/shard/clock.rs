//! Clocks of several hosts: how far one is from another, and when by one's own clock a moment of the other's is.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::engine::ns;

/// What has to be added to this host's clock to have shard 0's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offset {
    /// Positive where the other clock is ahead.
    pub(crate) offset_ns: i64,
    /// It is not further from the truth than this: half of the time that the quickest exchange took.
    pub(crate) error_ns: u64,
}

/// A question for the time, by this clock, and the answer, by the other one; in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    pub(super) asked: u64,
    pub(super) theirs: u64,
    pub(super) answered: u64,
}

impl Offset {
    /// By the quickest of the exchanges: the other clock was read somewhere between question and answer, and the less
    /// there is between them, the better is it known where (Cristian's algorithm).
    pub(super) fn by(exchanges: &[Exchange]) -> Option<Self> {
        let took_ns = |exchange: &Exchange| exchange.answered.saturating_sub(exchange.asked);
        let quickest = exchanges.iter().min_by_key(|exchange| took_ns(exchange))?;
        let error_ns = took_ns(quickest).div_ceil(2);
        let middle = i128::from(quickest.asked) + i128::from(took_ns(quickest) / 2);
        let offset = i128::from(quickest.theirs) - middle;
        Some(Self { offset_ns: i64::try_from(offset).ok()?, error_ns })
    }

    /// When by this host's clock the other one shows `theirs_ns`.
    pub(super) fn here_ns(self, theirs_ns: u64) -> u64 {
        theirs_ns.saturating_add_signed(self.offset_ns.saturating_neg())
    }
}

/// When this process began to look at clocks, by the one that nobody sets and by the one that people read. From there
/// on only the first is looked at: a clock that is set in the meantime would move what was agreed on.
static BASE: LazyLock<(Instant, u64)> = LazyLock::new(|| (Instant::now(), unix_ns(SystemTime::now())));

/// Nanoseconds since 1970 by this host's clock, as it was when the process began.
pub(super) fn now_ns() -> u64 {
    let (began, began_ns) = *BASE;
    began_ns.saturating_add(ns(began.elapsed()))
}

/// The same of any moment.
pub(super) fn unix_ns(at: SystemTime) -> u64 {
    ns(at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// That moment by the clock that nobody sets. One that is over is as near to it as that clock can say.
pub(super) fn instant(here_ns: u64) -> Instant {
    let (began, began_ns) = *BASE;
    if here_ns >= began_ns {
        began + Duration::from_nanos(here_ns - began_ns)
    } else {
        began.checked_sub(Duration::from_nanos(began_ns - here_ns)).unwrap_or(began)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickest_exchange_says_how_far_the_other_clock_is() {
        // The other clock is 1,000 ahead; the second exchange took 20, and 8 of that on the way there.
        let exchanges = [
            Exchange { asked: 0, theirs: 1_090, answered: 100 },
            Exchange { asked: 200, theirs: 1_208, answered: 220 },
        ];
        let offset = Offset::by(&exchanges).unwrap();
        assert_eq!(offset, Offset { offset_ns: 998, error_ns: 10 });
        assert!(offset.offset_ns.abs_diff(1_000) <= offset.error_ns);
        assert_eq!(offset.here_ns(5_000), 4_002);
        let behind = Offset { offset_ns: -7, error_ns: 0 };
        assert_eq!(behind.here_ns(100), 107);
        assert_eq!(Offset::by(&[]), None);
    }

    #[test]
    fn a_moment_to_come_is_as_far_away_on_both_clocks() {
        let in_a_minute = instant(now_ns() + 60_000_000_000).saturating_duration_since(Instant::now());
        assert!(
            in_a_minute > Duration::from_secs(50) && in_a_minute <= Duration::from_secs(70),
            "{in_a_minute:?}"
        );
        let over = instant(now_ns() - 1_000_000_000);
        assert!(over.elapsed() >= Duration::from_millis(500), "{:?}", over.elapsed());
    }
}
