//! What there is to show of a failure, and what only looks like one.

use std::time::Duration;

use super::close::REST_MIN;
use super::connection::{Connection, Phase, Resend};
use super::context::Context;
use super::errors::ErrorKind;
use super::evidence::Failure;
use super::in_flight::Start;
use super::shared::ns;
use super::target::Stream;

impl Connection {
    /// What there is to show of a request that failed; `bytes` are what came of it at last, and
    /// `first` is the number of the thread's first connection.
    pub(super) fn failure(
        &self,
        first: usize,
        kind: ErrorKind,
        what: String,
        now_ns: u64,
        bytes: &[u8],
    ) -> Failure {
        let (received, received_bytes) = self.evidence.with(bytes);
        Failure {
            kind,
            what,
            connection: first + self.token.0 + 1,
            // The one that an ending connection holds was counted as answered.
            request: self.answers + u64::from(!matches!(self.phase, Phase::Ending { .. })),
            local: self.stream.as_ref().and_then(Stream::local_addr),
            after: Duration::from_nanos(now_ns),
            received,
            received_bytes,
        }
    }

    /// The server's backlog is full. A unix socket says so at once, where TCP would keep trying, and no
    /// request has failed: it waits here instead, and its clock runs on.
    pub(super) fn wait_for_room(&mut self, cx: &mut Context<'_>, now_ns: u64) {
        cx.alive(now_ns);
        let since = self.in_flight.oldest().unwrap_or(Start::now(now_ns));
        if now_ns.saturating_sub(since.sent_ns) >= ns(cx.plan.timeout) {
            let what = format!("no room in the server's backlog within {:?}", cx.plan.timeout);
            self.fail(cx, ErrorKind::Timeout, now_ns, what);
        } else {
            let requests = self.in_flight.len();
            self.close(cx);
            self.resend = Some(Resend { since, requests });
        }
        self.phase = Phase::Resting { until_ns: now_ns + ns(REST_MIN) };
    }
}
