//! One connection, from its first byte to its last, as states between which it waits.

use std::io::{self, ErrorKind, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use handler::{Fault, Handler, Stats, Step, answer};
use http1::textbook::Progress;
use http1::{CONTINUE, Delivery, Status, encode};
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use server::{Admission, Date, Options, ReadDeadline, Readiness, Transfer};

use crate::pool::Exchange;

/// A connection and what its request needs.
pub(crate) struct Connection {
    stream: TcpStream,
    state: State,
    readiness: Readiness,
    exchange: Box<Exchange>,
    /// Tells it from others that had its place in the slab.
    pub(crate) id: u64,
    _admission: Admission,
}

/// What it waits for. What a task of phase 2 has on its stack at an `.await` stands here.
#[derive(Clone, Copy)]
enum State {
    /// For the rest of a request.
    Reading(ReadDeadline),
    /// For the handler's delay.
    Delayed(Delivery),
    /// For room to write the answer.
    Writing(Transfer),
    /// For the client to close, after its answer.
    Draining { started: Instant, discarded: usize },
}

/// How far a call of [`Connection::advance`] came.
pub(crate) enum Flow {
    /// On with the next state.
    GoOn,
    /// Until the socket is ready.
    Wait,
    /// Until [`Connection::reply`] is called, after this delay.
    ReplyAfter(Duration),
    /// Until the other connections had their turn, and the poll reports the socket anew.
    Yield,
    /// It is over.
    Close,
}

/// What a connection needs of its worker.
pub(crate) struct Context<'a, H> {
    pub(crate) handler: &'a H,
    pub(crate) options: &'a Options,
    pub(crate) stats: &'a Stats,
    pub(crate) date: &'a Date,
    /// When the worker last looked at the clock; enough for deadlines of seconds.
    pub(crate) now: Instant,
}

/// Reads and writes in a row before the other connections get their turn: a client that always has
/// more to send must not be the only one that is served.
const STEPS_PER_TURN: usize = 64;

impl Connection {
    pub(crate) fn new(
        stream: TcpStream,
        exchange: Box<Exchange>,
        admission: Admission,
        id: u64,
        now: Instant,
    ) -> Self {
        let state = State::Reading(ReadDeadline::new(now));
        let readiness = Readiness::of_accepted();
        Self { stream, state, readiness, exchange, id, _admission: admission }
    }

    /// Keeps what the poll has said.
    pub(crate) fn notice(&mut self, event: &Event) {
        self.readiness.notice(event);
    }

    /// The exchange, for the pool; the connection closes.
    pub(crate) fn into_exchange(self) -> Box<Exchange> {
        self.exchange
    }

