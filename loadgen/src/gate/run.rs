//! Blocks until everything is told or the time is up.

use std::time::{Duration, Instant};

use super::contest::Contest;
use super::judge::{Judged, Verdict, is_settled, judge};
use super::stats;
use crate::lab::cpus::Split;
use crate::lab::{Fire, INTERRUPTED, Watch, interrupt};

/// What the blocks said in the end.
#[derive(Clone, Debug)]
pub struct Settled {
    /// For each contest its metrics.
    pub judged: Vec<Vec<Judged>>,
    /// Why no verdict on times is to be trusted, if the base differed from itself.
    pub broken: Option<String>,
    /// Whether Ctrl-C ended it.
    pub interrupted: bool,
    /// Why it ended before that, if a server or a request failed; in words for people.
    pub failed: Option<String>,
}

/// Runs blocks of all contests in turns. A contest that is settled at a look is run no more, so that the others have
/// its time. `tell` is given a line at each look. Where a server or a request fails, that ends it, and what was measured
/// until then is judged.
pub fn blocks(
    contests: &mut [Contest],
    split: &Split,
    budget: Duration,
    fire: Fire<'_>,
    watch: &dyn Watch,
    tell: &dyn Fn(&str),
) -> Settled {
    let began = Instant::now();
    let mut looks = Looks::at_nothing(contests);
    let mut rounds = 0;
    let (mut interrupted, mut failed) = (false, None);
    loop {
        let round_began = Instant::now();
        match run_round(contests, &looks.open, rounds, split, fire, watch) {
            Ok(()) => rounds += 1,
            Err(_) if interrupt::requested() => interrupted = true,
            Err(why) => failed = Some(why),
        }
        let over = interrupted
            || failed.is_some()
            || began.elapsed() + round_began.elapsed() > budget
            || rounds >= stats::blocks_max();
        if looks.are_due(contests, rounds, over) {
            looks.look(contests, rounds);
            tell(&looks.told(contests, began.elapsed()));
        }
        if over || looks.are_over() {
            break;
        }
    }
    let (judged, broken) = looks.verdicts();
    Settled { judged, broken, interrupted, failed }
}

/// What was said of the contests at the looks so far.
struct Looks {
    /// Those that are not settled.
    open: Vec<bool>,
    judged: Vec<Vec<Judged>>,
    broken: Option<String>,
    taken: usize,
    /// After how many rounds the last one was.
    last_at: usize,
    /// Blocks of all contests that it has seen.
    seen: usize,
}

impl Looks {
    fn at_nothing(contests: &[Contest]) -> Self {
        let (judged, broken) = judge(contests, 1);
        Self { open: vec![true; contests.len()], judged, broken, taken: 0, last_at: 0, seen: 0 }
    }

    /// Whether it is time for one. The last one may come at any moment, also in the middle of a round, so that there is no
    /// block that no look has judged.
    fn are_due(&self, contests: &[Contest], rounds: usize, over: bool) -> bool {
        let at_its_time = rounds > self.last_at && stats::is_look(rounds);
        at_its_time || (over && blocks_of(contests) > self.seen)
    }

    fn look(&mut self, contests: &[Contest], rounds: usize) {
        (self.taken, self.last_at, self.seen) = (self.taken + 1, rounds, blocks_of(contests));
        let (judged, broken) = judge(contests, self.taken);
        self.broken = broken;
        // What was settled stays so: nothing of it was measured again.
        for ((open, judged), now) in self.open.iter_mut().zip(&mut self.judged).zip(judged) {
            if *open {
                *open = !is_settled(&now);
                *judged = now;
            }
        }
    }

    /// Whether another round would change nothing.
    fn are_over(&self) -> bool {
        self.broken.is_some() || !self.open.contains(&true)
    }

    /// The verdicts, and why there are none on times, if the base differed from itself.
    fn verdicts(self) -> (Vec<Vec<Judged>>, Option<String>) {
        let mut judged = self.judged;
        if self.broken.is_some() {
            judged.iter_mut().flatten().for_each(|each| each.verdict = Verdict::CannotTell);
        }
        (judged, self.broken)
    }

    /// How far it is, in a line.
    fn told(&self, contests: &[Contest], elapsed: Duration) -> String {
        let slower = |judged: &[Judged]| judged.iter().any(|each| each.verdict == Verdict::Slower);
        let mut groups = [("slower", Vec::new()), ("not slower", Vec::new()), ("open", Vec::new())];
        for ((contest, judged), open) in contests.iter().zip(&self.judged).zip(&self.open) {
            let group = if *open { 2 } else { usize::from(!slower(judged)) };
            groups[group].1.push(contest.name.as_str());
        }
        let told = groups.into_iter().filter(|(_, names)| !names.is_empty());
        let told: Vec<_> = told.map(|(what, names)| format!("{what}: {}", names.join(", "))).collect();
        format!("{} blocks in {} s; {}", self.last_at, elapsed.as_secs(), told.join("; "))
    }
}

fn blocks_of(contests: &[Contest]) -> usize {
    contests.iter().map(|contest| contest.blocks.len()).sum()
}

/// A block of each that is open, every second round backwards.
fn run_round(
    contests: &mut [Contest],
    open: &[bool],
    round: usize,
    split: &Split,
    fire: Fire<'_>,
    watch: &dyn Watch,
) -> Result<(), String> {
    let mut order: Vec<usize> = (0..contests.len()).filter(|&index| open[index]).collect();
    if round % 2 == 1 {
        order.reverse();
    }
    order.into_iter().try_for_each(|index| {
        if interrupt::requested() {
            return Err(INTERRUPTED.into());
        }
        contests[index].block(split, fire, watch)
    })
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
