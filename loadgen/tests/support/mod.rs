//! Servers that behave and misbehave, each as a script of one connection.

// Each test binary uses its own part of this.
#![allow(dead_code, unreachable_pub)]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use loadgen::engine::{self, Amount, Expect, Mode, Outcome, Pace, Plan, Progress};

/// Far beyond what any test takes; reached only by one that hangs.
pub const HANG: Duration = Duration::from_secs(20);
pub const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n";
pub const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
pub const HELLO_CLOSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
pub const PIPELINE_1: Mode = Mode::KeepAlive { pipeline: 1 };

/// A server that runs a script on a thread for each connection, and counts.
pub struct Server {
    pub address: SocketAddr,
    pub counts: Arc<Counts>,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
pub struct Counts {
    pub connections: AtomicU64,
    pub requests: AtomicU64,
    /// Connections that the client ended with a reset.
    pub resets: AtomicU64,
}

/// The server's end of one connection.
pub struct Peer {
    pub stream: TcpStream,
    pub counts: Arc<Counts>,
    /// Which connection this is, from 0.
    pub number: u64,
    unread: Vec<u8>,
}

impl Server {
    pub fn start(script: impl Fn(Peer) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (counts, stop) = (Arc::new(Counts::default()), Arc::new(AtomicBool::new(false)));
        let (script, for_thread) = (Arc::new(script), (Arc::clone(&counts), Arc::clone(&stop)));
        let accepting = thread::spawn(move || {
            let (counts, stop) = for_thread;
            let mut serving = Vec::new();
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let stream = stream.expect("an accepted connection");
                stream.set_read_timeout(Some(HANG)).expect("a timeout is accepted");
                stream.set_nodelay(true).expect("nodelay is accepted");
                let number = counts.connections.fetch_add(1, Ordering::SeqCst);
                let peer = Peer { stream, counts: Arc::clone(&counts), number, unread: Vec::new() };
                let (script, counts) = (Arc::clone(&script), Arc::clone(&counts));
                serving.push(thread::spawn(move || {
                    if script(peer).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset) {
                        counts.resets.fetch_add(1, Ordering::SeqCst);
                    }
                }));
            }
            for thread in serving {
                thread.join().expect("a script does not panic");
            }
        });
        Self { address, counts, stop, accepting: Some(accepting) }
    }

    pub fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::SeqCst)
    }

    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// Waits for all scripts to end, and returns how many connections ended with a reset.
    pub fn resets(mut self) -> u64 {
        self.join();
        self.counts.resets.load(Ordering::SeqCst)
    }

    /// Waits for all scripts to end, and returns how many requests they have read and how many connections
    /// ended with a reset. For requests that have no answer, which may be read long after the run is over.
    pub fn end(self) -> (u64, u64) {
        let counts = Arc::clone(&self.counts);
        let resets = self.resets();
        (counts.requests.load(Ordering::SeqCst), resets)
    }

    fn join(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the accept; the flag is looked at first.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("the accepting thread does not panic");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.join();
        }
    }
}

impl Peer {
    /// Reads one request (a head without a body) and counts it; `false` at the end of the stream.
    pub fn request(&mut self) -> io::Result<bool> {
        loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                self.unread.drain(..end + 4);
                self.counts.requests.fetch_add(1, Ordering::SeqCst);
                return Ok(true);
            }
            let mut buffer = [0; 4_096];
            match self.stream.read(&mut buffer)? {
                0 => return Ok(false),
                received => self.unread.extend_from_slice(&buffer[..received]),
            }
        }
    }

    /// Reads `bytes` of a body.
    pub fn skip(&mut self, bytes: usize) -> io::Result<()> {
        let here = bytes.min(self.unread.len());
        self.unread.drain(..here);
        let rest = (bytes - here) as u64;
        let skipped = io::copy(&mut (&self.stream).take(rest), &mut io::sink())?;
        if skipped == rest { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Half-closes and waits for the client's end, as a server does that is done with a connection.
    pub fn close(&mut self) -> io::Result<()> {
        self.stream.shutdown(std::net::Shutdown::Write)?;
        self.drain()
    }

    /// Reads until the client closes.
    pub fn drain(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4_096];
        while self.stream.read(&mut buffer)? > 0 {}
        Ok(())
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        let socket = socket2::SockRef::from(&self.stream);
        socket.set_linger(Some(Duration::ZERO)).expect("linger is accepted");
    }
}

/// A script that answers every request with `response`, and keeps the connection.
pub fn always(response: &'static [u8]) -> impl Fn(Peer) -> io::Result<()> + Send + Sync {
    move |mut peer| {
        while peer.request()? {
            peer.send(response)?;
        }
        Ok(())
    }
}

/// A script that answers one request with `response`, and closes.
pub fn once(response: &'static [u8]) -> impl Fn(Peer) -> io::Result<()> + Send + Sync {
    move |mut peer| {
        if peer.request()? {
            peer.send(response)?;
        }
        peer.close()
    }
}

/// A plan of `requests` over `connections`, without a warm-up.
pub fn plan(target: SocketAddr, mode: Mode, connections: usize, requests: u64) -> Plan {
    Plan {
        target: target.into(),
        request: REQUEST.to_vec(),
        head: false,
        mode,
        connections,
        threads: connections.min(2),
        warmup: Duration::ZERO,
        amount: Amount::Requests(requests),
        timeout: HANG,
        requests_per_connection: None,
        reset: false,
        pace: Pace::Closed,
        expect: Expect { status: Some(200), body: Some(b"hello".to_vec()) },
        cohorts: Vec::new(),
        cpus: Vec::new(),
    }
}

/// Whether `seen` is true in one of several tries: for what a busy machine may hide now and then, but not each
/// time.
pub fn in_some_try(seen: impl FnMut() -> bool) -> bool {
    const TRIES_MAX: usize = 20;
    std::iter::repeat_with(seen).take(TRIES_MAX).any(|seen| seen)
}

/// Says that a test could not be done here. Not with `eprintln!`, which the harness keeps to itself where a test
/// passes.
pub fn skipped(why: &str) {
    let _ = writeln!(io::stderr(), "skipped: {why}");
}

/// Runs `plan`, which has to be possible and to end.
pub fn fire(plan: &Plan) -> Outcome {
    let progress = Progress::default();
    let began = Instant::now();
    let outcome = thread::scope(|scope| {
        let run = scope.spawn(|| engine::run(plan, &progress).expect("the plan is possible"));
        while !run.is_finished() {
            progress.stop.fetch_or(began.elapsed() > HANG * 2, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(1));
        }
        run.join().expect("the engine does not panic")
    });
    assert!(!outcome.interrupted, "it hung, with {:?}", outcome.samples);
    outcome
}
