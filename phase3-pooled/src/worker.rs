//! One thread's event loop.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use handler::{Fault, Handler, Stats};
use mio::event::Event;
use mio::{Events, Interest, Poll, Token, Waker};
use server::{Connections, Date, Stop, Timers, accept_pause, fault_of, turn_away};
use slab::Slab;

use crate::Options;
use crate::connection::{Connection, Context, Flow};
use crate::pool::Pool;

/// A thread's poll and all that it watches.
pub(crate) struct Worker<'a, H> {
    handler: &'a H,
    options: &'a Options,
    stats: &'a Stats,
    admissions: &'a Connections,
    stop: &'a Stop,
    poll: Poll,
    /// Held because a waker that is dropped takes with it the wake-up that it has sent.
    _waker: Arc<Waker>,
    /// `None` once the server stops.
    listener: Option<mio::net::TcpListener>,
    /// When to look into its queue: now, if the poll said so or the last batch did not empty it;
    /// later, after accepting failed; not before the poll says so, otherwise.
    accept_at: Option<Instant>,
    connections: Slab<Connection>,
    /// Delayed answers: the connection's place in the slab, and its id.
    delayed: Timers<(usize, u64)>,
    pool: Pool<'a>,
    next_id: u64,
    date: Date,
    /// When it last looked at the clock.
    now: Instant,
    last_sweep: Instant,
}

/// Events taken from the poll at once.
const EVENTS_MAX: usize = 1_024;

/// Connections accepted before those that are open get their turn again.
const ACCEPT_BATCH: usize = 64;

/// How late a deadline is noticed at most. Deadlines are seconds long and nearly none is ever met,
/// so one look at all connections now and then is cheaper than a timer for each of them.
const SWEEP_INTERVAL: Duration = Duration::from_millis(250);

const LISTENER: Token = Token(usize::MAX);
const DELAYED: Token = Token(usize::MAX - 1);
const STOP: Token = Token(usize::MAX - 2);

impl<'a, H: Handler> Worker<'a, H> {
    pub(crate) fn new(
        listener: &TcpListener,
        handler: &'a H,
        options: &'a Options,
        stats: &'a Stats,
        admissions: &'a Connections,
        stop: &'a Stop,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let listener = listener.try_clone()?;
        listener.set_nonblocking(true)?;
        let mut listener = mio::net::TcpListener::from_std(listener);
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let mut delayed = Timers::new()?;
        poll.registry().register(&mut delayed, DELAYED, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(poll.registry(), STOP)?);
        let stopping = Arc::clone(&waker);
        stop.on_trigger(move || _ = stopping.wake());
        let now = Instant::now();
        Ok(Self {
            handler,
            options,
            stats,
            admissions,
            stop,
            poll,
            _waker: waker,
            listener: Some(listener),
            accept_at: None,
            connections: Slab::new(),
            delayed,
            pool: Pool::new(options),
            next_id: 0,
            date: Date::now(),
            now,
            last_sweep: now,
        })
    }

