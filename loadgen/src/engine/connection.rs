//! One connection: from its connect through its requests to its end, and over again.
//!
//! Nothing here waits. An event or a sweep moves the connection on; when it is [`Connection::is_due`]
//! its thread opens it again. The rule behind all of it: a request that was taken from the budget is
//! finished, failed or given back, exactly once.

use mio::event::Event;
use mio::{Interest, Token};

use super::context::Context;
use super::errors::ErrorKind;
use super::evidence::Evidence;
use super::in_flight::{InFlight, Start};
use super::plan::Mode;
use super::response::Reader;
use super::shared::ns;
use super::tally::Done;
use super::target::Stream;
use super::unasked::Parting;

/// A request that surely fits one segment is never held back by Nagle's algorithm.
const ONE_SEGMENT_BYTES: usize = 1_024;

/// Where a connection stands.
#[derive(Debug)]
pub(super) enum Phase {
    /// To be opened as soon as its thread gets to it.
    Due,
    /// There is nothing to send, or nothing yet.
    Idle,
    /// A connect failed; the next one waits.
    Resting {
        until_ns: u64,
    },
    Connecting,
    Open,
    /// The response is whole and the server is to close.
    Ending {
        done: Done,
    },
}

/// Requests that were lost with a kept connection, and when they were first sent: the time on the way
/// is part of what their client waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resend {
    pub(super) since: Start,
    pub(super) requests: usize,
}

/// One connection and what it is in the middle of.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) token: Token,
    pub(super) stream: Option<Stream>,
    pub(super) phase: Phase,
    pub(super) reader: Reader,
    /// What earlier reads brought of the current response.
    pub(super) evidence: Evidence,
    pub(super) in_flight: InFlight,
    /// Bytes of the requests in flight that are still to be written.
    pub(super) unsent: usize,
    /// Where in the context's `wire` they begin.
    pub(super) wire_at: usize,
    /// The poll tells when the socket can be written to.
    pub(super) watches_writable: bool,
    /// The socket takes no more; what the server said before has still to be read.
    pub(super) write_failure: Option<ErrorKind>,
    /// When the first byte of the current response came.
    pub(super) first_byte_ns: Option<u64>,
    /// Responses that came over this stream.
    pub(super) answers: u64,
    /// Failed connects in a row.
    pub(super) failed_connects: u32,
    /// Requests that are to be sent again.
    pub(super) resend: Option<Resend>,
    /// When the current stream's connect began.
    opened_ns: u64,
    /// In an open loop: it is among those that wait for a request.
    pub(super) is_listed: bool,
    /// The stream before, if the client is still listening to it.
    pub(super) parting: Option<Parting>,
}

impl Connection {
    pub(super) fn new(token: Token, to_head: bool) -> Self {
        Self {
            token,
            stream: None,
            phase: Phase::Due,
            reader: Reader::new(to_head),
            evidence: Evidence::default(),
            in_flight: InFlight::new(),
            unsent: 0,
            wire_at: 0,
            watches_writable: false,
            write_failure: None,
            first_byte_ns: None,
            answers: 0,
            failed_connects: 0,
            resend: None,
            opened_ns: 0,
            is_listed: false,
            parting: None,
        }
    }

    /// Opens it not at once, but when the schedule of an open loop wants it.
    pub(super) fn wait_for_schedule(&mut self) {
        (self.phase, self.is_listed) = (Phase::Idle, true);
    }

    /// To be opened by its thread.
    pub(super) fn is_due(&self) -> bool {
        matches!(self.phase, Phase::Due)
    }

    /// It waits for the clock rather than for the server.
    pub(super) fn is_resting(&self) -> bool {
        matches!(self.phase, Phase::Resting { .. })
    }

    /// It could send a request at once.
    pub(super) fn is_free(&self) -> bool {
        matches!(self.phase, Phase::Idle | Phase::Open) && self.in_flight.is_empty()
    }

    /// Requests sent and not yet counted.
    pub(super) fn outstanding(&self) -> usize {
        self.in_flight.len() + usize::from(matches!(self.phase, Phase::Ending { .. }))
    }

    /// When the request of an open loop began that this connection has not got answered.
    pub(super) fn unanswered(&self) -> Option<Start> {
        let ending = if let Phase::Ending { done } = self.phase { Some(done.start) } else { None };
        ending.or(self.in_flight.oldest()).or(self.resend.map(|resend| resend.since))
    }

