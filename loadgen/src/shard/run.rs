//! A lab's run by several shards: shard 0 is the lab, and the others fire what it tells them.
//!
//! Shard 0 starts the servers and looks at them, as it does alone; only the firing is everyone's. What came of it goes
//! back over the meeting at once, so that the results are whole when the run is over. Each shard also writes its own
//! part to a file, as in an attack.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::Offset;
use super::meeting::{FiredByAll, Joined, Team, Told};
use super::record::{self, Fired, Record};
use super::whole::Whole;
use super::{Gathering, Seat, Side, Started, at, tell};
use crate::engine::{self, Outcome, Plan, Progress};
use crate::lab::{self, Live, Place, Trial, Watch, interrupt};

/// Shard 0, and what it has fired so far.
pub(crate) struct Lead<'a> {
    seat: &'a Seat,
    started: Started,
    firing: Mutex<Firing>,
}

struct Firing {
    team: Team,
    /// What is fired next.
    name: String,
    fired: Vec<Fired>,
}

/// The part that this process plays in a run.
pub(crate) enum Role<'a> {
    Lead(Lead<'a>),
    Mate(Started, Joined),
}

/// Meets the others. `load` is what the run is, name by name.
///
/// # Errors
/// Also where a shard did not come: of a run half the load would be another run.
pub(crate) fn meet(seat: &Seat, load: serde_json::Value) -> Result<Role<'_>, String> {
    if matches!(seat.gathering, Gathering::At(_)) {
        return Err(
            "--start-at: shard 0 tells the others of a run what to fire, so they have to meet; use --meet"
                .into(),
        );
    }
    record::check(&seat.output, seat.part(), seat.run.as_deref())?;
    let mut started = seat.gather(load, 0, Duration::ZERO, interrupt::flag())?;
    if let Some(absent) = started.absent() {
        return Err(format!("{absent} was not there to begin, and a run needs all of them"));
    }
    Ok(match std::mem::replace(&mut started.side, Side::Apart) {
        Side::Lead(team) => {
            let firing = Firing { team, name: String::new(), fired: Vec::new() };
            Role::Lead(Lead { seat, started, firing: Mutex::new(firing) })
        }
        Side::Mate(joined) => Role::Mate(started, joined),
        Side::Apart | Side::Alone => unreachable!("shards of a run have met"),
    })
}

impl Lead<'_> {
    fn firing(&self) -> MutexGuard<'_, Firing> {
        self.firing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fires with all the others. The outcome is that of all, over the time of all; where they were not all there, or
    /// did not fire at the same time, it is none.
    pub(crate) fn fire(&self, plan: &Plan, progress: &Progress) -> Result<Outcome, String> {
        let mut firing = self.firing();
        let name = firing.name.clone();
        let all = firing.team.fire(&name, plan, progress, engine::set_up_max(plan), interrupt::flag());
        let FiredByAll { at_unix_ns, own, theirs, failed } = all;
        if interrupt::requested() && (own.is_err() || failed.is_some()) {
            return Err(lab::INTERRUPTED.to_owned());
        }
        let clock = Some(Offset::default());
        let own = Fired { name, plan: plan.clone(), at_unix_ns, clock, probes: 0, outcome: own? };
        let mut whole = Whole::of(0, &record::host(), &own);
        firing.fired.push(own);
        for (index, host, fired) in &theirs {
            whole.add(*index, host, fired);
        }
        whole.finish();
        if let Some(why) = failed {
            return Err(why);
        }
        for shard in &whole.shards {
            let said = |why: &str| Err(format!("shard {} ({}) {why}", shard.index, shard.host));
            match &shard.gave_up {
                Some(why) => return said(&format!("gave up: {why}")),
                None if shard.interrupted && !interrupt::requested() => return said("was interrupted"),
                None => {}
            }
        }
        let late = whole.late().join("; ");
        if whole.is_apart() && !whole.outcome.interrupted {
            let share = whole.together() * 100.0;
            let why = if late.is_empty() { "some warmed up for longer than others" } else { &late };
            return Err(format!("all shards counted together for {share:.0} % of the time only: {why}"));
        }
        if !late.is_empty() {
            tell(&late);
        }
        Ok(whole.outcome)
    }

    /// Whether some shard is on another host, so that servers have to be reachable from there.
    pub(crate) fn is_remote(&self) -> bool {
        self.firing().team.is_remote()
    }

    /// Whether some shard came by IPv6.
    pub(crate) fn speaks_ipv6(&self) -> bool {
        self.firing().team.speaks_ipv6()
    }

    /// The hosts, in the order of the shards.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let firing = self.firing();
        std::iter::once(record::host())
            .chain(firing.team.mates.iter().map(|mate| mate.host.clone()))
            .collect()
    }

    /// Tells the others that this was all, and writes this one's file.
    pub(crate) fn finish(self) -> Result<(), String> {
        let Firing { mut team, fired, .. } = self.firing.into_inner().unwrap_or_else(PoisonError::into_inner);
        team.dismiss(interrupt::requested());
        if fired.is_empty() { Ok(()) } else { put(self.seat, &self.started, fired) }
    }
}

