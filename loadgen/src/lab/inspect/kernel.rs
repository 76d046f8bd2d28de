//! System calls and context switches of a server per request, under the scenario's own load.

use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use crate::engine::{Amount, Plan, Progress};
use crate::lab::scenario::Scenario;
use crate::lab::server::Server;
use crate::lab::{Fire, Launched, interrupt};
use crate::measure::{Counters, Counts};

/// Load before anything is counted lasts this long at most.
const WARMUP_MAX: Duration = Duration::from_millis(200);
/// And what is counted a fifth of a trial, within these bounds.
const COUNTED: (Duration, Duration) = (Duration::from_millis(150), Duration::from_millis(500));
/// How often it is looked whether counting has begun or ended. What is counted is off by what happens
/// in this time, at both ends.
const LOOK_INTERVAL: Duration = Duration::from_micros(500);

/// Per request.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) syscalls: Option<f64>,
    pub(super) switches: Option<f64>,
    /// Why there are none.
    pub(super) no_syscalls: Option<String>,
    /// The same of the others.
    pub(super) no_switches: Option<String>,
}

/// Starts what was launched, with counters that have missed nothing of it.
pub(super) fn counted(scenario: &Scenario, launched: &Launched) -> Result<(Server, Counters), String> {
    let mut counters = Counters::default();
    let server = Server::start_held_back(
        launched,
        |addr| scenario.request(addr),
        |pid| counters = Counters::attach(pid),
    )?;
    Ok((server, counters))
}

/// Starts what was launched, fires as in a trial, only shorter, and counts.
pub(super) fn count(
    scenario: &Scenario,
    launched: &Launched,
    plan: impl FnOnce(SocketAddr) -> Plan,
    fire: Fire<'_>,
) -> Result<Counted, String> {
    let (mut server, mut counters) = counted(scenario, launched)?;
    if counters.nothing() {
        // Nothing to fire for.
        let Counters { no_syscalls, no_switches, .. } = counters;
        return Ok(Counted { no_syscalls, no_switches, ..Counted::default() });
    }
    let mut plan = plan(server.addr);
    plan.warmup = plan.warmup.min(WARMUP_MAX);
    plan.amount = Amount::Time((scenario.duration / 5).clamp(COUNTED.0, COUNTED.1));
    let progress = Progress::default();
    let (fired, counts, seen) = thread::scope(|scope| {
        let engine = scope.spawn(|| fire(&plan, &progress));
        let mut began: Option<(Counts, u64)> = None;
        let mut counts = None;
        while !engine.is_finished() {
            let counting = progress.counting.load(Relaxed);
            match (&began, counts) {
                (None, _) if counting => {
                    began =
                        Some((counters.read(), progress.ok.load(Relaxed) + progress.failed.load(Relaxed)));
                }
                (Some((at_first, _)), None) if !counting => counts = Some(counters.read().since(at_first)),
                _ => {}
            }
            if interrupt::requested() || server.status().is_some() {
                progress.stop.store(true, Relaxed);
            }
            thread::sleep(LOOK_INTERVAL);
        }
        let seen = began.as_ref().map_or(0, |(_, seen)| *seen);
        let counts = counts.or_else(|| began.map(|(at_first, _)| counters.read().since(&at_first)));
        let fired = engine.join().unwrap_or_else(|_| Err("the load engine panicked".into()));
        (fired, counts.unwrap_or_default(), seen)
    });
    if server.status().is_some() {
        return Err(server.obituary("while it was counted"));
    }
    let outcome = fired?;
    if outcome.interrupted {
        return Err(super::super::INTERRUPTED.into());
    }
    let requests = (outcome.ok + outcome.failed()).saturating_sub(seen);
    let per_request = |count: Option<u64>| count.filter(|_| requests > 0).map(|n| n as f64 / requests as f64);
    Ok(Counted {
        syscalls: per_request(counts.syscalls),
        switches: per_request(counts.switches),
        no_syscalls: counters.no_syscalls,
        no_switches: counters.no_switches,
    })
}
