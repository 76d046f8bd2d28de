//! Phase 1: a thread pool behind the accept loop.
//!
//! The idea: who accepts need not serve. One thread accepts and hands each connection to a worker,
//! and while one worker waits 2 ms for its database, the others go on. A connection is still served
//! from its first byte to its last by one thread, so `connection.rs` is that of phase 0, letter by
//! letter; all that changed is who calls it.
//!
//! What limits it is as plain: ten workers that wait 2 ms each answer at most 10 / 2 ms = 5,000
//! requests a second (Little's law), and the eleventh request waits for a worker. `--spawn` gives
//! every connection a thread of its own, which moves the limit to what a thread costs: its stack,
//! its start, and the kernel's switching between thousands of them.
//!
//! A worker can't look up from its connection either. Ten silent clients cost everybody else an idle
//! deadline, sixty cost six (with `--spawn`, none); and a client that left while its answer was not due yet
//! keeps its worker until the answer is written.
//!
//! Above the connection limit (workers and queue together), a client is answered 503 and closed at
//! once, which is kinder than to let it wait in a queue that only grows.
//!
//! Read in this order: [`serve`], then `workers.rs`.

mod connection;
mod workers;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use handler::{Fault, Handler, Stats};
use server::{Connections, Stop, turn_away};

use crate::workers::Workers;

/// Serves until `stop` is triggered, then waits for the answers under way.
///
/// # Errors
/// When the listener can't be shared or the pool can't be started. Whatever happens on a connection
/// is counted in `stats` and ends that connection only.
pub fn serve(
    listener: TcpListener,
    handler: impl Handler,
    options: &Options,
    stats: &Arc<Stats>,
    stop: &Stop,
) -> io::Result<()> {
    let workers = Workers::new(options)?;
    stop.on_trigger_end(&listener)?;
    let connections = Connections::new(options.common.max_connections, stats);
    let handler = Arc::new(handler);
    let common = Arc::new(options.common.clone());
    loop {
        let accepted = listener.accept();
        if stop.is_triggered() {
            break;
        }
        match accepted {
            Ok((stream, _)) => {
                let Some(admission) = connections.admit() else {
                    turn_away(stream);
                    continue;
                };
                let (handler, common) = (Arc::clone(&handler), Arc::clone(&common));
                let (stats_there, stop_there) = (Arc::clone(stats), stop.clone());
                let started = workers.run(stream, move |stream| {
                    let _admission = admission;
                    connection::serve(stream, &*handler, &common, &stats_there, &stop_there);
                });
                if let Err((error, stream)) = started {
                    stats.fault(Fault::Accept);
                    if let Some(stream) = stream {
                        turn_away(stream);
                    }
                    thread::sleep(server::accept_pause(&error).unwrap_or(Duration::ZERO));
                }
            }
            Err(error) => {
                stats.fault(Fault::Accept);
                thread::sleep(server::accept_pause(&error).unwrap_or(Duration::ZERO));
            }
        }
    }
    drop(listener);
    wait_for(&connections, options.common.drain_deadline(Instant::now()));
    Ok(())
}

/// Waits until all connections are closed, or until `deadline`.
fn wait_for(connections: &Connections, deadline: Instant) {
    const LOOK_AGAIN: Duration = Duration::from_millis(5);

    while connections.active() > 0 && Instant::now() < deadline {
        thread::sleep(LOOK_AGAIN);
    }
}

/// What the user of phase 1 can set.
///
/// The deadlines are far shorter than in later phases, because a silent client keeps a worker from
/// everybody else. They are those of phase 0.
#[derive(clap::Args, Clone, Debug)]
#[command(mut_arg("idle_timeout", |arg| arg.default_value("300ms")))]
#[command(mut_arg("head_timeout", |arg| arg.default_value("2s")))]
#[command(mut_arg("body_timeout", |arg| arg.default_value("5s")))]
#[command(mut_arg("write_timeout", |arg| arg.default_value("5s")))]
#[command(mut_arg("drain_timeout", |arg| arg.default_value("1s")))]
pub struct Options {
    /// Worker threads in the pool, which is how many requests can wait at the same time
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub workers: u16,
    /// Give each connection a thread of its own instead of a place in the queue to the pool
    #[arg(long, conflicts_with = "workers")]
    pub spawn: bool,
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
