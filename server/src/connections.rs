//! How many connections there are and may be.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use handler::Stats;
use http1::{Delivery, Response, Status, encode};

use crate::Date;

/// The connection limit of a server, exact over all its threads.
#[derive(Clone, Debug)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    active: AtomicUsize,
    max: usize,
    stats: Arc<Stats>,
}

/// A place for one connection, given back when dropped.
#[derive(Debug)]
pub struct Admission(Arc<Inner>);

impl Connections {
    /// Room for `max` connections.
    pub fn new(max: usize, stats: &Arc<Stats>) -> Self {
        Self(Arc::new(Inner { active: AtomicUsize::new(0), max, stats: Arc::clone(stats) }))
    }

    /// A place, if there is one. `None` counts as rejected: the caller has to [`turn_away`].
    pub fn admit(&self) -> Option<Admission> {
        let one_more = |active| (active < self.0.max).then_some(active + 1);
        if self.0.active.fetch_update(Relaxed, Relaxed, one_more).is_ok() {
            self.0.stats.connection_opened();
            Some(Admission(Arc::clone(&self.0)))
        } else {
            self.0.stats.connection_rejected();
            None
        }
    }

    /// How many places are taken.
    pub fn active(&self) -> usize {
        self.0.active.load(Relaxed)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Relaxed);
        self.0.stats.connection_closed();
    }
}

/// Answers 503 and closes, without waiting for anything: the thread that accepts has no time.
///
/// What the client has sent by now is read first, because closing over unread bytes would reset
/// the connection and could take the answer with it.
#[expect(clippy::needless_pass_by_value, reason = "it is closed here")]
pub fn turn_away(stream: TcpStream) {
    const UNREAD_BYTES_MAX: usize = 4096;

    let mut response = Response::new();
    response
        .become_error(Status::SERVICE_UNAVAILABLE, "too many connections; try again in a second")
        .add_field("Retry-After", "1");
    let mut bytes = Vec::new();
    encode(&response, Delivery::AFTER_ERROR, Date::now().as_str(), &mut bytes);

    // Whatever fails here, the connection is given up anyway.
    let _ = stream.set_nonblocking(true);
    let _ = (&stream).write_all(&bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let _ = (&stream).read(&mut [0; UNREAD_BYTES_MAX]);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use handler::Stats;

    use super::Connections;

    #[test]
    fn the_limit_is_exact_and_places_come_back() {
        let stats = Arc::new(Stats::new());
        let connections = Connections::new(2, &stats);
        let first = connections.admit().expect("room");
        let _second = connections.admit().expect("room");
        assert!(connections.admit().is_none());
        drop(first);
        assert!(connections.admit().is_some());
        let counted = stats.snapshot().connections;
        assert_eq!((counted.total, counted.active, counted.rejected), (3, 1, 1));
    }
}
