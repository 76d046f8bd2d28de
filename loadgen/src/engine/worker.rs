//! One thread of a run: its poll, its share of the connections, its clock.

use std::io;
use std::mem;
use std::time::Duration;

use mio::{Events, Poll, Token};

use super::accounts::{Published, Report};
use super::connection::Connection;
use super::context::Context;
use super::cpu::CpuTime;
use super::errors::EngineError;
use super::pacer::Pacer;
use super::plan::Pace;
use super::shared::{Shared, ns};

/// Events taken from the kernel at once.
const EVENTS_PER_TURN: usize = 1_024;
/// Connections opened in a turn beside those that an event made due: opening ten thousand in one
/// go would keep the answers of the first ones waiting, and opening one for each of their answers
/// would take forever.
const OPENS_PER_TURN: usize = 256;
/// How often time-outs are looked for and the stop flag is obeyed, at the least.
pub(super) const SWEEP_MAX: Duration = Duration::from_millis(50);
/// The same while a connection rests, and for short time-outs.
const SWEEP_MIN: Duration = Duration::from_millis(5);
/// How much of the wait for the beginning is spent awake, because a poll's timeout is in whole milliseconds.
const AWAKE_BEFORE_COUNTING: Duration = Duration::from_millis(1);
/// How often progress is shown.
const PUBLISH_EVERY: Duration = Duration::from_millis(100);
/// How long requests that are in flight at the end may take to finish uncounted. A connection that
/// is closed between two requests disturbs no server; one that is cut off provokes a reset.
const DRAIN: Duration = Duration::from_millis(50);
/// The event of an open loop's alarm.
const ALARM: Token = Token(usize::MAX);

/// What one thread is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// Which of the threads it is.
    pub(super) index: usize,
    pub(super) connections: usize,
    /// Connections of the threads before it.
    pub(super) first_connection: usize,
    /// Its part of [`Amount::Requests`].
    pub(super) requests: u64,
    pub(super) cpu: Option<usize>,
}

pub(super) struct Worker<'a> {
    poll: Poll,
    pub(super) cx: Context<'a>,
    pub(super) connections: Vec<Connection>,
    /// Connections to be opened, by index; the last is the first.
    due: Vec<usize>,
    pub(super) share: Share,
    /// When counting began, and the CPU time then.
    pub(super) counting: Option<(u64, CpuTime)>,
    /// When it will begin, once that is known and until it has.
    pub(super) counts_from_ns: Option<u64>,
    next_sweep_ns: u64,
    /// Answers of the warm-up that the other threads know of.
    pub(super) told_answers: u64,
    pub(super) published: Published,
}

/// Runs one thread's share to its end.
pub(super) fn run(shared: &Shared<'_>, share: Share) -> Result<Report, EngineError> {
    let setup = |what| move |source: io::Error| EngineError::Setup { what, source };
    pin(share.cpu)?;
    let poll = Poll::new().map_err(setup("creating an epoll instance"))?;
    let registry = poll.registry().try_clone().map_err(setup("duplicating the epoll descriptor"))?;
    let head = shared.plan.head;
    let mut cx = Context::new(shared, registry, &share);
    let mut connections: Vec<_> =
        (0..share.connections).map(|index| Connection::new(Token(index), head)).collect();
    let mut due = Vec::new();
    if let Pace::Open(rate) = shared.plan.pace {
        let pacer = Pacer::new(rate, shared.turn(share.index), share.connections, &cx.registry, ALARM);
        cx.pacer = Some(pacer.map_err(setup("creating a timer"))?);
        connections.iter_mut().for_each(Connection::wait_for_schedule);
    } else {
        due.extend((0..share.connections).rev());
    }
    let mut worker = Worker {
        poll,
        cx,
        connections,
        due,
        share,
        counting: None,
        counts_from_ns: None,
        next_sweep_ns: 0,
        told_answers: 0,
        published: Published::default(),
    };
    shared.wait_for_all();
    worker.cx.pacer.iter_mut().for_each(|pacer| pacer.warm_up(shared.ready_ns()));
    worker.run().map_err(setup("waiting for events"))
}

/// Has the calling thread run on `cpu` only, if there is one given.
pub(super) fn pin(cpu: Option<usize>) -> Result<(), EngineError> {
    match cpu {
        Some(id) if !core_affinity::set_for_current(core_affinity::CoreId { id }) => {
            Err(EngineError::Pin { cpu: id })
        }
        _ => Ok(()),
    }
}