    /// Opens it for as many requests as it may have unanswered, those first that are to be sent again.
    pub(super) fn open(&mut self, cx: &mut Context<'_>) {
        let now_ns = cx.tick();
        // A schedule has given leave for the request that is sent again, and gives it for all others.
        let wanted = if cx.pacer.is_some() { self.resend.map_or(0, |r| r.requests) } else { cx.depth() };
        let claimed = cx.claim(wanted.min(cx.left_on_connection(0)), now_ns);
        if claimed == 0 {
            self.phase = Phase::Idle;
            return;
        }
        let again = self.resend.take().map_or(0, |resend| {
            let again = resend.requests.min(claimed);
            self.in_flight.push(resend.since, again);
            again
        });
        self.in_flight.push(Start::now(now_ns), claimed - again);
        self.connect(cx, now_ns);
    }

    /// Sends the one request of an open loop that is due, over what is open or anew.
    pub(super) fn send(&mut self, cx: &mut Context<'_>, start: Start) {
        self.in_flight.push(start, 1);
        if matches!(self.phase, Phase::Open) {
            self.unsent += cx.plan.request.len();
            self.flush(cx, start.sent_ns);
        } else {
            self.connect(cx, start.sent_ns);
        }
    }

    /// Connects and writes at once: on loopback the handshake is over when connect returns, which
    /// saves a turn through the poll.
    fn connect(&mut self, cx: &mut Context<'_>, now_ns: u64) {
        self.opened_ns = now_ns;
        self.unsent = self.in_flight.len() * cx.plan.request.len();
        self.phase = Phase::Connecting;
        match cx.dialer.dial() {
            Ok(stream) => self.stream = Some(stream),
            Err(error) => return self.connect_failed(cx, now_ns, &error),
        }
        self.flush(cx, now_ns);
        let Some(stream) = &mut self.stream else { return };
        self.watches_writable = self.unsent > 0;
        let interest =
            if self.watches_writable { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        if let Err(error) = cx.registry.register(stream, self.token, interest) {
            return self.fail(cx, ErrorKind::Client, now_ns, format!("epoll_ctl: {error}"));
        }
        if self.write_failure.is_some() {
            self.read(cx, true);
        }
    }

    /// Moves on after the poll reported something.
    pub(super) fn on_event(&mut self, cx: &mut Context<'_>, event: &Event) {
        let broken = event.is_error();
        if self.unsent > 0 && (event.is_writable() || broken) {
            let now_ns = cx.tick();
            self.flush(cx, now_ns);
        }
        if event.is_readable() || event.is_read_closed() || broken || self.write_failure.is_some() {
            self.read(cx, event.is_read_closed());
        }
    }

    /// Moves on where time has run out.
    pub(super) fn on_sweep(&mut self, cx: &mut Context<'_>, now_ns: u64) {
        let timeout = cx.plan.timeout;
        let is_late = |since_ns: u64| now_ns.saturating_sub(since_ns) >= ns(timeout);
        self.sweep_parting(cx, now_ns);
        match self.phase {
            Phase::Due | Phase::Idle => {}
            Phase::Resting { until_ns } => {
                if now_ns >= until_ns {
                    // What is to be sent again goes out here, before a schedule gives it another request.
                    self.phase = if self.resend.is_some() { Phase::Due } else { cx.when_closed() };
                }
            }
            Phase::Connecting => {
                if is_late(self.opened_ns) {
                    cx.connect_failure = Some("timed out".to_owned());
                    self.fail(cx, ErrorKind::Timeout, now_ns, format!("no connection within {timeout:?}"));
                }
            }
            Phase::Open => {
                if self.in_flight.oldest().is_some_and(|start| is_late(start.sent_ns)) {
                    let progress = self.reader.progress();
                    let what = format!("no whole response within {timeout:?}; it stopped {progress}");
                    self.fail(cx, ErrorKind::Timeout, now_ns, what);
                }
            }
            // The response was whole in time; only the server's end of the connection is missing.
            Phase::Ending { done } => {
                if now_ns.saturating_sub(done.last_byte_ns) >= cx.close_wait_ns() {
                    cx.tally.closed_by_client += 1;
                    self.end(cx, &done);
                }
            }
        }
    }

    pub(super) fn connected(&mut self, cx: &mut Context<'_>) {
        let now_ns = cx.tick();
        self.phase = Phase::Open;
        self.failed_connects = 0;
        cx.connect_failure = None;
        cx.alive(now_ns);
        cx.shared.one_more_established();
        cx.tally.connected(self.opened_ns, now_ns);
        let kept = matches!(cx.plan.mode, Mode::KeepAlive { .. });
        if let Some(stream) = &self.stream
            && (kept || cx.plan.request.len() > ONE_SEGMENT_BYTES)
        {
            // Best effort: without it small writes may wait for an ACK, which shows in the latencies.
            let _ = stream.set_nodelay();
        }
    }
}
