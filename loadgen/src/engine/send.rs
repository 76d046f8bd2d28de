//! The writing half of a connection: requests go out in batches, with one write where the socket takes it.

use std::io::{self, ErrorKind as Io};

use mio::Interest;

use super::connection::{Connection, Phase};
use super::context::Context;
use super::errors::ErrorKind;
use super::in_flight::Start;
use super::wire::send;

impl Connection {
    /// Sends as many requests as the pipeline has room for, once half of it is empty.
    pub(super) fn refill(&mut self, cx: &mut Context<'_>, now_ns: u64) {
        if self.in_flight.is_empty() && cx.left_on_connection(self.answers) == 0 {
            return self.close_after_answer(cx);
        }
        if cx.pacer.is_some() {
            // What goes out next, and where, is the schedule's to say.
            return;
        }
        let (depth, in_flight) = (cx.depth(), self.in_flight.len());
        if in_flight * 2 > depth {
            return;
        }
        let left = cx.left_on_connection(self.answers + in_flight as u64);
        if left == 0 {
            return;
        }
        let claimed = cx.claim(left.min(depth - in_flight), now_ns);
        if claimed > 0 {
            self.in_flight.push(Start::now(now_ns), claimed);
            self.unsent += claimed * cx.plan.request.len();
            self.flush(cx, now_ns);
        } else if self.in_flight.is_empty() {
            self.part(cx);
            self.phase = Phase::Idle;
        }
    }

    /// Writes until nothing is left or the socket takes no more.
    pub(super) fn flush(&mut self, cx: &mut Context<'_>, now_ns: u64) {
        while self.unsent > 0 {
            let Some(stream) = &self.stream else { return };
            let piece = &cx.wire[self.wire_at..cx.wire.len().min(self.wire_at + self.unsent)];
            match send(stream, piece) {
                Ok(written) => {
                    self.unsent -= written;
                    self.wire_at = (self.wire_at + written) % cx.wire.len();
                    if matches!(self.phase, Phase::Connecting) {
                        self.connected(cx);
                    }
                }
                Err(error) if matches!(error.kind(), Io::WouldBlock | Io::NotConnected) => {
                    return self.watch_writable(cx);
                }
                Err(error) if error.kind() == Io::Interrupted => {}
                Err(error) if matches!(self.phase, Phase::Connecting) => {
                    return self.connect_failed(cx, now_ns, &error);
                }
                Err(error) => {
                    self.write_failure = Some(match error.kind() {
                        Io::ConnectionReset | Io::BrokenPipe => ErrorKind::Reset,
                        _ => ErrorKind::Write,
                    });
                    self.unsent = 0;
                }
            }
        }
        // Every batch starts with a whole request, so the front of `wire` is as good as any.
        self.wire_at = 0;
    }

    /// Has the poll tell when writing is possible, from the first time that it was not.
    fn watch_writable(&mut self, cx: &mut Context<'_>) {
        // A stream that is being opened is registered, with this interest, a moment later.
        if self.watches_writable || matches!(self.phase, Phase::Connecting) {
            return;
        }
        if let Some(stream) = &mut self.stream {
            let both = Interest::READABLE | Interest::WRITABLE;
            self.watches_writable = cx.registry.reregister(stream, self.token, both).is_ok();
        }
    }

    /// Asks the poll to report anew what may still be there to read.
    pub(super) fn rearm(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let writable = self.watches_writable.then_some(Interest::WRITABLE);
        let interest = writable.map_or(Interest::READABLE, |writable| Interest::READABLE | writable);
        cx.registry.reregister(stream, self.token, interest)
    }
}
