//! The descriptor limit: one for each connection.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are not connections, whatever the number of workers: standard streams, the
/// listener, and a few to turn connections away with.
const RESERVE: usize = 16;
/// A worker's own: its poll, its handle to the listener, its timer, its waker.
const RESERVE_PER_WORKER: usize = 4;

/// Descriptors to turn connections away with, and for whatever else is open for a moment.
const SPARE: usize = 8;

/// Raises the soft limit on open files to the hard one, and returns how many connections fit beside one
/// worker for each processor. `Connections` counts again once the real workers are there.
pub fn raise_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // Where it can't be raised, what is there counts.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let current = limit_now();
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // Where there are hardly any, half of them serve all the same.
    current.map_or(usize::MAX, |n| n - (RESERVE + RESERVE_PER_WORKER * workers).min(n / 2))
}

/// How many connections fit beside what is open now; one at least. `None` where that can't be told.
pub(crate) fn room_now() -> Option<usize> {
    let open = fs::read_dir("/dev/fd").ok()?.count();
    Some(limit_now()?.saturating_sub(open + SPARE).max(1))
}

fn limit_now() -> Option<usize> {
    getrlimit(Resource::Nofile).current.and_then(|n| usize::try_from(n).ok())
}
