//! The threads that serve.

use std::io;
use std::thread;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::Options;

/// Where a connection goes once it is accepted.
pub(crate) enum Workers {
    /// A fixed number of threads and a queue. The queue has no bound of its own; what it holds is
    /// bounded by the connection limit.
    Pool(ThreadPool),
    /// A new thread each time.
    Spawn,
}

impl Workers {
    pub(crate) fn new(options: &Options) -> io::Result<Self> {
        if options.spawn {
            return Ok(Self::Spawn);
        }
        ThreadPoolBuilder::new()
            .num_threads(options.workers.into())
            .thread_name(|index| format!("worker-{index}"))
            // Rayon's own answer to a panic is to end the process.
            .panic_handler(|_| {})
            .build()
            .map(Self::Pool)
            .map_err(io::Error::other)
    }

    /// Calls `serve` on a thread that is free, or as soon as one is.
    ///
    /// # Errors
    /// When a thread can't be started; `serve` is dropped, and its connection with it.
    pub(crate) fn run(&self, serve: impl FnOnce() + Send + 'static) -> io::Result<()> {
        match self {
            Self::Pool(pool) => pool.spawn(serve),
            Self::Spawn => drop(thread::Builder::new().spawn(serve)?),
        }
        Ok(())
    }
}
