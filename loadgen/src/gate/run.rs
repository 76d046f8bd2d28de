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
}

/// Runs blocks of all contests in turns. A contest that is settled at a look is run no more, so that the others have
/// its time. `tell` is given a line at each look.
///
/// # Errors
/// A server or a request failed; in words for people.
pub fn blocks(
    contests: &mut [Contest],
    split: &Split,
    budget: Duration,
    fire: Fire<'_>,
    watch: &dyn Watch,
    tell: &dyn Fn(&str),
) -> Result<Settled, String> {
    let began = Instant::now();
    let mut open = vec![true; contests.len()];
    let (mut judged, mut broken) = judge(contests);
    let (mut rounds, mut looks, mut looked_at) = (0, 0, 0);
    let mut interrupted = false;
    loop {
        let round_began = Instant::now();
        match run_round(contests, &open, rounds, split, fire, watch) {
            Ok(()) => rounds += 1,
            Err(_) if interrupt::requested() => interrupted = true,
            Err(why) => return Err(why),
        }
        let over =
            interrupted || began.elapsed() + round_began.elapsed() > budget || rounds >= stats::blocks_max();
        // The last look may come at any number, as long as there was none too many before, and none at this number.
        if rounds > looked_at && (stats::is_look(rounds) || (over && looks < stats::LOOKS_MAX)) {
            (looks, looked_at) = (looks + 1, rounds);
            let look = judge(contests);
            broken = look.1;
            // What was settled stays so: nothing of it was measured again.
            for ((open, judged), look) in open.iter_mut().zip(&mut judged).zip(look.0) {
                if *open {
                    *open = !is_settled(&look);
                    *judged = look;
                }
            }
            tell(&progress(contests, &judged, &open, rounds, began.elapsed()));
        }
        if over || broken.is_some() || !open.contains(&true) {
            break;
        }
    }
    if broken.is_some() {
        judged.iter_mut().flatten().for_each(|each| each.verdict = Verdict::CannotTell);
    }
    Ok(Settled { judged, broken, interrupted })
}

/// How far it is, in a line.
fn progress(
    contests: &[Contest],
    judged: &[Vec<Judged>],
    open: &[bool],
    rounds: usize,
    elapsed: Duration,
) -> String {
    let slower = |judged: &[Judged]| judged.iter().any(|each| each.verdict == Verdict::Slower);
    let mut groups = [("slower", Vec::new()), ("not slower", Vec::new()), ("open", Vec::new())];
    for ((contest, judged), open) in contests.iter().zip(judged).zip(open) {
        let group = if *open { 2 } else { usize::from(!slower(judged)) };
        groups[group].1.push(contest.name.as_str());
    }
    let told = groups.into_iter().filter(|(_, names)| !names.is_empty());
    let told: Vec<_> = told.map(|(what, names)| format!("{what}: {}", names.join(", "))).collect();
    format!("{rounds} blocks in {} s; {}", elapsed.as_secs(), told.join("; "))
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
