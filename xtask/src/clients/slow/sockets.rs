//! The kernel's table of connections.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddrV4;

/// A line for each IPv4 connection of this machine.
const TABLE: &str = "/proc/net/tcp";
/// Its states that matter here.
const ESTABLISHED: &str = "01";
const CLOSED_BY_CLIENT: &str = "08";

/// A connection to a server that the server has not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    /// The client's port.
    pub(super) port: u16,
    /// Whether the server has accepted it. If not, it waits for that.
    pub(super) is_held: bool,
}

/// The open connections to `server` from its own address.
pub(super) fn connections_to(server: SocketAddrV4) -> Result<Vec<Connection>, String> {
    // An address as a number in this machine's order of bytes.
    let ip = format!("{:08X}", u32::from_ne_bytes(server.ip().octets()));
    let local = format!("{ip}:{:04X}", server.port());
    let mut connections = Vec::new();
    for_each_line(|line| connections.extend(connection(line, &local, &ip)))
        .map_err(|error| format!("{TABLE} can't be read: {error}"))?;
    Ok(connections)
}

/// Calls `each` with every line. There may be tens of thousands, of connections that were closed a
/// minute ago, so they are not gathered.
fn for_each_line(mut each: impl FnMut(&str)) -> io::Result<()> {
    let mut table = BufReader::new(File::open(TABLE)?);
    let mut line = String::new();
    while table.read_line(&mut line)? > 0 {
        each(&line);
        line.clear();
    }
    Ok(())
}

/// What a line tells of a connection from `remote_ip` to `local`; nothing if it is about another one,
/// or about one that the server has closed.
fn connection(line: &str, local: &str, remote_ip: &str) -> Option<Connection> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    if fields.next()? != local {
        return None;
    }
    let (to, state, inode) = (fields.next()?, fields.next()?, fields.nth(5)?);
    let (ip, port) = to.split_once(':')?;
    // What has no descriptor has no inode: it is not accepted yet, or closed, and the states differ.
    let is_held = inode != "0";
    let is_open = is_held || [ESTABLISHED, CLOSED_BY_CLIENT].contains(&state);
    let port = u16::from_str_radix(port, 16).ok()?;
    (ip == remote_ip && is_open).then_some(Connection { port, is_held })
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener, TcpStream};

    use super::{Connection, connections_to};

    #[test]
    fn a_connection_is_there_from_the_backlog_to_its_close_and_held_in_between() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let Ok(SocketAddr::V4(addr)) = listener.local_addr() else { panic!("not IPv4") };
        let client = TcpStream::connect(addr).expect("a connection");
        let port = client.local_addr().expect("an address").port();
        let look = || connections_to(addr).expect("a table");
        assert_eq!(look(), [Connection { port, is_held: false }]);
        let (accepted, _) = listener.accept().expect("a client");
        assert_eq!(look(), [Connection { port, is_held: true }]);
        drop(accepted);
        assert_eq!(look(), []);
        drop(client);
    }
}
