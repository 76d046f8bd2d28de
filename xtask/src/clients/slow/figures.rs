//! What was measured, and what must hold.

use std::fmt;
use std::time::Duration;

use super::stranger::Served;

/// A deadline may be late by this much: phases 3 and 4 look a few times a second, a busy machine
/// later, and slowhttptest takes a moment to see that its connection was closed.
pub(super) const LATE_MAX: Duration = Duration::from_secs(1);
/// The longest that a stranger waits where slow clients are in nobody's way: far more than it takes,
/// on a machine that does other things besides.
const STRANGER_MAX: Duration = Duration::from_secs(1);

/// What was measured.
#[derive(Debug)]
pub(super) struct Figures {
    /// How many slow connections there were.
    pub(super) connections: usize,
    /// How many at a time have a place at the server; `None` where each has one of its own.
    pub(super) places: Option<usize>,
    pub(super) deadline: Duration,
    /// For how long the slow connections were held, shortest first.
    pub(super) held: Vec<Duration>,
    /// From the first that was accepted to the last that was closed.
    pub(super) span: Duration,
    /// How many were open at the end.
    pub(super) left: usize,
    pub(super) stranger: Served,
    /// What the server counted.
    pub(super) timeouts: u64,
    pub(super) memory_peak_mib: Option<u64>,
    /// The longest that nobody looked, because the machine was busy.
    pub(super) blind: Duration,
}

impl Figures {
    /// What stands above the columns, with room for the attack, the phase and the verdict before it.
    pub(super) const HEADINGS: &'static str = "attack   phase                          \
        slow  deadline  held: median  longest  all gone  stranger: answers  longest  timeouts    memory  blind";

    /// What is not as it must be.
    pub(super) fn fault(&self) -> Option<String> {
        let late_max = LATE_MAX + self.blind;
        let mut faults = Vec::new();
        if self.left > 0 {
            faults.push(format!("{} slow connections are still open", self.left));
        }
        // Who looks less often than that may have missed any of them.
        let looked = 2 * self.blind < self.deadline;
        if looked && self.held.len() < self.connections {
            faults.push(format!("only {} were held until the deadline", self.held.len()));
        }
        // A pool takes connections before it has a worker for them, so only their sum says something.
        let served_when_held = self.places.is_none_or(|places| places == 1);
        if let Some(&longest) = self.held.last()
            && served_when_held
            && longest > self.deadline + late_max
        {
            faults.push(format!("one was held for {longest:.1?}"));
        }
        let span_max = self.rounds() * (self.deadline + LATE_MAX) + self.blind;
        if self.places.is_some() && self.span > span_max {
            faults.push(format!("all were gone only after {:.1?}, not {span_max:.1?}", self.span));
        }
        if self.timeouts < self.connections as u64 {
            faults.push(format!("only {} were counted as timeouts", self.timeouts));
        }
        if self.places.is_none() && self.stranger.longest > STRANGER_MAX + self.blind {
            faults.push(format!("a stranger waited {:.1?} for its answer", self.stranger.longest));
        }
        if self.stranger.answers == 0 {
            faults.push("no stranger was served".to_owned());
        }
        faults.extend(self.stranger.fault.clone());
        if faults.is_empty() { None } else { Some(faults.join("\n")) }
    }

    /// How many times over the places are taken.
    fn rounds(&self) -> u32 {
        let rounds = self.places.map_or(1, |places| self.connections.div_ceil(places));
        u32::try_from(rounds).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        let held = |at: Option<&Duration>| at.map_or_else(|| "–".to_owned(), |&time| seconds(time));
        let memory = self.memory_peak_mib.map_or_else(|| "n/a".to_owned(), |mib| format!("{mib} MiB"));
        write!(
            f,
            "{:4} {:>9} {:>13} {:>8} {:>9} {:>18} {:>5.0} ms {:>9} {memory:>9} {:>6}",
            self.connections,
            seconds(self.deadline),
            held(self.held.get(self.held.len() / 2)),
            held(self.held.last()),
            seconds(self.span),
            self.stranger.answers,
            self.stranger.longest.as_secs_f64() * 1e3,
            self.timeouts,
            seconds(self.blind),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Figures, Served};

    const SECOND: Duration = Duration::from_secs(1);

    fn good() -> Figures {
        Figures {
            connections: 20,
            places: None,
            deadline: 2 * SECOND,
            held: vec![2 * SECOND; 20],
            span: 3 * SECOND,
            left: 0,
            stranger: Served { answers: 1, longest: SECOND / 10, fault: None },
            timeouts: 20,
            memory_peak_mib: None,
            blind: Duration::ZERO,
        }
    }

    #[test]
    fn closed_in_time_is_good() {
        assert_eq!(good().fault(), None);
    }

    #[test]
    fn each_promise_that_is_broken_is_named() {
        let late = Figures { held: vec![4 * SECOND; 20], ..good() };
        let early = Figures { held: vec![2 * SECOND; 19], ..good() };
        let unheard = Figures { timeouts: 19, ..good() };
        let left = Figures { left: 1, ..good() };
        let served_late = Served { answers: 1, longest: 2 * SECOND, fault: None };
        let kept_waiting = Figures { stranger: served_late, ..good() };
        for (figures, word) in
            [(late, "4.0s"), (early, "19"), (unheard, "timeouts"), (left, "open"), (kept_waiting, "stranger")]
        {
            assert!(figures.fault().is_some_and(|fault| fault.contains(word)), "{word}");
        }
    }

    #[test]
    fn where_places_are_few_the_last_waits_for_all_before_it() {
        let pool = Figures { places: Some(10), held: vec![4 * SECOND; 20], span: 5 * SECOND, ..good() };
        assert_eq!(pool.fault(), None);
        assert!(Figures { span: 7 * SECOND, ..pool }.fault().is_some());
    }
}
