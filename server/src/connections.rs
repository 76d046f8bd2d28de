//! How many connections there are and may be.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use handler::Stats;
use http1::{Delivery, Response, Status, encode};

use crate::Date;
use crate::descriptors::room_now;

/// The connection limit of a server, exact over all its threads.
///
/// It is never more than the descriptors suffice for. When the first connection comes, all workers are set
/// up and hold theirs, however many that is, so it is then that they are counted.
#[derive(Clone, Debug)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    active: AtomicUsize,
    max_asked: usize,
    max: OnceLock<usize>,
    stats: Arc<Stats>,
}

/// A place for one connection, given back when dropped.
#[derive(Debug)]
pub struct Admission(Arc<Inner>);

impl Connections {
    /// Room for `max` connections, or for as many as there are descriptors for.
    pub fn new(max: usize, stats: &Arc<Stats>) -> Self {
        Self(Arc::new(Inner {
            active: AtomicUsize::new(0),
            max_asked: max,
            max: OnceLock::new(),
            stats: Arc::clone(stats),
        }))
    }

    /// A place, if there is one. `None` counts as rejected: the caller has to [`turn_away`].
    pub fn admit(&self) -> Option<Admission> {
        let max =
            *self.0.max.get_or_init(|| room_now().map_or(self.0.max_asked, |n| n.min(self.0.max_asked)));
        let one_more = |active| (active < max).then_some(active + 1);
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

/// What is read at most of what a client has sent by the time that it is turned away: twice what a
/// receive buffer holds at first, so that a client that sends as fast as it is read ends it, too.
const UNREAD_BYTES_MAX: usize = 256 * 1024;

/// Answers 503 and closes, without waiting for anything: the thread that accepts has no time.
///
/// What the client has sent by now is read, because closing over unread bytes resets the connection and
/// could take the answer with it. What it sends later is answered by a reset all the same. The answer was
/// sent before, so a client that reads as soon as it can, or whose kernel lets it read what was there
/// before the reset, as Linux does, has the answer. Whoever finds that too little needs the drain of
/// an admitted connection, and that is what there is no room for.
#[expect(clippy::needless_pass_by_value, reason = "it is closed here")]
pub fn turn_away(stream: TcpStream) {
    let mut response = Response::new();
    response
        .become_error(Status::SERVICE_UNAVAILABLE, "too many connections; try again in a second")
        .add_field("Retry-After", "1");
    let mut bytes = Vec::new();
    encode(&response, Delivery::AFTER_ERROR, Date::now().as_bytes(), &mut bytes);

    // Whatever fails here, the connection is given up anyway.
    let _ = stream.set_nonblocking(true);
    let _ = (&stream).write_all(&bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let (mut space, mut discarded) = ([0; 8 * 1024], 0);
    while discarded < UNREAD_BYTES_MAX {
        match (&stream).read(&mut space) {
            Ok(n @ 1..) => discarded += n,
            _ => break,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::thread;

    use handler::Stats;

    use super::{Connections, turn_away};
    use crate::{ANSWER_TIMEOUT, receive};

    /// Both ends of a connection.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let client = TcpStream::connect(listener.local_addr().expect("address")).expect("connected");
        client.set_read_timeout(Some(ANSWER_TIMEOUT)).expect("set");
        (client, listener.accept().expect("accepted").0)
    }

    #[test]
    fn who_is_turned_away_in_an_upload_reads_why() {
        let (mut client, server) = pair();
        // As much as a receive buffer surely holds, so that all of it is there.
        client.write_all(&vec![b'x'; 32 * 1024]).expect("sent");
        turn_away(server);
        let answer = receive(client.try_clone().expect("a handle"));
        assert!(client.take_error().expect("asked").is_none(), "the connection was reset");
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("in a second\n"), "{answer}");
    }

    #[test]
    fn who_is_turned_away_before_the_request_reads_why() {
        let (mut client, server) = pair();
        turn_away(server);
        // The answer was there first, and the reset that this provokes does not take it away again.
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("sent");
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("in a second\n"), "{answer}");
    }

    #[test]
    fn nobody_keeps_the_accepting_thread_by_sending() {
        let (client, server) = pair();
        let sender = thread::spawn(move || {
            let bytes = vec![b'x'; 64 * 1024];
            // Ends with the connection.
            while (&client).write(&bytes).is_ok() {}
        });
        turn_away(server);
        sender.join().expect("no panic");
    }

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
