//! Holds the cohorts: one thread with one poll for all connections that are not to be measured.
//!
//! Each connection is visited once a second, all of them in turn, spread evenly over the second. A
//! visit opens what is not open, sends the next byte, or reads the next few. In between there are only
//! the events that say that the server closed.

use std::io::{self, ErrorKind as Io, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};
use rustix::net::sockopt::set_socket_recv_buffer_size;

use super::cohort::{Cohort, CohortKind, CohortOutcome};
use super::errors::EngineError;
use super::plan::Plan;
use super::{Progress, worker};

/// How often each connection is visited.
const ROUND: Duration = Duration::from_secs(1);
/// How often there are visits, and the flag that ends the run is looked at.
const TURN: Duration = Duration::from_millis(10);
/// Connections opened in a turn, before the server's answers to the first of them are looked at.
const OPENS_PER_TURN: usize = 256;
/// How long all connections together may take to be opened before counting begins without the rest.
const OPENING_MAX: Duration = Duration::from_secs(10);
/// What a slow reader takes at a visit.
const SLOW_READ_BYTES: usize = 16;
/// The receive buffer that a slow reader asks for; the kernel may have a larger minimum.
const SLOW_RECEIVE_BUFFER_BYTES: usize = 4 * 1024;
/// What an answer that came too early or too late is read with, and how often in a row.
const READ_BYTES: usize = 4 * 1024;
const READS_MAX: usize = 4;
/// Events taken from the kernel at once.
const EVENTS_PER_TURN: usize = 1_024;

/// Runs `measure` while the plan's cohorts are held, and returns what became of both.
pub(super) fn beside<T>(
    plan: &Plan,
    progress: &Progress,
    measure: impl FnOnce() -> Result<T, EngineError>,
) -> Result<(T, Vec<CohortOutcome>), EngineError> {
    let setup = |source| EngineError::Setup { what: "holding idle and slow connections", source };
    let stop = AtomicBool::new(false);
    let (settled, is_settled) = mpsc::sync_channel(1);
    thread::scope(|scope| {
        let mut holder = Holder::new(plan).map_err(setup)?;
        let stop = &stop;
        let holding = thread::Builder::new()
            .name("cohorts".into())
            .spawn_scoped(scope, move || {
                worker::pin(plan.cpus.first().copied())?;
                holder.open_all(progress).map_err(setup)?;
                // Nobody waits for it where the other side has gone, which is fine as well.
                let _ = settled.send(());
                holder.hold(stop).map_err(setup)
            })
            .map_err(setup)?;
        // An error instead of the message is told when the thread is joined.
        let _ = is_settled.recv();
        let measured = measure();
        stop.store(true, Ordering::Relaxed);
        let outcomes = holding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok((measured?, outcomes))
    })
}

/// One held connection.
struct Member {
    cohort: usize,
    stream: Option<TcpStream>,
    established: bool,
    /// Bytes of its request, or of what is dripped after it, that have been sent.
    sent: usize,
    /// The server has said something.
    answered: bool,
}

struct Holder<'a> {
    plan: &'a Plan,
    poll: Poll,
    registry: Registry,
    members: Vec<Member>,
    established: Vec<usize>,
    outcomes: Vec<CohortOutcome>,
    /// Connects whose end is not known.
    connecting: usize,
}

impl<'a> Holder<'a> {
    fn new(plan: &'a Plan) -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let cohorts = || plan.cohorts.iter().enumerate();
        let members = cohorts().flat_map(|(cohort, of)| {
            (0..of.connections).map(move |_| Member {
                cohort,
                stream: None,
                established: false,
                sent: 0,
                answered: false,
            })
        });
        let outcome = |cohort: &Cohort| CohortOutcome {
            name: cohort.kind.name(),
            asked: cohort.connections,
            ..CohortOutcome::default()
        };
        Ok(Self {
            plan,
            poll,
            registry,
            members: members.collect(),
            established: vec![0; plan.cohorts.len()],
            outcomes: plan.cohorts.iter().map(outcome).collect(),
            connecting: 0,
        })
    }

