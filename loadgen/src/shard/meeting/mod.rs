//! Where shards meet: shard 0 listens, the others come to it, over plain TCP with a JSON object on each line.
//!
//! Each says what it is about to fire, so that shards that don't belong together find out before anything is sent. It
//! then asks shard 0 for the time, often and in short order, and knows how far its own clock is from that one. When
//! all are there, or the patience is over, shard 0 names the moment at which all begin. An attack needs no more than
//! that; a lab's run goes on: shard 0 tells what to fire next, and gets what came of it.
//!
//! Nobody is asked for a password: this belongs in a network whose hosts trust each other.

mod joined;
mod line;
mod team;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::Fired;
use crate::engine::Plan;

pub(crate) use joined::{Joined, Told};
pub(crate) use team::{FiredByAll, Team, listen};

/// Between the last one's coming and the agreed beginning: long enough for everyone to be told and to set up…
const AHEAD: Duration = Duration::from_secs(1);
/// …where there are many, who are told one after the other.
const AHEAD_FOR_EACH: Duration = Duration::from_millis(5);
/// How often a shard asks for the time.
const EXCHANGES: usize = 16;
/// What a shard says that was asked to end while it waited.
pub(crate) const INTERRUPTED: &str = "interrupted while the shards waited for each other";
/// A longer value is cut off where it is shown.
const VALUE_CHARS_MAX: usize = 120;
/// How long one that has come may take for each thing that it says before it is forgotten.
const PATIENCE: Duration = Duration::from_secs(10);

/// When all begin, and who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Beginning {
    /// What the shards of this run have in common, and those of no other run.
    pub(crate) run: String,
    /// By shard 0's clock, in nanoseconds since 1970.
    pub(crate) at_unix_ns: u64,
    /// Who did not come in time.
    pub(crate) absent: Vec<usize>,
}

/// What a shard says of itself when it comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) version: String,
    /// The name that whoever started them gave to all of them.
    pub(crate) run: Option<String>,
    pub(crate) index: usize,
    pub(crate) count: usize,
    /// What it is about to fire: as many names as it likes, and a value for each.
    pub(crate) load: Value,
}

/// What the others say to shard 0.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ToLead {
    Hello(Hello),
    /// What time is it?
    Time,
    /// The time is known, and this host is called so.
    Ready {
        host: String,
    },
    Fired(Box<Fired>),
    Failed(String),
}

/// What shard 0 says to the others.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FromLead {
    Welcome,
    Refused(String),
    Time {
        unix_ns: u64,
    },
    Begin(Beginning),
    /// Compare the clocks once more.
    Compare,
    /// The plan is that of the whole.
    Fire {
        name: String,
        plan: Box<Plan>,
        at_unix_ns: u64,
    },
    Over {
        interrupted: bool,
    },
}

impl Hello {
    /// Why `other` can't fire together with this one, if so.
    fn against(&self, other: &Self) -> Option<String> {
        if self.version != other.version {
            return Some(format!("it is loadgen {}, and shard 0 is {}", other.version, self.version));
        }
        if let (Some(ours), Some(theirs)) = (&self.run, &other.run)
            && ours != theirs
        {
            return Some(format!("it is of run {theirs}, and shard 0 of run {ours}"));
        }
        if self.count != other.count {
            return Some(format!("it says {} shards, and shard 0 says {}", other.count, self.count));
        }
        if other.index == 0 || other.index >= self.count {
            return Some(format!(
                "there is no room for a shard {} beside shard 0 of {}",
                other.index, self.count
            ));
        }
        let differing = differing(&self.load, &other.load);
        (!differing.is_empty()).then(|| {
            let what = differing.join(", ");
            format!("it is to fire something else than shard 0: {what}; give all shards the same flags")
        })
    }
}

/// What is not the same in two objects, name by name: what there is in theirs, and in its place in ours.
pub(crate) fn differing(ours: &Value, theirs: &Value) -> Vec<String> {
    let (Some(a), Some(b)) = (ours.as_object(), theirs.as_object()) else {
        return if ours == theirs { Vec::new() } else { vec!["what is fired".to_owned()] };
    };
    let mut names: Vec<&String> =
        a.keys().chain(b.keys()).filter(|name| a.get(*name) != b.get(*name)).collect();
    names.sort_unstable();
    names.dedup();
    let said = |name: &String| {
        let [ours, theirs] = [&a, &b].map(|object| object.get(name).unwrap_or(&Value::Null));
        let (name, ours, theirs) = (name.replace('_', " "), beside(ours, theirs), beside(theirs, ours));
        if ours == theirs {
            format!("{name} in another order")
        } else {
            format!("{name} {theirs} and not {ours}")
        }
    };
    names.into_iter().map(said).collect()
}

/// A value for people; of a list what `other` does not have.
fn beside(value: &Value, other: &Value) -> String {
    let text = match (value, other) {
        (Value::Null, _) => "nothing".to_owned(),
        (Value::String(text), _) => text.clone(),
        (Value::Array(here), Value::Array(there)) => {
            let own: Vec<_> =
                here.iter().filter(|one| !there.contains(one)).map(|one| beside(one, other)).collect();
            if own.is_empty() { "nothing".to_owned() } else { own.join(" ") }
        }
        _ => value.to_string(),
    };
    if text.chars().count() > VALUE_CHARS_MAX {
        text.chars().take(VALUE_CHARS_MAX).chain(['…']).collect()
    } else {
        text
    }
}

/// What shard 0 leaves to everyone between an order and the beginning; setting up takes `set_up` beside that.
fn ahead(count: usize, set_up: Duration) -> Duration {
    AHEAD + AHEAD_FOR_EACH * u32::try_from(count).unwrap_or(u32::MAX) + set_up
}

#[cfg(test)]
mod tests;
