//! One connection, from its first byte to its last, as states between which it waits.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use handler::{Fault, Handler, Stats, Step, answer};
use http1::zerocopy::Progress;
use http1::{CONTINUE, Delivery, Status, encode};
use mio::net::TcpStream;
use server::{Admission, DRAIN_BYTES_MAX, Date, ReadDeadline};

use crate::Options;
use crate::pool::Exchange;

/// A connection. What its requests need is lent to it while it needs it.
pub(crate) struct Connection {
    stream: TcpStream,
    state: State,
    /// Answers that were encoded are written whatever the state, and before anything else is read.
    writing: Writing,
    /// Whether a read may find something. A read that did not fill its buffer has emptied the
    /// socket, and the next event says when there is more: asking again would be a system call for
    /// each request that finds nothing.
    may_read: bool,
    /// The client has sent its last byte, of which there will be no second event.
    has_hung_up: bool,
    /// Its exchange, as long as anything is under way.
    pub(crate) kept: Option<Box<Exchange>>,
    /// It waits for its next turn, and an event is no reason to go before it.
    pub(crate) has_yielded: bool,
    /// Tells it from others that had its place in the slab.
    pub(crate) id: u64,
    _admission: Admission,
}

/// What it waits for. What a task of phase 2 has on its stack at an `.await` stands here.
#[derive(Clone, Copy)]
enum State {
    /// For the rest of a request, or for the next one.
    Reading(ReadDeadline),
    /// For the handler's delay. Later requests have to wait too, so that answers keep their order.
    Delayed(Delivery),
    /// For room to write the last answer.
    Closing,
    /// For the client to close, after its last answer.
    Draining { started: Instant, discarded: usize },
}

/// How much of the encoded answers is written.
#[derive(Clone, Copy)]
struct Writing {
    started: Instant,
    written: usize,
}

/// How far a call of [`Connection::advance`] came.
pub(crate) enum Flow {
    /// On with the next state.
    GoOn,
    /// Until the socket is ready.
    Wait,
    /// Until [`Connection::reply`] is called, after this delay.
    ReplyAfter(Duration),
    /// Until the other connections had their turn.
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
    /// The server stops: each answer is its connection's last.
    pub(crate) is_stopping: bool,
}

/// Encoded answers that are gathered before they are written. It bounds what a client can make the
/// server remember by asking without reading: this, and one answer more.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;

/// Steps that a connection takes before the others get their turn: a client that always has the
/// next request ready must not be the only one that is served.
const STEPS_MAX: usize = 32;

impl Connection {
    pub(crate) fn new(stream: TcpStream, admission: Admission, id: u64, now: Instant) -> Self {
        Self {
            stream,
            state: State::Reading(ReadDeadline::new(now)),
            writing: Writing { started: now, written: 0 },
            may_read: true,
            has_hung_up: false,
            kept: None,
            has_yielded: false,
            id,
            _admission: admission,
        }
    }

    /// The poll has said what the socket is ready for.
    pub(crate) fn notice(&mut self, event: &mio::event::Event) {
        self.may_read |= event.is_readable() || event.is_error();
        self.has_hung_up |= event.is_read_closed();
    }