/// Fires what shard 0 says, until it says that this was all.
pub(crate) fn follow(seat: &Seat, started: &Started, mut joined: Joined) -> Result<(), String> {
    let stop = interrupt::flag();
    let mut fired = Vec::new();
    let ended = loop {
        let (name, plan, at_unix_ns) = match joined.next(stop) {
            Ok(Told::Fire { name, plan, at_unix_ns }) => (name, plan, at_unix_ns),
            Ok(Told::Over) => break Ok(()),
            Err(why) => break Err(why),
        };
        interrupt::begun();
        let progress = Arc::new(Progress::default());
        let begin_at = at(at_unix_ns, joined.clock);
        let outcome = joined.unless_left(stop, &progress.stop, || {
            engine::run_part(&plan, seat.part(), Some(begin_at), &progress).map_err(|error| error.to_string())
        });
        let outcome = outcome.unwrap_or_else(Err);
        tell(&line(seat, &name, &outcome));
        let told = outcome.map(|outcome| Fired {
            name,
            plan: *plan,
            at_unix_ns,
            clock: joined.clock,
            probes: 0,
            outcome,
        });
        fired.extend(told.as_ref().ok().cloned());
        if let Err(why) = joined.report(told) {
            break Err(why);
        }
    };
    let kept = if fired.is_empty() { Ok(()) } else { put(seat, started, fired) };
    ended.and(kept)
}

fn line(seat: &Seat, name: &str, outcome: &Result<Outcome, String>) -> String {
    let part = seat.part();
    let what = match outcome {
        Ok(outcome) => format!("{} answered, {} failed", outcome.ok, outcome.failed()),
        Err(why) => why.clone(),
    };
    format!("shard {} of {}: {name}: {what}", part.index, part.count)
}

fn put(seat: &Seat, started: &Started, fired: Vec<Fired>) -> Result<(), String> {
    let record = Record::of(seat, started, fired);
    if let Some(path) = record.put(&seat.output)? {
        tell(&format!("shard {} of {}: its file is {}", record.index, record.count, path.display()));
    }
    Ok(())
}

/// Tells shard 0 what it fires next, and whoever watches what it is told.
pub(crate) struct Naming<'a> {
    pub(crate) lead: &'a Lead<'a>,
    pub(crate) watch: &'a dyn Watch,
}

impl Watch for Naming<'_> {
    fn begin(&self, place: Place<'_>) {
        let Place { scenario, row, trial } = place;
        self.lead.firing().name = format!("{}, {row}, trial {trial}", scenario.name);
        self.watch.begin(place);
    }

    fn live(&self, live: Live) {
        self.watch.live(live);
    }

    fn end(&self, place: Place<'_>, trial: &Trial) {
        self.watch.end(place, trial);
    }
}