impl Worker<'_> {
    fn run(&mut self) -> io::Result<Report> {
        let mut events = Events::with_capacity(EVENTS_PER_TURN);
        let mut now_ns = self.cx.tick();
        loop {
            self.consider_counting(now_ns);
            if self.is_over(now_ns) {
                break;
            }
            self.turn(&mut events, now_ns)?;
            // What was done in the turn has read the clock already, unless it was nothing.
            now_ns = if self.cx.now_ns > now_ns { self.cx.now_ns } else { self.cx.tick() };
            if now_ns >= self.next_sweep_ns {
                self.sweep(now_ns);
            }
        }
        self.cx.shared.counted();
        self.publish(now_ns);
        self.cx.tell_end(now_ns);
        let mut report = self.report(now_ns);
        self.drain(&mut events)?;
        report.unasked = mem::take(&mut self.cx.unasked);
        Ok(report)
    }

    /// Waits for events, answers them all, and opens what has become due.
    fn turn(&mut self, events: &mut Events, now_ns: u64) -> io::Result<()> {
        let until_ns = self.next_sweep_ns.min(self.cx.end_ns).min(self.asleep_until_ns());
        let wait = if self.due.is_empty() { until_ns.saturating_sub(now_ns) } else { 0 };
        let mut wait = Duration::from_nanos(wait);
        if let Some(pacer) = &mut self.cx.pacer {
            wait = pacer.poll_timeout(wait, self.cx.shared.began(), now_ns)?;
        }
        match self.poll.poll(events, Some(wait)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        if self.counts_from_ns.is_some() {
            self.cx.tick();
        }
        for event in &*events {
            // Between any two events, so that only what completes before the beginning is the warm-up's.
            if self.counts_from_ns.is_some_and(|from_ns| self.cx.now_ns >= from_ns) {
                self.consider_counting(self.cx.now_ns);
            }
            let Token(index) = event.token();
            if event.token() == ALARM {
                let now_ns = self.cx.tick();
                self.cx.pacer.iter_mut().for_each(|pacer| pacer.rang(now_ns));
                continue;
            }
            if let Some(connection) = self.connections.get_mut(index) {
                connection.on_event(&mut self.cx, event);
                self.settle(index);
            } else {
                self.connections[index - self.share.connections].on_parting_event(&mut self.cx);
            }
        }
        for _ in 0..OPENS_PER_TURN {
            let Some(index) = self.due.pop() else { break };
            self.connections[index].open(&mut self.cx);
            if self.connections[index].is_due() {
                self.due.push(index);
                break;
            }
            self.list_if_free(index);
        }
        self.send_due();
        Ok(())
    }

    /// How long the thread may sleep so that it is awake when counting begins.
    fn asleep_until_ns(&self) -> u64 {
        self.counts_from_ns.map_or(u64::MAX, |from_ns| from_ns - ns(AWAKE_BEFORE_COUNTING))
    }

    /// Opens a connection that is due, once; if that comes to nothing it has to wait for its turn.
    pub(super) fn settle(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        if connection.is_due() {
            connection.open(&mut self.cx);
            if connection.is_due() {
                self.due.push(index);
            }
        }
        self.list_if_free(index);
    }

    /// What is done every few milliseconds rather than with every event.
    fn sweep(&mut self, now_ns: u64) {
        let mut resting = false;
        self.cx.listens_to_next = true;
        for index in 0..self.connections.len() {
            let connection = &mut self.connections[index];
            // One that is due already waits in the list, and must not get there twice.
            if !connection.is_due() {
                connection.on_sweep(&mut self.cx, now_ns);
                resting |= connection.is_resting();
                if connection.is_due() {
                    self.due.push(index);
                }
                self.list_if_free(index);
            }
        }
        let pause = if resting { SWEEP_MIN } else { self.cx.plan.timeout / 10 };
        self.next_sweep_ns = now_ns + ns(pause.clamp(SWEEP_MIN, SWEEP_MAX));
        self.cx.shared.consider_giving_up(now_ns, self.cx.alive_ns, self.cx.connect_failure.as_deref());
        self.cx.pass_marks(now_ns);
        if now_ns >= self.published.at_ns.saturating_add(ns(PUBLISH_EVERY)) {
            self.publish(now_ns);
        }
    }

    /// Lets requests in flight finish for a moment, uncounted and without sending new ones, and listens to
    /// connections that have nothing in flight until the server closes them, too.
    fn drain(&mut self, events: &mut Events) -> io::Result<()> {
        self.cx.count_no_more();
        self.due.clear();
        let began_ns = self.cx.tick();
        self.connections.iter_mut().for_each(|connection| connection.part_if_free(&mut self.cx));
        loop {
            let limit_ns = match (self.cx.partings, self.outstanding()) {
                (0, 0) => break,
                (0, _) => ns(DRAIN),
                _ => self.cx.close_wait_ns(),
            };
            let passed_ns = self.cx.tick() - began_ns;
            if passed_ns >= limit_ns {
                break;
            }
            match self.poll.poll(events, Some(Duration::from_nanos(limit_ns - passed_ns))) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in events.iter().filter(|event| event.token() != ALARM) {
                let Token(index) = event.token();
                if let Some(connection) = self.connections.get_mut(index) {
                    connection.on_event(&mut self.cx, event);
                    connection.part_if_free(&mut self.cx);
                } else {
                    self.connections[index - self.share.connections].on_parting_event(&mut self.cx);
                }
            }
        }
        Ok(())
    }
}
