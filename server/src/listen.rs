//! Opening the listener.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Where to listen.
#[derive(clap::Args, Clone, Debug)]
pub struct Bind {
    /// Address and port to listen on; port 0 takes a free one, and the first line printed says which
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub addr: SocketAddr,
}

/// The kernel cuts this down to the longest queue that it allows (`net.core.somaxconn`).
const BACKLOG: i32 = i32::MAX;

/// Listens on `addr` with the longest queue that the kernel allows, so that a thousand clients can
/// connect at once to a server that accepts one at a time.
///
/// # Errors
/// When the address can't be used: it is taken, not this machine's, or needs privileges.
pub fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // Connections that the last server closed first must not keep the next one from starting.
    socket.set_reuse_address(true)?;
    // Accepted connections inherit it: an answer is written whole, and must not wait in the kernel for
    // the acknowledgement of the one before it.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
