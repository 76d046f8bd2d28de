//! The load engine: fires a [`Plan`] at an address and measures an [`Outcome`].
//!
//! It knows no phase, no scenario and no report; `run`, `attack` and the tests share it.
//!
//! # Layout
//!
//! [`run()`] splits the connections of a plan that passes [`check()`] among threads. A thread (`worker`) has its own
//! poll, histograms and counts (`tally`) and its own share of the requests (`budget`; in an open loop `pacer`, on a
//! `schedule`, and `waiting` for what it left undone);
//! what little the threads tell each other is in `shared`, what they tell a watcher in `interval`, `told` and `marks`.
//! A connection (`connection`, with `send`, `receive`, `close`, `failing` and `unasked`) is moved on by events
//! and by the clock, and hands bytes to `response`, which knows no socket. Connections that do next to nothing, a
//! [`Cohort`] each, are held by a thread of their own (`holder`, `member`). Who counts one request at a time reads its `answer` from a
//! stream that blocks. In steady state a kept connection
//! costs a write, a read and a part of one `epoll_wait` per request, and no allocation.

mod accounts;
mod answer;
mod budget;
mod check;
mod chunked;
mod close;
mod cohort;
mod connection;
mod context;
mod cpu;
mod dial;
mod dispatch;
mod doubts;
mod errors;
mod evidence;
mod failing;
mod head;
mod holder;
mod in_flight;
mod interval;
mod known_head;
mod limits;
mod marks;
mod member;
mod open_loop;
mod outcome;
mod pacer;
mod part;
mod plan;
mod receive;
mod response;
mod run;
mod schedule;
mod send;
mod shared;
mod tally;
mod target;
mod told;
mod unasked;
mod waiting;
pub(crate) mod wire;
mod worker;
pub(crate) mod written;

pub(crate) use answer::answer;
pub(crate) use check::{DURATION_MAX, PIPELINE_MAX, RATE_MAX, RATE_MIN};
pub use check::{check, check_part};
pub use cohort::{Cohort, CohortKind, CohortOutcome};
pub use cpu::ClientCost;
pub use doubts::LittlesLaw;
pub use errors::{EngineError, ErrorKind, Errors};
pub use evidence::Failure;
pub(crate) use holder::set_up_max;
pub use interval::{Interval, Intervals};
pub use open_loop::OpenLoop;
pub use outcome::Outcome;
pub use part::Part;
pub use plan::{Amount, Expect, Mode, Pace, Plan};
pub use run::{run, run_part};
pub use schedule::Rate;
pub(crate) use shared::ns;
pub use target::Target;
pub use unasked::Unasked;

use std::sync::atomic::{AtomicBool, AtomicU64};

/// What an attack that is under way shows to whoever watches it, and how it is told to stop.
#[derive(Debug, Default)]
pub struct Progress {
    /// Requests answered as expected so far, warm-up left out; refreshed a few times a second.
    pub ok: AtomicU64,
    /// Requests that failed so far, warm-up left out.
    pub failed: AtomicU64,
    /// True from the end of the warm-up until the counted part is over, so that the watcher knows
    /// when to look at what the server spends.
    pub counting: AtomicBool,
    /// Connections that are held beside the active ones, as long as nothing else happens: all are open, and
    /// no request has been sent. 0 before and after, and where none are held.
    pub resting: AtomicU64,
    /// The same in parts, with latencies, for a watcher who asks for them.
    pub intervals: Intervals,
    /// Set by the watcher: end now and return what was measured.
    pub stop: AtomicBool,
}
