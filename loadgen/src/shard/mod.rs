//! Several processes that fire together, on one host or on many, because one client can't saturate a real server.
//!
//! Whatever starts them tells each which one it is (`rank`), the flags say where they meet (`args`), and there they
//! agree on what to fire and when to begin (`meeting`, `clock`). Each fires its [`Part`] of one plan, which the engine
//! divides, and writes down what it measured (`record`); `merge` puts the files together. In a lab's run shard 0
//! tells the others what to fire (`run`).

pub(crate) mod args;
pub(crate) mod clock;
mod meeting;
mod rank;
pub(crate) mod record;
pub(crate) mod run;

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use serde_json::Value;

pub use args::ShardArgs;
pub(crate) use args::{Gathering, Place, Seat};
use clock::Offset;
pub(crate) use meeting::{Beginning, differing};
use meeting::{Hello, Joined, Team};
pub(crate) use rank::SHARDS_MAX;

use crate::engine::{Part, Plan};

/// A shard that begins later than this is named: it is more than waking up takes on a machine that has time.
pub(crate) const LATE: Duration = Duration::from_millis(20);

/// A shard that knows when to begin.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) beginning: Beginning,
    /// `None` where clocks were not compared.
    pub(crate) clock: Option<Offset>,
    side: Side,
}

/// Its end of the meeting.
#[derive(Debug)]
enum Side {
    Lead(Team),
    Mate(Joined),
    /// There was no meeting.
    Apart,
}

impl Seat {
    pub(crate) fn part(&self) -> Part {
        self.rank.part
    }

    /// Meets the others, or takes the moment that was given. `load` is what this one is about to fire, name by name;
    /// shards that would fire something else are refused.
    pub(crate) fn gather(&self, load: Value, stop: &AtomicBool) -> Result<Started, String> {
        let Part { index, count } = self.part();
        let hello = Hello { version: env!("CARGO_PKG_VERSION").to_owned(), index, count, load };
        match &self.gathering {
            Gathering::At(at) => {
                let at_unix_ns = clock::unix_ns(*at);
                let run = self.run.clone().unwrap_or_else(|| format!("at-{at_unix_ns}"));
                let beginning = Beginning { run, at_unix_ns, absent: Vec::new() };
                // Of one that is alone there is no other clock.
                let clock = (count == 1).then(Offset::default);
                Ok(Started { beginning, clock, side: Side::Apart })
            }
            Gathering::Meet { place, within } if index == 0 => {
                let run = self.run.clone().unwrap_or_else(name_of_now);
                let (team, beginning) = Team::gather(place, &hello, run, *within, stop)?;
                Ok(Started { beginning, clock: Some(Offset::default()), side: Side::Lead(team) })
            }
            Gathering::Meet { place, within } => {
                let (joined, beginning) = Joined::join(place, &hello, &record::host(), *within, stop)?;
                Ok(Started { beginning, clock: joined.clock, side: Side::Mate(joined) })
            }
        }
    }
}

impl Started {
    /// When it begins, by the clock that nobody sets.
    pub(crate) fn begin_at(&self) -> Instant {
        at(self.beginning.at_unix_ns, self.clock)
    }

    /// Which shards are not there, in words; `None` where all are.
    pub(crate) fn absent(&self) -> Option<String> {
        let absent = &self.beginning.absent;
        let all = absent.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        match absent.len() {
            0 => None,
            1 => Some(format!("shard {all}")),
            _ => Some(format!("shards {all}")),
        }
    }
}

/// A moment of shard 0's clock.
fn at(unix_ns: u64, clock: Option<Offset>) -> Instant {
    clock::instant(clock.unwrap_or_default().here_ns(unix_ns))
}

/// What shapes the load of a plan, name by name. Where the server is and how many threads fire may differ from host to
/// host.
pub(crate) fn load(plan: &Plan) -> Value {
    let mut load = serde_json::to_value(plan).expect("a plan is made of numbers and texts");
    if let Some(fields) = load.as_object_mut() {
        fields.retain(|name, _| !["target", "threads", "cpus"].contains(&name.as_str()));
    }
    load
}

/// A name for what begins now, that no other run of this host has.
fn name_of_now() -> String {
    let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    let now: String = now.chars().filter(|c| !"-:".contains(*c)).collect();
    format!("{now}-{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shapes_the_load_is_told_and_where_the_server_is_seen_is_not() {
        let plan = Plan::of_a_test();
        let elsewhere = Plan {
            target: std::net::SocketAddr::from(([10, 0, 0, 1], 9)).into(),
            threads: 7,
            ..plan.clone()
        };
        assert!(differing(&load(&plan), &load(&elsewhere)).is_empty());
        let other = Plan { connections: 9, warmup: Duration::from_secs(3), ..plan.clone() };
        assert_eq!(differing(&load(&plan), &load(&other)), ["connections", "warmup ns"]);
    }
}
