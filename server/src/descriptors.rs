//! The descriptor limit: one for each connection.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are not connections, whatever the number of workers: standard streams, the
/// listener, and a few to turn connections away with.
const RESERVE: usize = 16;
/// A worker's own: its poll, its handle to the listener, its timer, its waker.
const RESERVE_PER_WORKER: usize = 4;

/// Raises the soft limit on open files to the hard one, and returns how many connections fit.
pub fn raise_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // Where it can't be raised, what is there counts.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let current = getrlimit(Resource::Nofile).current.and_then(|n| usize::try_from(n).ok());
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // Where there are hardly any, half of them serve all the same.
    current.map_or(usize::MAX, |n| n - (RESERVE + RESERVE_PER_WORKER * workers).min(n / 2))
}
