//! Slow clients' connections, looked at again and again.

use std::collections::HashMap;
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use super::sockets::connections_to;

/// What became of the connections.
#[derive(Debug)]
pub(super) struct Watch {
    server: SocketAddrV4,
    /// By the client's port.
    seen: HashMap<u16, Held>,
    open: usize,
    looked: Instant,
    blind: Duration,
}

/// When the server was first and last seen to have a connection.
#[derive(Clone, Copy, Debug)]
struct Held {
    first: Instant,
    last: Instant,
}

impl Watch {
    pub(super) fn new(server: SocketAddrV4) -> Self {
        let (seen, looked) = (HashMap::new(), Instant::now());
        Self { server, seen, open: 0, looked, blind: Duration::ZERO }
    }

    /// Looks once.
    pub(super) fn look(&mut self) -> Result<(), String> {
        let connections = connections_to(self.server)?;
        let now = Instant::now();
        self.blind = self.blind.max(now - self.looked);
        self.looked = now;
        self.open = connections.len();
        for connection in connections.iter().filter(|connection| connection.is_held) {
            self.seen.entry(connection.port).or_insert(Held { first: now, last: now }).last = now;
        }
        Ok(())
    }

    /// How many there are still, accepted or not.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// The longest between two looks. A time can be wrong by this much at either end; and a machine that
    /// is too busy to look is too busy to serve.
    pub(super) fn blind(&self) -> Duration {
        self.blind
    }

    /// For how long each was held that may have been held for `least`, shortest first. Slowhttptest's
    /// own requests, by which it looks whether the server is alive, are shorter.
    pub(super) fn held_for(&self, least: Duration) -> Vec<Duration> {
        let least = least.saturating_sub(2 * self.blind);
        let times = self.seen.values().map(|held| held.last - held.first);
        let mut times: Vec<_> = times.filter(|&time| time >= least).collect();
        times.sort_unstable();
        times
    }

    /// From the first that was accepted to the last that was closed.
    pub(super) fn span(&self) -> Duration {
        let first = self.seen.values().map(|held| held.first).min();
        let last = self.seen.values().map(|held| held.last).max();
        first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first)
    }
}
