//! Phase 3: an event loop of its own, and nothing allocated per request.
//!
//! The idea: what one request needed, the next one needs too. Phase 2 asks the allocator for a
//! task, a buffer, a request with all its parts, a response and an output, and gives them all back
//! a moment later. Here they lie in a pool, grown to the size that requests have, and connections
//! lie in a slab. A warmed-up server serves a request without asking the allocator for anything,
//! and `tests/` shows it by counting.
//!
//! To say where each of these objects lives, the loop has to be ours: instead of tasks that a
//! runtime resumes, each worker waits in one `poll` for whatever is ready, and what a task kept on
//! its stack is written out as the states of a connection. Delays are due in a queue with a timer
//! of its own, finer than the milliseconds of the poll.
//!
//! What still costs: a TCP connection for each request, most of which the kernel spends on opening
//! and closing. Phase 4 takes that away.
//!
//! Read in this order: `pool.rs`, `connection.rs` beside that of phase 2, `worker.rs`.

mod connection;
mod pool;
mod worker;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use handler::{Handler, Stats};
use server::{Connections, Stop};

use crate::worker::Worker;

/// Serves until `stop` is triggered, then finishes the answers under way.
///
/// # Errors
/// When a worker's poll can't be set up or fails. Whatever happens on a connection is counted in
/// `stats` and ends that connection only.
#[expect(clippy::needless_pass_by_value, reason = "the workers borrow the handler until all have ended")]
pub fn serve(
    listener: TcpListener,
    handler: impl Handler,
    options: &Options,
    stats: &Arc<Stats>,
    stop: &Stop,
) -> io::Result<()> {
    let workers = match options.workers {
        0 => thread::available_parallelism()?.get(),
        workers => workers.into(),
    };
    let connections = Connections::new(options.common.max_connections, stats);
    let workers: Vec<_> = (0..workers)
        .map(|_| Worker::new(&listener, &handler, options, stats, &connections, stop))
        .collect::<io::Result<_>>()?;
    drop(listener);
    thread::scope(|scope| {
        let threads: Vec<_> = workers.into_iter().map(|worker| scope.spawn(|| worker.run())).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("a worker panicked"))))
            // All are joined before the first error is passed on.
            .fold(Ok(()), Result::and)
    })
}

/// What the user of phase 3 can set.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Threads with a poll each; 0 is one for each processor
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub workers: u16,
    /// Allocate what each connection needs anew instead of taking it from a pool
    #[arg(long)]
    pub fresh_buffers: bool,
    /// What all phases let their user set.
    #[command(flatten)]
    pub common: server::Options,
}

impl Default for Options {
    fn default() -> Self {
        server::default_options()
    }
}

impl AsMut<server::Options> for Options {
    fn as_mut(&mut self) -> &mut server::Options {
        &mut self.common
    }
}
