//! Connections, requests and errors, counted without contention.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use serde::Serialize;

/// What went wrong on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The bytes were no request that is served here.
    BadRequest,
    /// A request, or the reading of an answer, took longer than its deadline.
    Timeout,
    /// The client closed in the middle of a request or of an answer.
    Disconnected,
    /// Reading or writing failed in another way.
    Io,
    /// The handler panicked.
    Panic,
    /// A connection could not be accepted.
    Accept,
}

const FAULTS: usize = 6;

/// Threads that count apart from each other; more share. A power of two, so that finding a
/// thread's own counters is a mask.
const SHARDS: usize = 64;

/// The counters of a server.
///
/// Each thread counts in a shard of its own, on cache lines that no other thread writes to, and
/// only who asks for the sums pays for adding them up. A sum that is read while others count is
/// right for some moment of each shard, not for one moment of them all.
#[derive(Debug)]
pub struct Stats {
    shards: Box<[Shard; SHARDS]>,
}

/// Aligned to two cache lines, because processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    opened: AtomicU64,
    closed: AtomicU64,
    rejected: AtomicU64,
    requests: AtomicU64,
    faults: [AtomicU64; FAULTS],
}

/// All counts at about one moment, in the shape of `GET /stats`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Connections.
    pub connections: Connections,
    /// Requests that reached the handler.
    pub requests: u64,
    /// What went wrong, by kind.
    pub errors: Errors,
    /// Requests by the thread that served them, threads that served none left out. Where there are
    /// more than 64 threads, some are added up.
    pub requests_per_worker: Vec<u64>,
}

/// Connections since the start, and now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Connections {
    /// Accepted and served, since the start.
    pub total: u64,
    /// Open now.
    pub active: u64,
    /// Turned away because there were too many.
    pub rejected: u64,
}

/// Counts of each [`Fault`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the faults, by the names in the JSON")]
pub struct Errors {
    pub bad_request: u64,
    pub timeout: u64,
    pub disconnected: u64,
    pub io: u64,
    pub panic: u64,
    pub accept: u64,
}

impl Stats {
    /// All zero.
    pub fn new() -> Self {
        Self { shards: Box::new(std::array::from_fn(|_| Shard::default())) }
    }

    /// A connection was accepted and will be served.
    pub fn connection_opened(&self) {
        self.shard().opened.fetch_add(1, Relaxed);
    }

    /// A connection that was opened is closed.
    pub fn connection_closed(&self) {
        self.shard().closed.fetch_add(1, Relaxed);
    }

    /// A connection was turned away because there were too many.
    pub fn connection_rejected(&self) {
        self.shard().rejected.fetch_add(1, Relaxed);
    }

    /// A request reached the handler.
    pub fn request(&self) {
        self.shard().requests.fetch_add(1, Relaxed);
    }

    /// Something went wrong on a connection.
    pub fn fault(&self, fault: Fault) {
        self.shard().faults[fault as usize].fetch_add(1, Relaxed);
    }

    /// Connections, now and since the start.
    pub fn connections(&self) -> Connections {
        // Closed before opened: what is closed in between was opened in between too, and counts as
        // active for a moment longer rather than as less than nothing.
        let closed = self.sum(|shard| &shard.closed);
        let total = self.sum(|shard| &shard.opened);
        let active = total.saturating_sub(closed);
        Connections { total, active, rejected: self.sum(|shard| &shard.rejected) }
    }

    /// Requests that reached the handler.
    pub fn requests(&self) -> u64 {
        self.sum(|shard| &shard.requests)
    }

    /// Adds up all shards.
    pub fn snapshot(&self) -> Snapshot {
        let fault = |fault: Fault| -> u64 {
            self.shards.iter().map(|shard| shard.faults[fault as usize].load(Relaxed)).sum()
        };
        Snapshot {
            connections: self.connections(),
            requests: self.requests(),
            errors: Errors {
                bad_request: fault(Fault::BadRequest),
                timeout: fault(Fault::Timeout),
                disconnected: fault(Fault::Disconnected),
                io: fault(Fault::Io),
                panic: fault(Fault::Panic),
                accept: fault(Fault::Accept),
            },
            requests_per_worker: self
                .shards
                .iter()
                .map(|shard| shard.requests.load(Relaxed))
                .filter(|requests| *requests > 0)
                .collect(),
        }
    }

    fn sum(&self, counter: fn(&Shard) -> &AtomicU64) -> u64 {
        self.shards.iter().map(|shard| counter(shard).load(Relaxed)).sum()
    }

    fn shard(&self) -> &Shard {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static MINE: usize = NEXT.fetch_add(1, Relaxed);
        }
        &self.shards[MINE.with(|mine| *mine) % SHARDS]
    }
}

impl Default for Stats {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Stats};

    #[test]
    fn counts_of_all_threads_add_up() {
        let stats = Stats::new();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        stats.connection_opened();
                        stats.request();
                        stats.fault(Fault::Io);
                    }
                    stats.connection_closed();
                });
            }
        });
        let snapshot = stats.snapshot();
        assert_eq!((snapshot.connections.total, snapshot.connections.active), (8_000, 7_992));
        assert_eq!((snapshot.requests, snapshot.errors.io, snapshot.errors.panic), (8_000, 8_000, 0));
        assert_eq!(snapshot.requests_per_worker.iter().sum::<u64>(), 8_000);
    }
}
