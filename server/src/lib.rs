//! What the five phases share around their loops and that is neither HTTP nor a lesson: listening,
//! options, deadlines, the connection limit, and stopping.
//!
//! # Layout
//!
//! | module | its one job |
//! |---|---|
//! | [`run()`] | from a phase's command line to its `serve`, with signals wired to [`Stop`] |
//! | [`Options`] | limits, deadlines and the connection limit, as flags that all phases share |
//! | [`ReadDeadline`], [`Transfer`] | when a request or an answer must have gone on |
//! | [`Connections`] | how many there are, how many there may be, and turning the others away |
//! | [`blocking`] | reading, writing and closing with deadlines, for phases 0 and 1 |
//! | [`Readiness`], [`Timers`] | what a poll has said, and delays finer than its milliseconds, for phases 3 and 4 |
//! | [`Background`], [`DeadPort`] | a phase on a thread, or nobody at all, for tests and benchmarks |
//! | [`Date`], [`accept_pause`], [`fault_of`] | small things that all phases say in the same way |

mod accept;
mod background;
pub mod blocking;
mod connections;
mod date;
mod deadline;
mod descriptors;
mod fault;
mod listen;
mod options;
mod readiness;
mod run;
mod stop;
mod timers;
mod transfer;

pub use accept::accept_pause;
pub use background::{ANSWER_TIMEOUT, Background, DeadPort, receive};
pub use connections::{Admission, Connections, turn_away};
pub use date::Date;
pub use deadline::ReadDeadline;
pub use descriptors::raise_limit;
pub use fault::fault_of;
pub use listen::{Bind, cannot_listen, listen, parse_addr};
pub use options::{Options, default_options, options_from, parse_deadline, parse_size};
pub use readiness::Readiness;
pub use run::run;
pub use stop::Stop;
pub use timers::Timers;
pub use transfer::Transfer;
