//! One JSON object on a line, over TCP, for as long as nobody asks for the end.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::net::{RecvFlags, recv};
use serde::Serialize;
use serde::de::DeserializeOwned;
use socket2::{SockRef, TcpKeepalive};

/// The longest line of a shard that was made welcome: a plan with a large body, or an outcome.
const LINE_BYTES_MAX: usize = 64 << 20;
/// The longest one before that. Whoever sends more speaks something else.
const FIRST_LINE_BYTES_MAX: usize = 64 << 10;
/// How often a wait looks whether it is to end.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a line may take to be taken in by the other side.
const WRITE_MAX: Duration = Duration::from_secs(10);
/// A host that says nothing at all for about half a minute has gone, whatever it was doing.
const SILENT: Duration = Duration::from_secs(10);
const PROBE_EVERY: Duration = Duration::from_secs(5);
const PROBES: u32 = 3;

/// One end of the conversation.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    /// What has come and is no whole line yet, or belongs to later ones.
    received: Vec<u8>,
    bytes_max: usize,
}

impl Line {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        // A question for the time must not wait for more to come.
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK_EVERY))?;
        stream.set_write_timeout(Some(WRITE_MAX))?;
        // One that has lost its power closes nothing.
        let alive = TcpKeepalive::new().with_time(SILENT).with_interval(PROBE_EVERY).with_retries(PROBES);
        SockRef::from(&stream).set_tcp_keepalive(&alive)?;
        Ok(Self { stream, received: Vec::new(), bytes_max: FIRST_LINE_BYTES_MAX })
    }

    /// Takes longer lines from now on: the other side is one of ours.
    pub(super) fn trust(&mut self) {
        self.bytes_max = LINE_BYTES_MAX;
    }

    /// Whether the other side is on this host.
    pub(super) fn is_local(&self) -> bool {
        let ends = (self.stream.peer_addr(), self.stream.local_addr());
        matches!(ends, (Ok(peer), Ok(local)) if peer.ip() == local.ip())
    }

    /// Who is at the other end.
    pub(super) fn peer(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }

    pub(super) fn say(&mut self, what: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(what)?;
        line.push(b'\n');
        self.stream.write_all(&line).map_err(|error| match error.kind() {
            ErrorKind::WouldBlock => ErrorKind::TimedOut.into(),
            _ => error,
        })
    }

    /// The next line; an error of kind `Interrupted` once `stop` is set, `TimedOut` when there was none within
    /// `patience`, `UnexpectedEof` when the other side has gone.
    pub(super) fn hear<T: DeserializeOwned>(
        &mut self,
        stop: &AtomicBool,
        patience: Option<Duration>,
    ) -> io::Result<T> {
        let began = Instant::now();
        let mut buffer = [0; 16 * 1_024];
        let mut searched = 0;
        let mut is_over = false;
        loop {
            if let Some(end) = self.received[searched..].iter().position(|&byte| byte == b'\n') {
                let rest = self.received.split_off(searched + end + 1);
                let line = std::mem::replace(&mut self.received, rest);
                return serde_json::from_slice(&line)
                    .map_err(|error| io::Error::new(ErrorKind::InvalidData, error));
            }
            searched = self.received.len();
            if searched > self.bytes_max {
                return Err(io::Error::new(ErrorKind::InvalidData, "a line without an end"));
            }
            if stop.load(Ordering::Relaxed) {
                return Err(ErrorKind::Interrupted.into());
            }
            if is_over {
                return Err(ErrorKind::TimedOut.into());
            }
            // Looked at before the last read, so that what has come by then is heard however late that is.
            is_over = patience.is_some_and(|patience| began.elapsed() >= patience);
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.received.extend_from_slice(&buffer[..read]),
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                    ) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the other side is still there, as far as can be seen without waiting.
    pub(super) fn is_open(&self) -> bool {
        match self.peek() {
            Ok(read) => read > 0,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }

    /// Whether the other side is still there and has said nothing more.
    pub(super) fn is_quiet(&self) -> bool {
        self.received.is_empty() && self.peek().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    fn peek(&self) -> io::Result<usize> {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        Ok(recv(&self.stream, &mut [0][..], flags)?.1)
    }

    /// The same conversation, to look at from another thread.
    pub(super) fn watch(&self) -> io::Result<Self> {
        Ok(Self {
            stream: self.stream.try_clone()?,
            received: self.received.clone(),
            bytes_max: self.bytes_max,
        })
    }
}
