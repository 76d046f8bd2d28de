//! The descriptor limit: one for each connection.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are not connections: standard streams, listener, polls, timers, and one more
/// to turn a connection away with.
const RESERVE: usize = 64;

/// Raises the soft limit on open files to the hard one, and returns how many connections fit.
pub fn raise_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // Where it can't be raised, what is there counts.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let current = getrlimit(Resource::Nofile).current.and_then(|n| usize::try_from(n).ok());
    current.map_or(usize::MAX, |n| n.saturating_sub(RESERVE).max(1))
}
