//! How a connection ends: what becomes of its requests, and when it is opened again.

use std::io;
use std::mem;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use super::connection::{Connection, Phase};
use super::context::Context;
use super::errors::{ErrorKind, in_words};
use super::in_flight::Start;
use super::shared::ns;
use super::tally::Done;

/// The first pause after a connect that failed; each further one is twice as long.
pub(super) const REST_MIN: Duration = Duration::from_millis(10);
/// The longest such pause.
const REST_MAX: Duration = Duration::from_millis(200);

impl Connection {
    pub(super) fn connect_failed(&mut self, cx: &mut Context<'_>, now_ns: u64, error: &io::Error) {
        if error.kind() == io::ErrorKind::WouldBlock {
            return self.wait_for_room(cx, now_ns);
        }
        let target = &cx.plan.target;
        let why = in_words(error);
        let kind = connect_error_kind(error);
        cx.connect_failure.get_or_insert_with(|| why.clone());
        self.fail(cx, kind, now_ns, format!("{target}: {why}"));
        let rest = REST_MIN.saturating_mul(1 << self.failed_connects.min(10)).min(REST_MAX);
        self.failed_connects += 1;
        self.phase = Phase::Resting { until_ns: now_ns + ns(rest) };
    }

    /// Fails the request that is being answered, and gives back those behind it.
    pub(super) fn fail(&mut self, cx: &mut Context<'_>, kind: ErrorKind, now_ns: u64, what: String) {
        // The one that an ending connection holds is no longer among those in flight.
        let start = match self.phase {
            Phase::Ending { done } => Some(done.start),
            _ => self.in_flight.pop(),
        };
        let first = cx.first_connection;
        let failure = || self.failure(first, kind, what, now_ns, b"");
        cx.fail(kind, start.unwrap_or(Start::now(now_ns)), now_ns, failure);
        self.close(cx);
    }

    /// Counts the request that an ending connection held.
    pub(super) fn end(&mut self, cx: &mut Context<'_>, done: &Done) {
        cx.finish(done);
        self.close(cx);
    }

    /// Closes the stream after an answer, with a reset if the plan wants one.
    pub(super) fn close_after_answer(&mut self, cx: &mut Context<'_>) {
        if !cx.plan.reset {
            return self.close_or_part(cx);
        }
        if let Some(stream) = &self.stream
            && set_socket_linger(stream, Some(Duration::ZERO)).is_ok()
        {
            cx.tally.resets_sent += 1;
        }
        self.close(cx);
    }

    /// Closes the stream, gives back what was not answered, and asks to be opened again.
    pub(super) fn close(&mut self, cx: &mut Context<'_>) {
        if matches!(self.phase, Phase::Open | Phase::Ending { .. }) {
            cx.shared.one_less_established();
        }
        cx.budget.give_back(self.in_flight.clear());
        // Closing the descriptor takes it out of the epoll set as well.
        drop(mem::take(&mut self.stream));
        self.reader.reset();
        self.evidence.clear();
        self.phase = cx.when_closed();
        (self.unsent, self.wire_at, self.answers) = (0, 0, 0);
        self.first_byte_ns = None;
        self.write_failure = None;
        self.watches_writable = false;
    }
}

/// Out of ports, descriptors or memory is the client's own failure; all else is the server's.
fn connect_error_kind(error: &io::Error) -> ErrorKind {
    use rustix::io::Errno;
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::MFILE | Errno::NFILE | Errno::ADDRNOTAVAIL | Errno::NOBUFS | Errno::NOMEM) => {
            ErrorKind::Client
        }
        _ => ErrorKind::Connect,
    }
}
