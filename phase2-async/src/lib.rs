//! Phase 2: a tokio task per connection.
//!
//! The idea: a request that waits needs no thread. Each connection is a task, a state machine that
//! the compiler makes of the code of phase 1 with an `.await` at each place where that code
//! blocked. A task that waits is some memory; a thread that waits is a stack and a place in the
//! scheduler's books. So a thousand requests can wait at once on one thread per
//! processor, and the ceiling of `workers / wait` is gone. A task waits for several things
//! at once, too: one whose client resets the connection while the answer is not due yet ends there, where
//! a blocked thread learns of it when it writes.
//!
//! What it costs: the runtime's own work for each wake-up, and the allocations of each task and
//! each connection, which is what phase 3 takes away. Timers have a grain of a millisecond.
//!
//! Read in this order: [`serve`] and `accept`, then `connection.rs` beside that of phase 1.

mod connection;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use handler::{Fault, Handler, Stats};
use server::{Connections, Stop, turn_away};
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::time::{sleep, sleep_until, timeout};

/// Serves until `stop` is triggered, then waits for the answers under way.
///
/// # Errors
/// When the runtime can't be started. Whatever happens on a connection is counted in `stats` and
/// ends that connection only.
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
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name("phase2-worker")
        .enable_all()
        .build()?;
    let service = Service {
        handler: Arc::new(handler),
        options: Arc::new(options.common.clone()),
        request_timeout: options.request_timeout,
        stats: Arc::clone(stats),
    };
    // The accept loop is a task like any other: on this thread, every accept would have to wake a
    // worker on another one.
    let accepting = runtime.spawn(accept(listener, service, stop.clone()));
    let result = runtime.block_on(accepting).unwrap_or_else(|panic| Err(io::Error::other(panic)));
    runtime.shutdown_background();
    result
}

/// What every task needs, cheap to clone.
struct Service<H> {
    handler: Arc<H>,
    options: Arc<server::Options>,
    request_timeout: Duration,
    stats: Arc<Stats>,
}

/// Accepts connections and gives each a task of its own.
async fn accept(listener: TcpListener, service: Service<impl Handler>, stop: Stop) -> io::Result<()> {
    let stopping = Arc::new(Notify::new());
    let wake = Arc::clone(&stopping);
    stop.on_trigger(move || wake.notify_one());

    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let connections = Connections::new(service.options.max_connections, &service.stats);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.notified() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let Some(admission) = connections.admit() else {
                    // A stream that can't be turned away properly is turned away by its drop.
                    let _ = stream.into_std().map(turn_away);
                    continue;
                };
                let (handler, options) = (Arc::clone(&service.handler), Arc::clone(&service.options));
                let (stats, within) = (Arc::clone(&service.stats), service.request_timeout);
                tokio::spawn(async move {
                    let _admission = admission;
                    if timeout(within, connection::serve(stream, &*handler, &options, &stats)).await.is_err()
                    {
                        stats.fault(Fault::Timeout);
                    }
                });
            }
            Err(error) => {
                service.stats.fault(Fault::Accept);
                sleep(server::accept_pause(&error).unwrap_or(Duration::ZERO)).await;
            }
        }
    }
    drop(listener);
    wait_for(&connections, service.options.drain_deadline(Instant::now())).await;
    Ok(())
}

/// Waits until all connections are closed, or until `deadline`.
async fn wait_for(connections: &Connections, deadline: Instant) {
    const LOOK_AGAIN: Duration = Duration::from_millis(5);

    while connections.active() > 0 && Instant::now() < deadline {
        sleep_until((Instant::now() + LOOK_AGAIN).into()).await;
    }
}

/// What the user of phase 2 can set.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Threads that run the tasks; 0 is one for each processor
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub workers: u16,
    /// How long a connection may take from its first moment to its last, whatever its other deadlines
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = server::parse_deadline)]
    pub request_timeout: Duration,
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
