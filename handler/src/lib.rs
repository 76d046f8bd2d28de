//! What the five phases serve, and how they count it.
//!
//! A [`Handler`] turns a request into a response and says when to send it. It opens no socket, reads
//! no clock and never blocks: a wait is data, [`Step::ReplyAfter`], and each phase waits in its own
//! way. That is what lets one handler run under a blocking thread, a tokio task and an epoll loop,
//! and lets a test assert a wait of two milliseconds without sleeping.
//!
//! # Layout
//!
//! | module | its one job |
//! |---|---|
//! | [`Routes`] | the one set of routes that every phase serves |
//! | [`Stats`] | connections, requests and errors, counted without contention |
//! | [`Misbehaving`] | the same routes and two that break the rules, for tests |
//! | [`Burdened`] | any routes at a higher cost, for tests |
//! | [`answer`] | calls a handler so that its panic costs one response and no worker |

mod burdened;
mod misbehaving;
mod routes;
mod stats;
mod work;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use http1::{Request, Response, Status};

pub use burdened::Burdened;
pub use misbehaving::Misbehaving;
pub use routes::{CPU_MICROS_MAX, RESPONSE_BYTES_MAX, Routes, WAIT_MILLIS_MAX};
pub use stats::{Connections, Errors, Fault, Snapshot, Stats};

/// Answers requests. Never blocks, and never touches a socket or a clock.
pub trait Handler: Send + Sync + 'static {
    /// Writes the answer to `request` into `response`, which is empty, and says when to send it.
    fn handle(&self, request: &Request<'_>, response: &mut Response) -> Step;
}

/// What the server does with the response that the handler wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Send it.
    Reply,
    /// Send it after this delay, which stands for a database or another service that the request
    /// waits for. Each phase waits in its own way.
    ReplyAfter(Duration),
}

impl<F> Handler for F
where
    F: Fn(&Request<'_>, &mut Response) -> Step + Send + Sync + 'static,
{
    fn handle(&self, request: &Request<'_>, response: &mut Response) -> Step {
        self(request, response)
    }
}

/// Calls the handler and counts the request. A panic becomes a 500 and is counted as such; the
/// thread lives on.
pub fn answer(handler: &impl Handler, request: &Request<'_>, response: &mut Response, stats: &Stats) -> Step {
    stats.request();
    // What a panic leaves half done is the response, and that is overwritten.
    catch_unwind(AssertUnwindSafe(|| handler.handle(request, response))).unwrap_or_else(|_| {
        stats.fault(Fault::Panic);
        response.become_error(Status::INTERNAL_SERVER_ERROR, "the handler panicked");
        Step::Reply
    })
}