    /// Serves until the server is stopped and the answers under way are finished.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_MAX);
        loop {
            let timeout = self.poll_timeout()?;
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            self.now = Instant::now();
            self.date.refresh();
            for event in &events {
                match event.token() {
                    LISTENER => _ = self.accept_at.get_or_insert(self.now),
                    DELAYED | STOP => {}
                    Token(key) => self.advance(key, event),
                }
            }
            self.accept();
            self.reply_to_delayed();
            self.sweep();
            if self.is_finished() {
                return Ok(());
            }
        }
    }

    /// How long the poll may sleep if nothing happens.
    fn poll_timeout(&mut self) -> io::Result<Option<Duration>> {
        let accept = self.accept_at.map(|at| at.saturating_duration_since(self.now));
        let sweep = (!self.connections.is_empty()).then_some(SWEEP_INTERVAL);
        let limit = accept.into_iter().chain(sweep).min();
        self.delayed.poll_timeout(limit)
    }

    /// Accepts what has queued, up to a batch.
    fn accept(&mut self) {
        if self.accept_at.is_none_or(|at| at > self.now) {
            return;
        }
        for _ in 0..ACCEPT_BATCH {
            let Some(listener) = &self.listener else { return };
            match listener.accept() {
                Ok((stream, _)) => self.open(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.accept_at = None;
                    return;
                }
                Err(error) => {
                    self.stats.fault(Fault::Accept);
                    if let Some(pause) = accept_pause(&error) {
                        self.accept_at = Some(self.now + pause);
                        return;
                    }
                }
            }
        }
    }

    fn open(&mut self, mut stream: mio::net::TcpStream) {
        let Some(admission) = self.admissions.admit() else {
            turn_away(stream.into());
            return;
        };
        let entry = self.connections.vacant_entry();
        let key = entry.key();
        let interests = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.poll.registry().register(&mut stream, Token(key), interests) {
            self.stats.fault(fault_of(&error));
            return;
        }
        entry.insert(Connection::new(stream, self.pool.take(), admission, self.next_id, self.now));
        self.next_id += 1;
        self.with(key, Connection::advance);
    }

    /// The socket is ready. There is one event for each socket at a time, and nothing is accepted
    /// between them, so no event finds another connection in its own one's place.
    fn advance(&mut self, key: usize, event: &Event) {
        self.with(key, |connection, context| {
            connection.notice(event);
            connection.advance(context)
        });
    }

    /// Sends the answers whose delay is over.
    fn reply_to_delayed(&mut self) {
        if self.delayed.is_empty() {
            return;
        }
        // Of this one moment: what its answers delay anew is due in a later turn, or some clients could
        // keep this loop, and nobody else would get a turn.
        let now = Instant::now();
        while let Some((key, id)) = self.delayed.pop_due(now) {
            if self.connections.get(key).is_some_and(|connection| connection.id == id) {
                self.with(key, Connection::reply);
            }
        }
    }

    /// Ends what has passed its deadline, now and then; once the server stops, also what is idle.
    fn sweep(&mut self) {
        let stopping = self.stop.is_triggered();
        let stops_now = stopping && self.listener.is_some();
        if !stops_now && self.now - self.last_sweep < SWEEP_INTERVAL {
            return;
        }
        if stopping {
            self.listener = None;
            self.accept_at = None;
        }
        self.last_sweep = self.now;
        // By index, as connections leave the slab on the way.
        for key in 0..self.connections.capacity() {
            let Some(connection) = self.connections.get(key) else { continue };
            if connection.deadline(&self.options.common).is_some_and(|deadline| deadline <= self.now) {
                self.with(key, Connection::time_out);
            } else if stopping {
                self.with(key, Connection::stop);
            }
        }
    }

    fn is_finished(&self) -> bool {
        self.stop.triggered_at().is_some_and(|start| {
            self.connections.is_empty() || self.now >= self.options.common.drain_deadline(start)
        })
    }

    /// Lets a connection go on in some way, and does what it asks for.
    fn with(&mut self, key: usize, go_on: impl FnOnce(&mut Connection, &Context<'_, H>) -> io::Result<Flow>) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let context = Context {
            handler: self.handler,
            options: &self.options.common,
            stats: self.stats,
            date: &self.date,
            now: self.now,
        };
        match go_on(connection, &context) {
            Ok(Flow::GoOn | Flow::Wait) => {}
            Ok(Flow::Yield) => {
                if connection.report_anew(self.poll.registry(), Token(key)).is_err() {
                    self.close(key);
                }
            }
            // From this moment and not from `self.now`, which is older the more events there were.
            Ok(Flow::ReplyAfter(delay)) => {
                self.delayed.schedule(Instant::now() + delay, (key, connection.id));
            }
            Ok(Flow::Close) => self.close(key),
            Err(error) => {
                self.stats.fault(fault_of(&error));
                self.close(key);
            }
        }
    }

    fn close(&mut self, key: usize) {
        let connection = self.connections.remove(key);
        self.pool.give_back(connection.into_exchange());
    }
}
