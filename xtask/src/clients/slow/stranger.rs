//! Somebody else, who asks for `/` ten times a second while others are slow.

use std::net::SocketAddrV4;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::super::request::get;

const INTERVAL: Duration = Duration::from_millis(100);

/// A client that goes on until it is told to stop.
#[derive(Debug)]
pub(super) struct Stranger {
    thread: JoinHandle<Served>,
    /// Closing it stops the thread.
    go_on: mpsc::Sender<()>,
}

/// How it was served.
#[derive(Debug, Default)]
pub(super) struct Served {
    pub(super) answers: usize,
    /// The longest from the connect to the end of an answer.
    pub(super) longest: Duration,
    /// What was no good, the first one in words.
    pub(super) fault: Option<String>,
}

impl Stranger {
    /// Starts asking. An answer may take up to `limit`.
    pub(super) fn start(addr: SocketAddrV4, limit: Duration) -> Self {
        let (go_on, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut served = Served::default();
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                served.ask(addr, limit);
            }
            served
        });
        Self { thread, go_on }
    }

    /// Stops asking, once what is under way is answered or given up.
    pub(super) fn stop(self) -> Served {
        drop(self.go_on);
        let failed = |_| Served { fault: Some("the stranger panicked".to_owned()), ..Served::default() };
        self.thread.join().unwrap_or_else(failed)
    }
}

impl Served {
    fn ask(&mut self, addr: SocketAddrV4, limit: Duration) {
        let asked = Instant::now();
        let fault = match get(addr, "/", limit) {
            Ok((200, body)) if body == "Hello, World!" => None,
            Ok((status, body)) => Some(format!("a stranger was answered {status}: {body:?}")),
            Err(error) => Some(error),
        };
        self.answers += usize::from(fault.is_none());
        self.longest = self.longest.max(asked.elapsed());
        self.fault = self.fault.take().or(fault);
    }
}
