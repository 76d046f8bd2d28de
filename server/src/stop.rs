//! Telling a server to stop, and waking it so that it hears.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use socket2::SockRef;

/// The one way to stop any phase: whoever holds a clone pulls the trigger, and the server accepts
/// nothing more, finishes the answers under way, and returns from `serve`.
#[derive(Clone, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Default)]
struct Inner {
    triggered_at: OnceLock<Instant>,
    wakers: Mutex<Vec<Box<dyn Fn() + Send>>>,
}

impl Stop {
    /// Not triggered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the server. Only the first call does anything.
    pub fn trigger(&self) {
        let mut wakers = self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.0.triggered_at.set(Instant::now());
        for wake in wakers.drain(..) {
            wake();
        }
    }

    /// Calls `wake` when triggered; at once, if it already is. Each loop waits on something of its
    /// own kind, and this is how it hears.
    pub fn on_trigger(&self, wake: impl Fn() + Send + 'static) {
        let mut wakers = self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_triggered() {
            wake();
        } else {
            wakers.push(Box::new(wake));
        }
    }

    /// Ends a listener that a thread may block on in `accept`, and wakes that thread, which has to look
    /// at the trigger before it looks at what it accepted.
    ///
    /// The thread may be serving, with no time to close the listener, so it is shut down from here:
    /// clients are refused at once, instead of being let into a queue that nobody will serve.
    ///
    /// # Errors
    /// When the listener can't be shared.
    pub fn on_trigger_end(&self, listener: &TcpListener) -> io::Result<()> {
        let (addr, listener) = (listener.local_addr()?, listener.try_clone()?);
        self.on_trigger(move || {
            // Linux takes a listener out of service and has `accept` fail. Other systems say that it is
            // not connected and do nothing, so there a connection wakes the thread. Where none can be
            // put into the queue, the queue is full and the thread awake.
            if SockRef::from(&listener).shutdown(Shutdown::Both).is_err() {
                _ = TcpStream::connect_timeout(&reachable(addr), Duration::from_millis(100));
            }
        });
        Ok(())
    }

    /// Whether the server is to stop.
    pub fn is_triggered(&self) -> bool {
        self.triggered_at().is_some()
    }

    /// When it was told to.
    pub fn triggered_at(&self) -> Option<Instant> {
        self.0.triggered_at.get().copied()
    }
}

/// The address at which a listener is reached from its own machine: one that listens everywhere
/// is also on the loopback interface.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        std::net::IpAddr::V4(ip) if ip.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(ip) if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stop").field("triggered_at", &self.triggered_at()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::Stop;
    use crate::ANSWER_TIMEOUT;

    #[test]
    fn each_waker_is_called_once_whether_it_came_before_or_after() {
        let calls = Arc::new(AtomicUsize::new(0));
        let stop = Stop::new();
        let register = || {
            let calls = Arc::clone(&calls);
            stop.on_trigger(move || _ = calls.fetch_add(1, Ordering::Relaxed));
        };
        register();
        stop.trigger();
        stop.trigger();
        register();
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_blocked_accept_wakes_up() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let stop = Stop::new();
        stop.on_trigger_end(&listener).expect("shared");
        let (woken, is_woken) = mpsc::channel();
        // With an error or with a connection: it looks at the trigger first.
        std::thread::spawn(move || woken.send(listener.accept().is_ok()));
        stop.trigger();
        is_woken.recv_timeout(ANSWER_TIMEOUT).expect("accept came back");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_stopped_listener_refuses_although_nobody_has_closed_it() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let stop = Stop::new();
        stop.on_trigger_end(&listener).expect("shared");
        let addr = listener.local_addr().expect("address");
        drop(std::net::TcpStream::connect(addr).expect("connected"));
        stop.trigger();
        let refused = std::net::TcpStream::connect(addr).map(drop).map_err(|error| error.kind());
        assert_eq!(refused, Err(std::io::ErrorKind::ConnectionRefused));
    }
}