    /// Goes on as far as it can without waiting.
    ///
    /// # Errors
    /// The connection is lost, and with it whatever was under way.
    pub(crate) fn advance(
        &mut self,
        exchange: &mut Exchange,
        context: &Context<'_, impl Handler>,
    ) -> io::Result<Flow> {
        for _ in 0..STEPS_MAX {
            let flow = self.flush(exchange).and_then(|()| match self.state {
                State::Reading(deadline) => self.serve(deadline, exchange, context),
                State::Delayed(_) => Ok(Flow::Wait),
                State::Closing => {
                    self.state = State::Draining { started: context.now, discarded: 0 };
                    self.stream.shutdown(Shutdown::Write).map(|()| Flow::GoOn)
                }
                State::Draining { started, discarded } => self.drain(started, discarded, exchange),
            });
            match flow {
                Ok(Flow::GoOn) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Flow::Wait),
                flow => return flow,
            }
        }
        Ok(Flow::Yield)
    }

    /// The delay is over: sends the answer that the handler wrote.
    pub(crate) fn reply(
        &mut self,
        exchange: &mut Exchange,
        context: &Context<'_, impl Handler>,
    ) -> io::Result<Flow> {
        if let State::Delayed(delivery) = self.state {
            self.state = self.write_later(delivery, exchange, context);
        }
        self.advance(exchange, context)
    }

    /// When something must have happened.
    pub(crate) fn deadline(&self, options: &server::Options) -> Option<Instant> {
        let is_writing = self.kept.as_ref().is_some_and(|exchange| !exchange.output.is_empty());
        let writing = is_writing.then(|| options.write_deadline(self.writing.started, self.writing.written));
        writing.or(match self.state {
            State::Reading(deadline) => Some(deadline.at(options)),
            State::Delayed(_) | State::Closing => None,
            State::Draining { started, .. } => Some(options.drain_deadline(started)),
        })
    }

    /// Nothing has happened by the deadline. Who sent half a request is told; who sent nothing, or
    /// does not read, is left.
    pub(crate) fn time_out(
        &mut self,
        exchange: &mut Exchange,
        context: &Context<'_, impl Handler>,
    ) -> io::Result<Flow> {
        match self.state {
            _ if !exchange.output.is_empty() => Err(ErrorKind::TimedOut.into()),
            State::Reading(deadline) if !deadline.is_idle() => {
                context.stats.fault(Fault::Timeout);
                exchange.response.become_error(Status::REQUEST_TIMEOUT, "the request took too long");
                self.state = self.write_later(Delivery::AFTER_ERROR, exchange, context);
                self.advance(exchange, context)
            }
            State::Reading(_) | State::Delayed(_) | State::Closing | State::Draining { .. } => {
                Ok(Flow::Close)
            }
        }
    }

    /// Whether nothing is under way, so that its exchange can serve somebody else.
    pub(crate) fn is_resting(&self, exchange: &Exchange) -> bool {
        self.is_idle() && exchange.input.is_empty() && exchange.output.is_empty()
    }

    /// Whether nothing of a request has come, so that nobody is hurt when it is closed.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.state, State::Reading(deadline) if deadline.is_idle())
    }

    /// Answers all requests that have come, and reads when there is none.
    fn serve(
        &mut self,
        mut deadline: ReadDeadline,
        exchange: &mut Exchange,
        context: &Context<'_, impl Handler>,
    ) -> io::Result<Flow> {
        while exchange.output.len() < OUTPUT_BYTES_MAX {
            let Exchange { input, parser, response, .. } = exchange;
            response.clear();
            let progress = parser.parse(input, |request, facts| {
                let delivery = Delivery::keeping_alive(&request, facts);
                (delivery, answer(context.handler, &request, response, context.stats))
            });
            match progress {
                Ok(Progress::Complete((delivery, Step::Reply))) => {
                    self.state = self.write_later(delivery, exchange, context);
                    match self.state {
                        State::Reading(next) => deadline = next,
                        _ => return Ok(Flow::GoOn),
                    }
                }
                Ok(Progress::Complete((delivery, Step::ReplyAfter(delay)))) => {
                    self.state = State::Delayed(delivery);
                    // What was answered before does not wait for this one.
                    return match self.flush(exchange) {
                        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
                        _ => Ok(Flow::ReplyAfter(delay)),
                    };
                }
                Ok(Progress::NeedMore) => break,
                Ok(Progress::SendContinue) => {
                    exchange.output.extend_from_slice(CONTINUE);
                    break;
                }
                Err(error) => {
                    context.stats.fault(Fault::BadRequest);
                    response.become_error(error.status(), error);
                    self.state = self.write_later(Delivery::AFTER_ERROR, exchange, context);
                    return Ok(Flow::GoOn);
                }
            }
        }
        deadline.advance(exchange.parser.stage(), 0, context.now);
        self.state = State::Reading(deadline);
        if exchange.output.is_empty() { self.read(deadline, exchange, context) } else { Ok(Flow::GoOn) }
    }

    fn read(
        &mut self,
        mut deadline: ReadDeadline,
        exchange: &mut Exchange,
        context: &Context<'_, impl Handler>,
    ) -> io::Result<Flow> {
        if !self.may_read && !self.has_hung_up {
            return Ok(Flow::Wait);
        }
        let space = exchange.input.space();
        let room = space.len();
        let read = match self.stream.read(space)? {
            0 if deadline.is_idle() => return Ok(Flow::Close),
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => read,
        };
        exchange.input.filled(read);
        self.may_read = read == room;
        deadline.advance(exchange.parser.stage(), read, context.now);
        self.state = State::Reading(deadline);
        Ok(Flow::GoOn)
    }

    /// Puts the response behind those that are not yet written; the state that follows.
    fn write_later(
        &mut self,
        mut delivery: Delivery,
        exchange: &mut Exchange,
        context: &Context<'_, impl Handler>,
    ) -> State {
        let Exchange { response, output, .. } = exchange;
        if output.is_empty() {
            self.writing = Writing { started: context.now, written: 0 };
        }
        delivery.keep_alive &= !context.options.close && !context.is_stopping;
        encode(response, delivery, context.date.as_str(), output);
        if delivery.keep_alive { State::Reading(ReadDeadline::new(context.now)) } else { State::Closing }
    }

    /// Writes the answers that are encoded, all of those that came together at once.
    fn flush(&mut self, exchange: &mut Exchange) -> io::Result<()> {
        while self.writing.written < exchange.output.len() {
            match self.stream.write(&exchange.output[self.writing.written..])? {
                0 => return Err(ErrorKind::WriteZero.into()),
                n => self.writing.written += n,
            }
        }
        exchange.output.clear();
        self.writing.written = 0;
        Ok(())
    }

    /// Waits for the client's last byte and throws away what comes before it. Closing at once would
    /// reset the connection where the client still sends, and the reset can overtake the answer
    /// (RFC 9112, section 9.6).
    fn drain(&mut self, started: Instant, mut discarded: usize, exchange: &mut Exchange) -> io::Result<Flow> {
        // What was read of the next request is nothing that is served here.
        exchange.input.clear();
        let read = self.stream.read(exchange.input.space())?;
        discarded += read;
        self.state = State::Draining { started, discarded };
        Ok(if read == 0 || discarded > DRAIN_BYTES_MAX { Flow::Close } else { Flow::GoOn })
    }
}
