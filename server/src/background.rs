//! A phase on a thread of this process, for tests and benchmarks.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use handler::Stats;
use socket2::{Domain, Socket, Type};

use crate::{Stop, listen};

/// A server on a port of its own on the loopback interface. It is stopped when dropped.
#[derive(Debug)]
pub struct Background {
    addr: SocketAddr,
    stats: Arc<Stats>,
    stop: Stop,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// An address of the loopback interface at which nobody listens, for as long as this lives. The port of a
/// listener that was closed is no such thing: the next one to ask for any port may get it.
#[derive(Debug)]
pub struct DeadPort {
    addr: SocketAddr,
    /// Bound, which keeps the port, and not listening, which has the kernel refuse whoever connects.
    _socket: Socket,
}

impl DeadPort {
    /// Takes a port.
    ///
    /// # Errors
    /// When there is none.
    pub fn new() -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
        let addr = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { addr, _socket: socket })
    }

    /// Where nobody listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

/// An answer that takes longer than this never comes: no call here waits forever.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// How often something that is awaited is looked for.
const LOOK_AGAIN: Duration = Duration::from_micros(200);

/// All that comes on a connection until the server closes it.
///
/// # Panics
/// When reading fails, as by a reset, or what comes is no text.
pub fn receive(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer and a close");
    answer
}

impl Background {
    /// Starts a phase: `serve` is given the listener, the counters and the way to be stopped.
    ///
    /// # Errors
    /// When no port can be opened.
    pub fn start(
        serve: impl FnOnce(TcpListener, &Arc<Stats>, &Stop) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Self> {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let addr = listener.local_addr()?;
        let (stats, stop) = (Arc::new(Stats::new()), Stop::new());
        let (stats_there, stop_there) = (Arc::clone(&stats), stop.clone());
        let thread = thread::spawn(move || serve(listener, &stats_there, &stop_there));
        Ok(Self { addr, stats, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it has counted.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Waits until that many requests have reached the handler.
    ///
    /// # Panics
    /// If they have not within [`ANSWER_TIMEOUT`].
    pub fn wait_for_requests(&self, requests: u64) {
        self.wait_until("the requests reach the handler", |stats| stats.requests() >= requests);
    }

    /// Waits until the counters are as they should become, which is said in `what`.
    ///
    /// # Panics
    /// If they are not within [`ANSWER_TIMEOUT`].
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&Stats) -> bool) {
        let start = Instant::now();
        while !is_so(&self.stats) {
            assert!(start.elapsed() < ANSWER_TIMEOUT, "in vain: {what}; {:?}", self.stats.snapshot());
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// How it is stopped.
    pub fn stopper(&self) -> &Stop {
        &self.stop
    }

    /// Opens a connection on which no call waits forever.
    ///
    /// # Errors
    /// When it is refused.
    pub fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.addr)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        Ok(stream)
    }

    /// Opens a connection, sends `request` and returns all that comes back until the server closes.
    ///
    /// # Errors
    /// When anything fails, or the server does not close within [`ANSWER_TIMEOUT`].
    pub fn ask(&self, request: impl AsRef<[u8]>) -> io::Result<String> {
        let mut stream = self.connect()?;
        stream.write_all(request.as_ref())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Opens a connection and sends `request`.
    ///
    /// # Panics
    /// When either fails.
    pub fn send(&self, request: impl AsRef<[u8]>) -> TcpStream {
        let mut stream = self.connect().expect("connected");
        stream.write_all(request.as_ref()).expect("sent");
        stream
    }

    /// Stops it and waits until it has ended.
    ///
    /// # Errors
    /// What its `serve` has returned, or that it has not within [`ANSWER_TIMEOUT`].
    pub fn stop(mut self) -> io::Result<()> {
        self.join()
    }

    fn join(&mut self) -> io::Result<()> {
        self.stop.trigger();
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let start = Instant::now();
        while !thread.is_finished() {
            if start.elapsed() > ANSWER_TIMEOUT {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the server did not stop"));
            }
            thread::sleep(LOOK_AGAIN);
        }
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the server panicked")))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.join();
    }
}
