//! Holds the cohorts: one thread with one poll for all connections that are not to be measured.
//!
//! Each connection is visited once a second, all of them in turn, spread evenly over the second. A
//! visit opens what is not open, sends the next byte, or reads the next few. In between there are only
//! the events that say that the server closed.

use std::io::{self, ErrorKind as Io};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Registry, Token};

use super::cohort::{Cohort, CohortKind, CohortOutcome};
use super::errors::EngineError;
use super::plan::Plan;
use super::target::Stream;
use super::{Progress, worker};

/// How often each connection is visited.
const ROUND: Duration = Duration::from_secs(1);
/// How often there are visits, and the flag that ends the run is looked at.
const TURN: Duration = Duration::from_millis(10);
/// Connections opened in a turn, before the server's answers to the first of them are looked at.
const OPENS_PER_TURN: usize = 256;
/// How long all connections together may take to be opened before counting begins without the rest.
const OPENING_MAX: Duration = Duration::from_secs(10);
/// Before the first request all held connections rest for this long, so that the server has accepted what
/// the kernel has, and that what they cost by themselves can be seen.
const REST: Duration = Duration::from_millis(200);
/// Events taken from the kernel at once.
const EVENTS_PER_TURN: usize = 1_024;

/// How long it may take until the first request can be sent: held connections are opened before.
pub(crate) fn set_up_max(plan: &Plan) -> Duration {
    if plan.cohorts.is_empty() { Duration::ZERO } else { OPENING_MAX + REST }
}

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
                let _ = settled.send(holder.established.iter().sum::<usize>() as u64);
                holder.hold(stop).map_err(setup)
            })
            .map_err(setup)?;
        // An error instead of the message is told when the thread is joined.
        // Also where measuring panics: the scope waits for the thread before the panic goes on.
        let release = Release(stop);
        if let Ok(held) = is_settled.recv() {
            progress.resting.store(held, Ordering::Relaxed);
            thread::sleep(REST);
            progress.resting.store(0, Ordering::Relaxed);
        }
        let measured = measure();
        drop(release);
        let outcomes = holding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok((measured?, outcomes))
    })
}

/// Lets the cohorts go when it is dropped.
struct Release<'a>(&'a AtomicBool);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One held connection.
pub(super) struct Member {
    pub(super) cohort: usize,
    pub(super) stream: Option<Stream>,
    pub(super) established: bool,
    /// Bytes of its request, or of what is dripped after it, that have been sent.
    pub(super) sent: usize,
    /// The server has said something.
    pub(super) answered: bool,
}

pub(super) struct Holder<'a> {
    pub(super) plan: &'a Plan,
    pub(super) poll: Poll,
    pub(super) registry: Registry,
    pub(super) members: Vec<Member>,
    pub(super) established: Vec<usize>,
    pub(super) outcomes: Vec<CohortOutcome>,
    /// Connects whose end is not known.
    pub(super) connecting: usize,
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
        let outcome = |cohort: &Cohort| CohortOutcome::of(cohort.kind, cohort.connections);
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
            // Where the backlog is full the rest waits for the next turn.
            next = (next..until).find(|&index| !self.open(index)).unwrap_or(until);
            let goes_on = next == until && next < self.members.len();
            let wait = if goes_on { Duration::ZERO } else { TURN };
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
                self.read_all(index)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::panic::{self, AssertUnwindSafe};

    use super::*;

    #[test]
    fn a_measurement_that_panics_lets_the_cohorts_go() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let plan = Plan {
            target: listener.local_addr().unwrap().into(),
            cohorts: vec![Cohort::new(CohortKind::Idle, 1, "test", "/")],
            ..Plan::of_a_test()
        };
        let panics = || -> Result<(), EngineError> { panic!("on purpose") };
        let ended = panic::catch_unwind(AssertUnwindSafe(|| beside(&plan, &Progress::default(), panics)));
        assert!(ended.is_err());
    }
}
