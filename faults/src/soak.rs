//! Good, bad and broken-off requests, mixed for as long as it is told, and what the servers hold.
//!
//! All phases are under it at the same time, each with clients of its own. Now and then the clients
//! pause, and once nothing is under way it is noted what each server holds: a leak shows as growth from
//! one pause to the next, whatever the load did in between.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::LIMIT;
use crate::figures::{Figures, mib};
use crate::{Failure, Phase, Setting, Subject, ensure};

use self::deeds::Deeds;

mod deeds;

/// Pauses, the last one at the end.
const ROUNDS: u32 = 10;
/// Pauses after which a server has grown to its working size.
const WARM_UP: usize = 2;
/// Clients of each phase.
const CLIENTS: u64 = 4;
/// What the memory may grow by after the warm-up: allocators keep some of what they are given back.
const GROWTH_PERCENT_MAX: u64 = 10;
const GROWTH_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Rounds at the end of which not each may end with more than the one before.
const RISING_ROUNDS: usize = 5;
/// What counts as more: a few pages come and go.
const RISE_BYTES: u64 = 32 * 1024;

/// Mixes for `time` on all `phases` at once, and returns for each what was done and held.
pub fn run(setting: &Setting, phases: &[Phase], time: Duration) -> Vec<(Phase, Result<String, Failure>)> {
    thread::scope(|scope| {
        let soaks: Vec<_> =
            phases.iter().map(|&phase| (phase, scope.spawn(move || soak(setting, phase, time)))).collect();
        soaks
            .into_iter()
            .map(|(phase, soak)| {
                (phase, soak.join().unwrap_or_else(|_| Err(Failure::new("the client panicked"))))
            })
            .collect()
    })
}

fn soak(setting: &Setting, phase: Phase, time: Duration) -> Result<String, Failure> {
    let subject = Subject::start(setting, phase, &[])?;
    let cases = deeds::cases_for(&subject);
    let mut done = BTreeMap::new();
    let mut held = Vec::new();
    for round in 0..ROUNDS {
        let until = Instant::now() + time / ROUNDS;
        let counts = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let seed = u64::from(round) * CLIENTS + client;
                    let (subject, cases) = (&subject, &cases);
                    scope.spawn(move || Deeds::new(subject, cases, seed).until(until))
                })
                .collect();
            clients
                .into_iter()
                .map(|client| client.join().map_err(|_| Failure::new("a client panicked"))?)
                .collect::<Result<Vec<_>, Failure>>()
        })?;
        ensure!(counts.iter().any(|counts| !counts.is_empty()), "nothing was done in round {}", round + 1);
        for (name, count) in counts.into_iter().flatten() {
            *done.entry(name).or_insert(0_u64) += count;
        }
        subject.wait_until_as_before(LIMIT)?;
        held.push(subject.figures()?);
    }
    subject.hello()?;
    let (warm, last) = (held[WARM_UP - 1], held[held.len() - 1]);
    ensure_no_growth(&held)?;
    let memory: Vec<String> = held.iter().map(|figures| mib(figures.resident_bytes)).collect();
    let total: u64 = done.values().sum();
    let kinds: Vec<String> = done.iter().map(|(name, count)| format!("{count} {name}")).collect();
    Ok(format!(
        "{total} done ({}); descriptors {} to {}, threads {} to {}, memory {}",
        kinds.join(", "),
        warm.descriptors,
        last.descriptors,
        warm.threads,
        last.threads,
        memory.join(", ")
    ))
}

fn ensure_no_growth(held: &[Figures]) -> Result<(), Failure> {
    let (warm, last) = (held[WARM_UP - 1], held[held.len() - 1]);
    let all = || held.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    ensure!(last.descriptors <= warm.descriptors, "the descriptors grew: {}", all());
    ensure!(last.threads <= warm.threads, "the threads grew: {}", all());
    let most = warm.resident_bytes + GROWTH_BYTES_MAX.max(warm.resident_bytes * GROWTH_PERCENT_MAX / 100);
    ensure!(last.resident_bytes <= most, "the memory grew: {}", all());
    // A slow leak stays below that in a short mix, but it never stops.
    let late = &held[held.len() - RISING_ROUNDS - 1..];
    let is_rising = late.windows(2).all(|pair| {
        let [before, after] = pair else { return false };
        after.resident_bytes > before.resident_bytes + RISE_BYTES
    });
    ensure!(!is_rising, "the memory grew in each of the last {RISING_ROUNDS} rounds: {}", all());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Figures, ensure_no_growth};

    fn held(kib: [u64; 10]) -> Vec<Figures> {
        kib.map(|kib| Figures {
            descriptors: 10,
            threads: 4,
            resident_bytes: (10_000 + kib) * 1024,
            peak_bytes: 0,
        })
        .to_vec()
    }

    #[test]
    fn what_never_stops_growing_is_a_leak_however_small() {
        assert!(ensure_no_growth(&held([0, 50, 100, 150, 200, 250, 300, 350, 400, 450])).is_err());
    }

    #[test]
    fn what_comes_to_rest_is_none() {
        assert!(ensure_no_growth(&held([0, 50, 100, 150, 200, 250, 300, 350, 350, 400])).is_ok());
        assert!(ensure_no_growth(&held([0, 900, 4, 8, 900, 0, 900, 0, 900, 950])).is_ok());
    }
}