    /// Opens every connection once, and waits until it is known what became of each.
    fn open_all(&mut self, progress: &Progress) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_PER_TURN);
        let began = Instant::now();
        let mut next = 0;
        while (next < self.members.len() || self.connecting > 0)
            && began.elapsed() < OPENING_MAX
            && !progress.stop.load(Ordering::Relaxed)
        {
            let until = self.members.len().min(next + OPENS_PER_TURN);
            (next..until).for_each(|index| self.open(index));
            next = until;
            let wait = if next < self.members.len() { Duration::ZERO } else { TURN };
            self.turn(&mut events, wait)?;
        }
        Ok(())
    }

    /// Visits the connections in turn until `stop` is set.
    fn hold(mut self, stop: &AtomicBool) -> io::Result<Vec<CohortOutcome>> {
        let mut events = Events::with_capacity(EVENTS_PER_TURN);
        let began = Instant::now();
        let members = self.members.len();
        let mut visited: u128 = 0;
        while !stop.load(Ordering::Relaxed) {
            let due = began.elapsed().as_nanos() * members as u128 / ROUND.as_nanos();
            // Whoever was late visits each connection once, not twice.
            for _ in 0..(due - visited).min(members as u128) {
                visited += 1;
                self.visit(usize::try_from(visited % members as u128).unwrap_or(0));
            }
            visited = due;
            self.turn(&mut events, TURN)?;
        }
        for (outcome, established) in self.outcomes.iter_mut().zip(&self.established) {
            outcome.established_at_end = *established;
        }
        Ok(self.outcomes)
    }

    fn turn(&mut self, events: &mut Events, wait: Duration) -> io::Result<()> {
        match self.poll.poll(events, Some(wait)) {
            Err(error) if error.kind() != Io::Interrupted => return Err(error),
            _ => {}
        }
        for event in &*events {
            let Token(index) = event.token();
            if !self.members[index].established {
                self.on_connect(index);
            }
            let slow_reader = self.cohort(index).kind == CohortKind::SlowReader;
            if !slow_reader && (event.is_readable() || event.is_read_closed() || event.is_error()) {
                self.read_all(index);
            }
        }
        Ok(())
    }

    fn cohort(&self, index: usize) -> &'a Cohort {
        &self.plan.cohorts[self.members[index].cohort]
    }

    fn open(&mut self, index: usize) {
        let opened = TcpStream::connect(self.plan.target).and_then(|mut stream| {
            if self.cohort(index).kind == CohortKind::SlowReader {
                set_socket_recv_buffer_size(&stream, SLOW_RECEIVE_BUFFER_BYTES)?;
            }
            self.registry.register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)?;
            Ok(stream)
        });
        match opened {
            Ok(stream) => {
                self.connecting += 1;
                let member = &mut self.members[index];
                (member.stream, member.sent, member.answered) = (Some(stream), 0, false);
            }
            Err(error) => self.connect_failed(index, &error),
        }
    }

    /// Something became of a connect.
    fn on_connect(&mut self, index: usize) {
        let Some(stream) = &self.members[index].stream else { return };
        let failure = match stream.take_error() {
            Ok(failure) => failure,
            Err(error) => Some(error),
        };
        self.connecting -= 1;
        if let Some(error) = failure {
            self.members[index].stream = None;
            return self.connect_failed(index, &error);
        }
        let member = &mut self.members[index];
        let (outcome, now) = (&mut self.outcomes[member.cohort], &mut self.established[member.cohort]);
        member.established = true;
        *now += 1;
        outcome.opened += 1;
        outcome.established_max = outcome.established_max.max(*now);
        let cohort = self.cohort(index);
        if matches!(cohort.kind, CohortKind::SlowBody | CohortKind::SlowReader) {
            self.send(index, &cohort.request);
        }
    }

    fn connect_failed(&mut self, index: usize, error: &io::Error) {
        let outcome = &mut self.outcomes[self.members[index].cohort];
        outcome.failed_connects += 1;
        outcome.why = Some(error.to_string());
    }

    /// Does the next bit on a connection.
    fn visit(&mut self, index: usize) {
        let (cohort, member) = (self.cohort(index), &self.members[index]);
        if member.stream.is_none() {
            return self.open(index);
        }
        match cohort.kind {
            _ if !member.established => {}
            CohortKind::Idle => {}
            CohortKind::SlowHead | CohortKind::SlowBody => {
                let next = cohort.request.get(member.sent).copied().unwrap_or(b'x');
                self.send(index, &[next]);
            }
            CohortKind::SlowReader => self.read(index, &mut [0; SLOW_READ_BYTES], 1),
        }
    }

    /// Sends what surely fits; a connection that does not take it has been closed, or soon will be.
    fn send(&mut self, index: usize, bytes: &[u8]) {
        let member = &mut self.members[index];
        let Some(stream) = &mut member.stream else { return };
        match stream.write(bytes) {
            Ok(sent) => member.sent += sent,
            Err(error) if matches!(error.kind(), Io::WouldBlock | Io::Interrupted) => {}
            Err(_) => self.closed(index),
        }
    }

    fn read_all(&mut self, index: usize) {
        self.read(index, &mut [0; READ_BYTES], READS_MAX);
    }

    fn read(&mut self, index: usize, buffer: &mut [u8], times: usize) {
        for _ in 0..times {
            let member = &mut self.members[index];
            let Some(stream) = &mut member.stream else { return };
            match stream.read(buffer) {
                Ok(0) => return self.closed(index),
                Ok(received) => {
                    let first = !std::mem::replace(&mut member.answered, true);
                    let outcome = &mut self.outcomes[member.cohort];
                    let is_408 = buffer[..received].starts_with(b"HTTP/1.1 408");
                    outcome.timeouts_408 += u64::from(first && is_408);
                    outcome.answers += u64::from(first && !is_408);
                }
                Err(error) if matches!(error.kind(), Io::WouldBlock | Io::Interrupted) => return,
                Err(_) => return self.closed(index),
            }
        }
    }

    fn closed(&mut self, index: usize) {
        let member = &mut self.members[index];
        member.stream = None;
        if std::mem::take(&mut member.established) {
            self.established[member.cohort] -= 1;
            self.outcomes[member.cohort].closed_by_server += 1;
        }
    }
}