    /// Goes on as far as it can without waiting.
    ///
    /// # Errors
    /// The connection is lost, and with it whatever was under way.
    pub(crate) fn advance(&mut self, context: &Context<'_, impl Handler>) -> io::Result<Flow> {
        for _ in 0..STEPS_PER_TURN {
            let flow = match self.state {
                State::Reading(deadline) => self.read_request(deadline, context),
                State::Delayed(_) if self.readiness.is_broken() => {
                    return Err(ErrorKind::ConnectionReset.into());
                }
                State::Delayed(_) => Ok(Flow::Wait),
                State::Writing(transfer) => self.write(transfer, context),
                State::Draining { started, discarded } => self.drain(started, discarded, context),
            };
            match flow {
                Ok(Flow::GoOn) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Flow::Wait),
                flow => return flow,
            }
        }
        Ok(Flow::Yield)
    }

    /// Has the poll report what it has reported before, behind what happened to others meanwhile.
    pub(crate) fn report_anew(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.reregister(&mut self.stream, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// The delay is over: sends the answer that the handler wrote.
    pub(crate) fn reply(&mut self, context: &Context<'_, impl Handler>) -> io::Result<Flow> {
        if let State::Delayed(delivery) = self.state {
            self.start_writing(delivery, context);
        }
        self.advance(context)
    }

    /// When something must have happened.
    pub(crate) fn deadline(&self, options: &Options) -> Option<Instant> {
        match self.state {
            State::Reading(deadline) => Some(deadline.at(options)),
            State::Delayed(_) => None,
            State::Writing(transfer) => Some(transfer.deadline(options.write_timeout, options.min_rate)),
            State::Draining { started, .. } => Some(options.drain_deadline(started)),
        }
    }

    /// Nothing has happened by the deadline. Who sent half a request is told; who sent nothing, or
    /// does not read, is left.
    pub(crate) fn time_out(&mut self, context: &Context<'_, impl Handler>) -> io::Result<Flow> {
        match self.state {
            State::Reading(deadline) if !deadline.is_idle() => {
                context.stats.fault(Fault::Timeout);
                self.exchange.response.become_error(Status::REQUEST_TIMEOUT, "the request took too long");
                self.start_writing(self.exchange.parser.error_delivery(), context);
                self.advance(context)
            }
            State::Writing(_) => Err(ErrorKind::TimedOut.into()),
            State::Reading(_) => self.close_idle(context),
            State::Delayed(_) | State::Draining { .. } => Ok(Flow::Close),
        }
    }

    /// The server stops, and who is idle has to go.
    pub(crate) fn stop(&mut self, context: &Context<'_, impl Handler>) -> io::Result<Flow> {
        if self.is_idle() { self.close_idle(context) } else { Ok(Flow::Wait) }
    }

    /// Looks a last time for a request, then closes, in order: one may be on its way, and must not be
    /// answered by a reset.
    fn close_idle(&mut self, context: &Context<'_, impl Handler>) -> io::Result<Flow> {
        self.readiness.look_again();
        let flow = self.advance(context)?;
        if self.is_idle() && matches!(flow, Flow::Wait) {
            self.half_close(context)?;
        }
        Ok(flow)
    }

    /// Whether nothing of a request has come.
    fn is_idle(&self) -> bool {
        matches!(self.state, State::Reading(deadline) if deadline.is_idle())
    }

    fn read_request(
        &mut self,
        mut deadline: ReadDeadline,
        context: &Context<'_, impl Handler>,
    ) -> io::Result<Flow> {
        let read = match self.readiness.read(&self.stream, &mut self.exchange.input)? {
            0 if deadline.is_idle() => return Ok(Flow::Close),
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => read,
        };
        let Exchange { input, parser, request, response, .. } = &mut *self.exchange;
        input.filled(read);
        match parser.parse(input, request) {
            Ok(Progress::Complete) => {
                let request = request.as_request();
                let delivery = Delivery::closing(&request);
                match answer(context.handler, &request, response, context.stats) {
                    Step::Reply => self.start_writing(delivery, context),
                    Step::ReplyAfter(delay) => {
                        self.state = State::Delayed(delivery);
                        return Ok(Flow::ReplyAfter(delay));
                    }
                }
                return Ok(Flow::GoOn);
            }
            Ok(Progress::NeedMore) => {}
            // Nothing was written yet, so there is room for it; where there is none all the same it is
            // left out, and the client sends its body after a while (RFC 9110, section 10.1.1).
            Ok(Progress::SendContinue) => match self.stream.write(CONTINUE) {
                Ok(written) if written == CONTINUE.len() => {}
                Ok(_) => return Err(ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            },
            Err(error) => {
                context.stats.fault(Fault::BadRequest);
                response.become_error(error.status(), error);
                let delivery = parser.error_delivery();
                self.start_writing(delivery, context);
                return Ok(Flow::GoOn);
            }
        }
        deadline.advance(parser.stage(), read, context.now);
        self.state = State::Reading(deadline);
        Ok(Flow::GoOn)
    }

    fn start_writing(&mut self, delivery: Delivery, context: &Context<'_, impl Handler>) {
        let Exchange { response, output, .. } = &mut *self.exchange;
        encode(response, delivery, context.date.as_bytes(), output);
        self.state = State::Writing(Transfer::new(context.now));
    }

    fn write(&mut self, mut transfer: Transfer, context: &Context<'_, impl Handler>) -> io::Result<Flow> {
        match self.stream.write(&self.exchange.output[transfer.bytes()..])? {
            0 => return Err(ErrorKind::WriteZero.into()),
            n => transfer.advance(n, context.now),
        }
        self.state = State::Writing(transfer);
        if transfer.bytes() == self.exchange.output.len() {
            self.half_close(context)?;
        }
        Ok(Flow::GoOn)
    }

    /// Says that this was the last byte.
    fn half_close(&mut self, context: &Context<'_, impl Handler>) -> io::Result<()> {
        self.state = State::Draining { started: context.now, discarded: 0 };
        self.stream.shutdown(Shutdown::Write)
    }

    /// Waits for the client's last byte and throws away what comes before it. Closing at once would
    /// reset the connection where the client still sends, and the reset can overtake the answer
    /// (RFC 9112, section 9.6).
    fn drain(
        &mut self,
        started: Instant,
        mut discarded: usize,
        context: &Context<'_, impl Handler>,
    ) -> io::Result<Flow> {
        // What was read of the next request is nothing that is served here.
        self.exchange.input.clear();
        let read = self.readiness.read(&self.stream, &mut self.exchange.input)?;
        discarded += read;
        self.state = State::Draining { started, discarded };
        let is_over = read == 0 || discarded > context.options.drain_bytes;
        Ok(if is_over { Flow::Close } else { Flow::GoOn })
    }
}
