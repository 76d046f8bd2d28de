//! The phases as whoever attacks them has to know them.

use std::fmt;

/// A phase, and phase 1 once more with a thread per connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// One connection at a time.
    Serial,
    /// A pool of ten workers.
    Pool,
    /// A thread per connection.
    Spawn,
    /// A task per connection.
    Async,
    /// An event loop.
    Pooled,
    /// An event loop with keep-alive.
    Keepalive,
}

impl Phase {
    /// All of them, in the order of the ladder.
    pub const ALL: [Self; 6] =
        [Self::Serial, Self::Pool, Self::Spawn, Self::Async, Self::Pooled, Self::Keepalive];

    /// The command line that serves it, its name first.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Serial => &["phase0-serial"],
            Self::Pool => &["phase1-threads"],
            Self::Spawn => &["phase1-threads", "--spawn"],
            Self::Async => &["phase2-async"],
            Self::Pooled => &["phase3-pooled"],
            Self::Keepalive => &["phase4-keepalive"],
        }
    }

    /// The phase with this command line.
    ///
    /// # Errors
    /// There is none; the message names those that there are.
    pub fn parse(words: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|phase| phase.to_string() == words).ok_or_else(|| {
            let names = Self::ALL.map(|phase| format!("\"{phase}\""));
            format!("there is no phase {words:?}; there are {}", names.join(", "))
        })
    }

    /// Connections that it serves at the same time; the others wait for their turn.
    pub fn at_once(self) -> usize {
        match self {
            Self::Serial => 1,
            Self::Pool => 10,
            Self::Spawn | Self::Async | Self::Pooled | Self::Keepalive => usize::MAX,
        }
    }

    /// Whether a connection that waits keeps nobody else from being served.
    pub fn serves_others_meanwhile(self) -> bool {
        self.at_once() == usize::MAX
    }

    /// Whether a handler's delay holds no thread, so that the connection can be watched meanwhile.
    pub fn watches_while_it_waits(self) -> bool {
        matches!(self, Self::Async | Self::Pooled | Self::Keepalive)
    }

    /// Whether it answers 503 above its connection limit; phase 0 leaves the others in the queue.
    pub fn turns_away(self) -> bool {
        self != Self::Serial
    }

    /// Whether it answers more than one request on a connection.
    pub fn persists(self) -> bool {
        self == Self::Keepalive
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.words().join(" "))
    }
}
