//! One connection, from its first byte to its last, as states between which it waits.

use std::io::{self, ErrorKind, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use handler::{Fault, Handler, Stats, Step, answer};
use http1::zerocopy::Progress;
use http1::{CONTINUE, Delivery, Status, encode};
use mio::event::Event;
use mio::net::TcpStream;
use server::{Admission, Date, ReadDeadline, Readiness, Transfer};

use crate::Options;
use crate::pool::Exchange;

/// A connection. What its requests need is lent to it while it needs it.
pub(crate) struct Connection {
    stream: TcpStream,
    state: State,
    readiness: Readiness,
    /// Answers that were encoded are written whatever the state, and before anything else is read.
    writing: Transfer,
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

/// Requests and reads in a row before the other connections get their turn: a client that always
/// has the next request ready must not be the only one that is served.
const STEPS_PER_TURN: usize = 64;

impl Connection {
    pub(crate) fn new(stream: TcpStream, admission: Admission, id: u64, now: Instant) -> Self {
        Self {
            stream,
            state: State::Reading(ReadDeadline::new(now)),
            readiness: Readiness::of_accepted(),
            writing: Transfer::new(now),
            kept: None,
            has_yielded: false,
            id,
            _admission: admission,
        }
    }

    /// Keeps what the poll has said.
    pub(crate) fn notice(&mut self, event: &Event) {
        self.readiness.notice(event);
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
        let mut steps_left = STEPS_PER_TURN;
        loop {
            let flow = self.flush(exchange, context).and_then(|()| match self.state {
                _ if steps_left == 0 => Ok(Flow::Yield),
                State::Reading(deadline) => self.serve(deadline, &mut steps_left, exchange, context),
                State::Delayed(_) if self.readiness.is_broken() => Err(ErrorKind::ConnectionReset.into()),
                State::Delayed(_) => Ok(Flow::Wait),
                State::Closing => self.half_close(context).map(|()| Flow::GoOn),
                State::Draining { started, discarded } => {
                    steps_left -= 1;
                    self.drain(started, discarded, exchange, context)
                }
            });
            match flow {
                Ok(Flow::GoOn) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Flow::Wait),
                flow => return flow,
            }
        }
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
        let writing = is_writing.then(|| self.writing.deadline(options.write_timeout, options.min_rate));
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
                self.state = self.write_later(exchange.parser.error_delivery(), exchange, context);
                self.advance(exchange, context)
            }
            State::Reading(_) => self.close_idle(exchange, context),
            State::Delayed(_) | State::Closing | State::Draining { .. } => Ok(Flow::Close),
        }
    }

    /// The server stops, and who is idle has to go.
    pub(crate) fn stop(
        &mut self,
        exchange: &mut Exchange,
        context: &Context<'_, impl Handler>,
    ) -> io::Result<Flow> {
        if self.is_resting(exchange) { self.close_idle(exchange, context) } else { Ok(Flow::Wait) }
    }

    /// Looks a last time for a request, then closes, in order: one may be on its way, and must not be
    /// answered by a reset.
    fn close_idle(
        &mut self,
        exchange: &mut Exchange,
        context: &Context<'_, impl Handler>,
    ) -> io::Result<Flow> {
        self.readiness.look_again();
        let flow = self.advance(exchange, context)?;
        if self.is_idle() && matches!(flow, Flow::Wait) {
            self.half_close(context)?;
        }
        Ok(flow)
    }

    /// Whether no byte of the next request has come.
    fn is_idle(&self) -> bool {
        matches!(self.state, State::Reading(deadline) if deadline.is_idle())
    }

    /// Whether nothing is under way, so that its exchange can serve somebody else.
    pub(crate) fn is_resting(&self, exchange: &Exchange) -> bool {
        self.is_idle() && exchange.input.is_empty() && exchange.output.is_empty()
    }

    /// Answers all requests that have come, and reads when there is none.
    fn serve(
        &mut self,
        mut deadline: ReadDeadline,
        steps_left: &mut usize,
        exchange: &mut Exchange,
        context: &Context<'_, impl Handler>,
    ) -> io::Result<Flow> {
        // Without bytes there is no request, as after each that came alone.
        let may_parse = |exchange: &Exchange| {
            !exchange.input.is_empty() && exchange.output.len() < context.options.output_bytes
        };
        while may_parse(exchange) && *steps_left > 0 {
            let Exchange { input, parser, response, .. } = exchange;
            response.clear();
            let progress = parser.parse(input, |request, facts| {
                let delivery = Delivery::keeping_alive(&request, facts);
                (delivery, answer(context.handler, &request, response, context.stats))
            });
            match progress {
                Ok(Progress::Complete((delivery, Step::Reply))) => {
                    *steps_left -= 1;
                    self.state = self.write_later(delivery, exchange, context);
                    match self.state {
                        State::Reading(next) => deadline = next,
                        _ => return Ok(Flow::GoOn),
                    }
                }
                Ok(Progress::Complete((delivery, Step::ReplyAfter(delay)))) => {
                    self.state = State::Delayed(delivery);
                    // What was answered before does not wait for this one.
                    return match self.flush(exchange, context) {
                        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
                        _ => Ok(Flow::ReplyAfter(delay)),
                    };
                }
                Ok(Progress::NeedMore) => break,
                Ok(Progress::SendContinue) => {
                    self.start_writing(exchange, context);
                    exchange.output.extend_from_slice(CONTINUE);
                    break;
                }
                Err(error) => {
                    context.stats.fault(Fault::BadRequest);
                    response.become_error(error.status(), error);
                    let delivery = parser.error_delivery();
                    self.state = self.write_later(delivery, exchange, context);
                    return Ok(Flow::GoOn);
                }
            }
        }
        deadline.advance(exchange.parser.stage(), 0, context.now);
        self.state = State::Reading(deadline);
        // Answers go out before anything else is read, and the others get their turn.
        if !exchange.output.is_empty() || *steps_left == 0 {
            return Ok(Flow::GoOn);
        }
        *steps_left -= 1;
        let read = match self.readiness.read(&self.stream, &mut exchange.input)? {
            0 if deadline.is_idle() => return Ok(Flow::Close),
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => read,
        };
        exchange.input.filled(read);
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
        self.start_writing(exchange, context);
        let Exchange { response, output, .. } = exchange;
        delivery.keep_alive &= !context.options.close && !context.is_stopping;
        encode(response, delivery, context.date.as_bytes(), output);
        if delivery.keep_alive { State::Reading(ReadDeadline::new(context.now)) } else { State::Closing }
    }

    /// The write deadline runs from when there is something to write.
    fn start_writing(&mut self, exchange: &Exchange, context: &Context<'_, impl Handler>) {
        if exchange.output.is_empty() {
            self.writing = Transfer::new(context.now);
        }
    }

    /// Writes the answers that are encoded, all of those that came together at once.
    fn flush(&mut self, exchange: &mut Exchange, context: &Context<'_, impl Handler>) -> io::Result<()> {
        if exchange.output.is_empty() {
            return Ok(());
        }
        while self.writing.bytes() < exchange.output.len() {
            match self.stream.write(&exchange.output[self.writing.bytes()..])? {
                0 => return Err(ErrorKind::WriteZero.into()),
                n => self.writing.advance(n, context.now),
            }
        }
        exchange.output.clear();
        // Who was still taking its answers was not idle.
        if self.is_idle() {
            self.state = State::Reading(ReadDeadline::new(context.now));
        }
        Ok(())
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
        exchange: &mut Exchange,
        context: &Context<'_, impl Handler>,
    ) -> io::Result<Flow> {
        // What was read of the next request is nothing that is served here.
        exchange.input.clear();
        let read = self.readiness.read(&self.stream, &mut exchange.input)?;
        discarded += read;
        self.state = State::Draining { started, discarded };
        let is_over = read == 0 || discarded > context.options.common.drain_bytes;
        Ok(if is_over { Flow::Close } else { Flow::GoOn })
    }
}
