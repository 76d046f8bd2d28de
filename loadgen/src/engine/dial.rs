//! Opens a stream without waiting for it, from an address that has ports left.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use mio::net::TcpStream;

use super::plan::{Mode, Plan};
use super::target::{Stream, Target};

/// Loopback addresses that connections come from in turn. Whoever closes first keeps the port for a
/// minute, so with about 28,000 ports each they are good for 30,000 connections per second.
const SOURCES: u8 = 64;

/// Where connections go, and where from.
#[derive(Debug)]
pub(super) struct Dialer {
    target: Target,
    /// The last of several source addresses that was used; `None` leaves the choice to the kernel.
    source: Option<u8>,
}

impl Dialer {
    /// For the thread of that number.
    ///
    /// Several sources are used where a plan opens so many connections that one could run out of ports, and
    /// where there are several: on the loopback interface of Linux all of 127.0.0.0/8 is this machine.
    pub(super) fn new(plan: &Plan, thread: usize) -> Self {
        let many = plan.mode == Mode::Close || plan.requests_per_connection.is_some();
        let loopback =
            matches!(plan.target, Target::Tcp(SocketAddr::V4(target)) if target.ip().is_loopback());
        let first = u8::try_from(thread % usize::from(SOURCES)).unwrap_or(0);
        let source = (many && loopback && cfg!(target_os = "linux")).then_some(first);
        Self { target: plan.target.clone(), source }
    }

    /// Begins to connect; the handshake is over when the stream can be written to.
    pub(super) fn dial(&mut self) -> io::Result<Stream> {
        match (&self.target, &mut self.source) {
            (Target::Tcp(target), Some(last)) => {
                *last = *last % SOURCES + 1;
                connect_from(Ipv4Addr::new(127, 0, 0, *last), *target).map(Stream::Tcp)
            }
            (target, _) => Stream::connect(target),
        }
    }
}

#[cfg(target_os = "linux")]
fn connect_from(source: Ipv4Addr, target: SocketAddr) -> io::Result<TcpStream> {
    use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};

    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    // The port is chosen by connect, which can use one again that leads elsewhere (ip(7)); bind would
    // have to take one that nobody uses.
    setsockopt(&socket, IpBindAddressNoPort, &true)?;
    bind(&socket, &SocketAddr::from((source, 0)))?;
    match connect(&socket, &target) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(TcpStream::from_std(std::net::TcpStream::from(socket)))
}

#[cfg(not(target_os = "linux"))]
fn connect_from(_: Ipv4Addr, target: SocketAddr) -> io::Result<TcpStream> {
    TcpStream::connect(target)
}
