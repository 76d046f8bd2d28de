//! One trial: a fresh server, a warm-up, a counted part, and the server's end.

use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use super::server::Server;
use super::{Fire, Launched, Place, Watch, interrupt};
use crate::engine::{Outcome, Plan, Progress};
use crate::measure::{Sampler, Sky, Usage, Weather};

/// How often a trial that is under way is looked at; the start of the counted part is seen this late.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// How often the server's threads and memory are read.
const PEEK_INTERVAL: Duration = Duration::from_millis(50);
/// How often the watcher is told how it goes.
const SHOW_INTERVAL: Duration = Duration::from_millis(100);
/// What a trial that was broken off by Ctrl-C says.
pub const INTERRUPTED: &str = "interrupted";

/// What one fresh server was measured at.
#[derive(Clone, Debug)]
pub struct Trial {
    /// From 1, in the order of the run.
    pub number: usize,
    /// What the client saw; `None` where the server never got to be fired at.
    pub outcome: Option<Outcome>,
    /// What the server spent.
    pub usage: Usage,
    /// How the machine fared meanwhile.
    pub weather: Weather,
    /// Requests that fall into the time in which `usage` was measured.
    pub usage_requests: u64,
    /// Why this trial does not count, in words for people. Its numbers are kept all the same.
    pub failed: Option<String>,
}

/// How a trial goes that is under way.
#[derive(Clone, Copy, Debug)]
pub struct Live {
    /// Whether the warm-up is over.
    pub counting: bool,
    /// Since the counted part began.
    pub since: Duration,
    /// Requests answered as expected so far.
    pub ok: u64,
    /// Requests that failed so far.
    pub failed: u64,
}

/// Runs one trial; an error becomes part of the trial that is returned.
pub fn run(
    place: Place<'_>,
    launched: Result<Launched, String>,
    client_cpus: &[usize],
    fire: Fire<'_>,
    watch: &dyn Watch,
) -> Trial {
    let Place { scenario, row, trial: number } = place;
    let mut trial = Trial {
        number,
        outcome: None,
        usage: Usage::default(),
        weather: Weather::default(),
        usage_requests: 0,
        failed: None,
    };
    let started = launched.and_then(|launched| Server::start(launched, |addr| scenario.request(addr)));
    let mut server = match started {
        Ok(server) => server,
        Err(error) => {
            trial.failed = Some(if interrupt::requested() { INTERRUPTED.into() } else { error });
            return trial;
        }
    };
    let plan = row.plan(scenario, server.addr, client_cpus);
    let mut sampler = Sampler::new(server.pid());
    let before = Sky::now();
    let half = scenario.duration / 2;
    let (fired, seen) = fire_and_watch(&plan, &mut server, &mut sampler, half, fire, watch);
    trial.weather = Sky::now().since(&before);
    trial.usage = sampler.usage();
    if scenario.beside.idle < scenario.beside.connections() {
        // What a slow client makes a server hold is its requests and answers, not the connection.
        trial.usage.bytes_per_held_connection = None;
    }
    // A server that died took the run down with it, whatever else the client noticed.
    if server.status().is_some() {
        trial.failed = Some(server.obituary("in the middle of the trial"));
    }
    match fired {
        Ok(outcome) => {
            if trial.failed.is_none() {
                let interrupted = outcome.interrupted.then(|| INTERRUPTED.to_owned());
                trial.failed = interrupted
                    .or_else(|| outcome.gave_up.clone())
                    .or_else(|| outcome.invalid())
                    .or_else(|| nothing_answered(&outcome));
            }
            trial.usage_requests = (outcome.ok + outcome.failed()).saturating_sub(seen);
            trial.outcome = Some(outcome);
        }
        Err(error) => {
            trial.failed.get_or_insert(error);
        }
    }
    trial
}

/// A rate of zero is no measurement: the server hung, or the trial was too short for it.
fn nothing_answered(outcome: &Outcome) -> Option<String> {
    if outcome.ok > 0 {
        return None;
    }
    Some(match outcome.samples.first() {
        Some(first) => format!("no request was answered as expected; the first failure was: {first}"),
        None => format!(
            "nothing was answered in {:?}, while {} requests waited; is the server stuck, or the duration too short?",
            outcome.elapsed, outcome.in_flight_at_end
        ),
    })
}

/// Fires on a thread of its own and looks on from this one. Returns what was fired, and how many
/// requests had been counted when the sampler began.
fn fire_and_watch(
    plan: &Plan,
    server: &mut Server,
    sampler: &mut Sampler,
    half: Duration,
    fire: Fire<'_>,
    watch: &dyn Watch,
) -> (Result<Outcome, String>, u64) {
    let progress = Progress::default();
    thread::scope(|scope| {
        let engine = scope.spawn(|| fire(plan, &progress));
        let mut began: Option<(Instant, u64)> = None;
        // An engine that does not tell when it counts is taken to begin with its first answer, and
        // to end when it returns.
        let (mut told, mut halved, mut ended) = (false, false, false);
        let (mut peeked, mut shown) = (Instant::now(), Instant::now());
        while !engine.is_finished() {
            let counting = progress.counting.load(Relaxed);
            let (ok, failed) = (progress.ok.load(Relaxed), progress.failed.load(Relaxed));
            told |= counting;
            match began {
                None if counting || ok + failed > 0 => {
                    sampler.begin();
                    began = Some((Instant::now(), ok + failed));
                }
                Some(_) if told && !counting && !ended => {
                    sampler.end();
                    ended = true;
                }
                _ => {}
            }
            if !halved && began.is_some_and(|(at, _)| at.elapsed() >= half) {
                sampler.halfway();
                halved = true;
            }
            let resting = progress.resting.load(Relaxed);
            if resting > 0 {
                sampler.at_rest(resting);
            }
            if peeked.elapsed() >= PEEK_INTERVAL {
                peeked = Instant::now();
                sampler.peek();
            }
            if shown.elapsed() >= SHOW_INTERVAL {
                shown = Instant::now();
                let since = began.map_or(Duration::ZERO, |(at, _)| at.elapsed());
                watch.live(Live { counting: began.is_some(), since, ok, failed });
            }
            if server.status().is_some() || interrupt::requested() {
                progress.stop.store(true, Relaxed);
            }
            thread::sleep(LOOK_INTERVAL);
        }
        if !ended {
            sampler.end();
        }
        let fired = engine.join().unwrap_or_else(|_| Err("the load engine panicked".into()));
        (fired, began.map_or(0, |(_, seen)| seen))
    })
}
