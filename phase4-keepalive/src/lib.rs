//! Phase 4: keep-alive, pipelining and a zero-copy parser.
//!
//! The idea: do not pay for each request what can be paid once. A TCP connection costs the kernel
//! several times what a request and its answer do, so a connection stays open for the next request.
//! A system call costs about as much as a small request, so requests that arrive together are
//! answered in one write. And copying a request's parts out of the buffer they came in buys
//! nothing if the handler is done with them before the buffer is touched again.
//!
//! A connection that lives long is mostly idle, so what a request needs goes back to the pool
//! between requests: ten thousand idle connections share the buffers of the few that are busy.
//!
//! Nor need a head be read that is the same, byte for byte, as the last one that the same buffers were used for:
//! what it says is still known. That helps where clients repeat themselves, as the lab's always do.
//!
//! `--close` and `--read-every-head` turn a mechanism off each, `--parser textbook` the zero-copy parser and
//! `--fresh-buffers` phase 3's pools, so that a gain can be credited to its cause. Remembered heads rest on the last
//! two, so each of those is held against `--read-every-head`, and not against a phase 4 that remembers.
//!
//! Read in this order: `connection.rs` beside that of phase 3, `parser.rs`, `worker.rs`.

mod connection;
mod parser;
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

/// What the user of phase 4 can set.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Threads with a poll each; 0 is one for each processor
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub workers: u16,
    /// Close each connection after one answer, as phase 3 does
    #[arg(long)]
    pub close: bool,
    /// Which parser reads the requests
    #[arg(long, value_name = "WHICH", default_value = "zero-copy")]
    pub parser: ParserKind,
    /// Read each head, also one that is the same as the one before; the textbook parser always does
    #[arg(long)]
    pub read_every_head: bool,
    /// Allocate what each request needs anew instead of taking it from a pool
    #[arg(long)]
    pub fresh_buffers: bool,
    /// Bytes of answers that are gathered before no more requests are parsed; with one answer more it is
    /// what a client that asks and does not read can make the server remember
    #[arg(long, value_name = "BYTES", default_value_t = 64 * 1024, value_parser = server::parse_size)]
    pub output_bytes: usize,
    /// What all phases let their user set.
    #[command(flatten)]
    pub common: server::Options,
}

/// The parsers of the crate `http1`.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParserKind {
    /// Points into the buffer
    ZeroCopy,
    /// Copies every part, as phases 0 to 3 do
    Textbook,
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
