//! Bytes that no request asked for, an answer too many mostly, and how they are found: the client listens for
//! a moment to what it closes.
//!
//! A second answer looks like the answer to the next request where one is on its way, and from there on the
//! connection is one answer ahead. What is too much shows when nothing is in flight any more. So a connection
//! that has done its work is half-closed, and whatever comes before the server's end of it was not asked for.

use std::io::ErrorKind as Io;
use std::mem;
use std::time::Duration;

use mio::{Interest, Token};
use serde::{Deserialize, Serialize};

use super::connection::{Connection, Phase};
use super::context::Context;
use super::errors::ErrorKind;
use super::evidence::{Evidence, Failure};
use super::target::Stream;
use super::wire::recv;

/// Streams that a thread listens to in the middle of a run, beside its connections.
pub(super) const BESIDE_MAX: usize = 8;

/// What came from a server that nobody had asked for. No request is to blame, so none has failed by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unasked {
    /// Connections on which it came, warm-up included. Of those that the client closes in the middle of a run
    /// it listens to a few, so there may be more. Bytes in the segment of a response are a failure instead.
    pub connections: u64,
    /// The first of it. Its request is the last one that was answered on that connection.
    pub first: Option<Failure>,
}

impl Unasked {
    /// Adds what another thread found.
    pub(super) fn merge(&mut self, other: &Self) {
        self.connections += other.connections;
        let first = [self.first.take(), other.first.clone()].into_iter().flatten();
        self.first = first.min_by_key(|failure| failure.after);
    }
}

/// A stream that is half-closed, with nothing in flight.
#[derive(Debug)]
pub(super) struct Parting {
    stream: Stream,
    answers: u64,
    since_ns: u64,
}

impl Context<'_> {
    fn note_unasked(&mut self, token: Token, stream: Option<&Stream>, answers: u64, bytes: &[u8]) {
        // How a server may say that nobody asked for anything (RFC 9110 §15.5.9).
        if bytes.starts_with(b"HTTP/1.1 408 ") {
            return;
        }
        self.unasked.connections += 1;
        if self.unasked.first.is_some() {
            return;
        }
        let (received, received_bytes) = Evidence::default().with(bytes);
        self.unasked.first = Some(Failure {
            kind: ErrorKind::Malformed,
            what: format!("{received_bytes} bytes that no request asked for"),
            connection: self.first_connection + token.0 + 1,
            request: answers,
            local: stream.and_then(Stream::local_addr),
            after: Duration::from_nanos(self.now_ns),
            received,
            received_bytes,
        });
    }

    /// Whether to listen to a connection that is being closed: at the end of the run, and before that now and
    /// then, so that it costs nothing where connections last for a few requests only.
    fn listens(&mut self) -> bool {
        let is_over = self.end_ns == 0 || self.budget.is_spent();
        is_over || self.partings < BESIDE_MAX && mem::take(&mut self.listens_to_next)
    }
}

impl Connection {
    /// Bytes came with nothing in flight. The stream is of no use any more.
    pub(super) fn on_unasked(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        cx.note_unasked(self.token, self.stream.as_ref(), self.answers, bytes);
        self.close(cx);
    }

    /// Closes a stream that has done its work while the run goes on, and listens to it if it is its turn.
    pub(super) fn close_or_part(&mut self, cx: &mut Context<'_>) {
        if cx.listens() { self.part(cx) } else { self.close(cx) }
    }

    /// Closes a stream that has done its work, as far as the server can tell, and listens to it.
    pub(super) fn part(&mut self, cx: &mut Context<'_>) {
        let is_done = self.unsent == 0 && self.write_failure.is_none() && self.parting.is_none();
        let stream = self.stream.take_if(|_| is_done);
        let (answers, since_ns) = (self.answers, cx.now_ns);
        self.close(cx);
        let Some(mut stream) = stream else { return };
        let token = cx.parting_token(self.token);
        // Where this fails the server is gone, and there is nobody to listen to.
        if stream.shutdown_write().is_ok()
            && cx.registry.reregister(&mut stream, token, Interest::READABLE).is_ok()
        {
            self.parting = Some(Parting { stream, answers, since_ns });
            cx.partings += 1;
        }
    }

    /// The same, of a connection that has nothing to do at the end of the run.
    pub(super) fn part_if_free(&mut self, cx: &mut Context<'_>) {
        if matches!(self.phase, Phase::Open) && self.in_flight.is_empty() {
            self.part(cx);
        }
    }

    /// Something has come from a stream that is half-closed.
    pub(super) fn on_parting_event(&mut self, cx: &mut Context<'_>) {
        let Some(Parting { stream, answers, .. }) = &self.parting else { return };
        // Moved out and back, so that the bytes can be read while the context is written to.
        let mut buffer = mem::take(&mut cx.buffer);
        let waits = match recv(stream, &mut buffer) {
            Ok(0) => false,
            Ok(received) => {
                cx.tick();
                cx.note_unasked(self.token, Some(stream), *answers, &buffer[..received]);
                false
            }
            Err(error) => matches!(error.kind(), Io::WouldBlock | Io::Interrupted),
        };
        cx.buffer = buffer;
        if !waits {
            self.forget_parting(cx);
        }
    }

    /// Listens no longer to a server that does not close.
    pub(super) fn sweep_parting(&mut self, cx: &mut Context<'_>, now_ns: u64) {
        if self.parting.as_ref().is_some_and(|p| now_ns.saturating_sub(p.since_ns) >= cx.close_wait_ns()) {
            self.forget_parting(cx);
        }
    }

    fn forget_parting(&mut self, cx: &mut Context<'_>) {
        self.parting = None;
        cx.partings -= 1;
    }
}
