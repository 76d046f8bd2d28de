//! Opening the listener.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Where to listen.
#[derive(clap::Args, Clone, Debug)]
pub struct Bind {
    /// Address and port to listen on; port 0 takes a free one, and the first line printed says which
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", value_parser = parse_addr)]
    pub addr: SocketAddr,
}

/// Reads an address to listen on as flags take it.
///
/// # Errors
/// What is wrong with it, for the user.
pub fn parse_addr(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "it is written as ADDR:PORT, like 127.0.0.1:8080 or [::1]:8080, with a port up to 65535 and no name of a host"
            .to_owned()
    })
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

/// Why `addr` can't be listened on, and what to do.
pub fn cannot_listen(addr: SocketAddr, error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there; stop it, or give another --addr (port 0 takes a free one)"
        }
        io::ErrorKind::AddrNotAvailable => "that is no address of this machine; try 127.0.0.1",
        io::ErrorKind::PermissionDenied => "ports below 1024 need privileges; try 8080",
        _ => "give another --addr",
    };
    format!("can't listen on {addr}: {error}: {advice}")
}
