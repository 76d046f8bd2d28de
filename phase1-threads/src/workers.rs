//! The threads that serve.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
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

    /// Calls `serve` with the stream on a thread that is free, or as soon as one is.
    ///
    /// # Errors
    /// When a thread can't be started; the stream comes back, so that its client can be told.
    pub(crate) fn run(
        &self,
        stream: TcpStream,
        serve: impl FnOnce(&TcpStream) + Send + 'static,
    ) -> Result<(), (io::Error, Option<TcpStream>)> {
        match self {
            Self::Pool(pool) => pool.spawn(move || serve(&stream)),
            Self::Spawn => {
                // A thread that does not start drops what it was given, so it is given a share.
                let here = Arc::new(stream);
                let there = Arc::clone(&here);
                if let Err(error) = thread::Builder::new().spawn(move || serve(&there)) {
                    return Err((error, Arc::into_inner(here)));
                }
            }
        }
        Ok(())
    }
}
