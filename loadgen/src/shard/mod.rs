//! Several processes that fire together, on one host or on many, because one client can't saturate a real server.
//!
//! Whatever starts them tells each which one it is (`rank`), the flags say where they meet (`args`), and there they
//! agree on what to fire and when to begin (`meeting`, `clock`). Each fires its [`Part`] of one plan, which the engine
//! divides, and writes down what it measured (`record`); `whole` adds several of these up, and `merge` does so with
//! files. In a lab's run shard 0 tells the others what to fire (`run`).

pub(crate) mod args;
pub(crate) mod clock;
mod meeting;
mod rank;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod whole;

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub use args::ShardArgs;
pub(crate) use args::{Gathering, Output, Seat};
use clock::Offset;
pub(crate) use meeting::{Beginning, INTERRUPTED, differing};
use meeting::{Hello, Joined, Team};
pub(crate) use rank::SHARDS_MAX;

use crate::attack::summary::plural;
use crate::engine::{Part, Plan};
use crate::lab::limits::make_room;

/// A shard that begins later than this is named: it is more than waking up takes on a machine that has time.
pub(crate) const LATE: Duration = Duration::from_millis(20);
/// Time to set up what is no held connection: threads and polls.
const SET_UP_EXTRA: Duration = Duration::from_secs(1);
/// How long a shard sleeps at most before it looks whether it is to end.
const NAP_MAX: Duration = Duration::from_millis(50);

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
    /// There was nobody to meet.
    Alone,
}

impl Seat {
    pub(crate) fn part(&self) -> Part {
        self.rank.part
    }

    /// Meets the others, or takes the moment that was given. `load` is what this one is about to fire, name by name;
    /// shards that would fire something else are refused. This one needs so many `connections` by itself. All begin when
    /// they had `set_up` to set up, and a little more.
    pub(crate) fn gather(
        &self,
        load: Value,
        connections: usize,
        set_up: Duration,
        stop: &AtomicBool,
    ) -> Result<Started, String> {
        let Part { index, count } = self.part();
        let hello = Hello {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            run: self.run.clone(),
            index,
            count,
            load,
        };
        match &self.gathering {
            Gathering::Alone => {
                let run = self.run.clone().unwrap_or_else(name_of_now);
                let beginning = Beginning { run, at_unix_ns: clock::now_ns(), absent: Vec::new() };
                Ok(Started { beginning, clock: Some(Offset::default()), side: Side::Alone })
            }
            Gathering::At(at) => {
                let at_unix_ns = clock::unix_ns(*at);
                let run = self.run.clone().unwrap_or_else(|| format!("at-{at_unix_ns}"));
                let beginning = Beginning { run, at_unix_ns, absent: Vec::new() };
                Ok(Started { beginning, clock: None, side: Side::Apart })
            }
            Gathering::Meet { place, within } if index == 0 => {
                let run = self.run.clone().unwrap_or_else(name_of_now);
                let listener = meeting::listen(place)?;
                tell(&format!(
                    "shard 0 of {count} waits at {place} for {} more, {} at most",
                    count - 1,
                    shown(*within)
                ));
                // A descriptor for each of them, too.
                if make_room(connections.saturating_add(count)).is_err() {
                    tell(&format!(
                        "shard 0 may have too few descriptors for {count} shards (ulimit -Hn): who finds none is left out"
                    ));
                }
                let (team, beginning) = Team::gather(listener, &hello, run, [*within, set_up], stop)?;
                Ok(Started { beginning, clock: Some(Offset::default()), side: Side::Lead(team) })
            }
            Gathering::Meet { place, within } => {
                tell(&format!(
                    "shard {index} of {count} looks for shard 0 at {place}, {} at most",
                    shown(*within)
                ));
                let (joined, beginning) = Joined::join(place, &hello, &record::host(), *within, stop)?;
                Ok(Started { beginning, clock: joined.clock, side: Side::Mate(joined) })
            }
        }
    }
}

/// Says something to whoever reads standard error; about one that is closed nothing is left to be done.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn shown(time: Duration) -> impl std::fmt::Display {
    humantime::format_duration(time)
}

impl Started {
    /// When it begins, by the clock that nobody sets; `None` for one that is alone, and begins when it likes.
    pub(crate) fn begin_at(&self) -> Option<Instant> {
        (!matches!(self.side, Side::Alone)).then(|| at(self.beginning.at_unix_ns, self.clock))
    }

    /// Waits until it is time to set up, which takes `set_up` at most: connections that are held are not to be held for
    /// as long as the beginning is away.
    pub(crate) fn wait_to_set_up(&self, set_up: Duration, stop: &AtomicBool) {
        let Some(begin_at) = self.begin_at() else { return };
        let left =
            || begin_at.saturating_duration_since(Instant::now()).saturating_sub(set_up + SET_UP_EXTRA);
        if left() > SET_UP_EXTRA {
            tell(&format!(
                "beginning in {}",
                shown(Duration::from_secs(begin_at.saturating_duration_since(Instant::now()).as_secs()))
            ));
        }
        while !left().is_zero() && !stop.load(Ordering::Relaxed) {
            thread::sleep(left().min(NAP_MAX));
        }
    }

    /// Which shards are not there, in words; `None` where all are.
    pub(crate) fn absent(&self) -> Option<String> {
        let absent = &self.beginning.absent;
        (!absent.is_empty()).then(|| named(absent))
    }
}

/// Some shards, lowest first: of numbers that follow each other the first and the last.
pub(crate) fn named(indices: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &index in indices {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => runs.push((index, index)),
        }
    }
    let shown = runs.iter().map(|&(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    });
    format!("shard{} {}", plural(indices.len() as u64), shown.collect::<Vec<_>>().join(", "))
}

/// A moment of shard 0's clock.
fn at(unix_ns: u64, clock: Option<Offset>) -> Instant {
    clock::instant(clock.unwrap_or_default().here_ns(unix_ns))
}

/// What shapes the load of a plan, name by name. Where the server is and how many threads fire may differ from host to
/// host, and of a long request or answer its length and checksum are enough.
pub(crate) fn load(plan: &Plan) -> Value {
    let mut load = serde_json::to_value(plan).expect("a plan is made of numbers and texts");
    if let Some(fields) = load.as_object_mut() {
        fields.retain(|name, _| !["target", "threads", "cpus"].contains(&name.as_str()));
        fields.insert("request".to_owned(), digest(&plan.request));
        let body = plan.expect.body.as_deref().map(digest);
        fields.insert("expect".to_owned(), json!({"status": plan.expect.status, "body": body}));
    }
    load
}

fn digest(bytes: &[u8]) -> Value {
    format!("of {} bytes with checksum {:08x}", bytes.len(), crc32fast::hash(bytes)).into()
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
        assert_eq!(
            differing(&load(&plan), &load(&other)),
            ["connections 9 and not 1", "warmup ns 3000000000 and not 0"]
        );
        assert_eq!(named(&[1]), "shard 1");
        assert_eq!(named(&[0, 2, 3, 5, 6, 7]), "shards 0, 2, 3, 5 to 7");
    }
}
