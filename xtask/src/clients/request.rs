//! The one request that this job sends by itself: a GET on a connection of its own.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// Where [`get`] comes from. The clients come from 127.0.0.1, so they can be told apart.
const SOURCE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// The status and the body of `path`. `limit` is for each read and write.
pub(super) fn get(addr: SocketAddrV4, path: &str, limit: Duration) -> Result<(u16, String), String> {
    get_from(SOURCE, addr, path, limit)
}

/// The same from an address of this machine.
pub(crate) fn get_from(
    source: Ipv4Addr,
    addr: SocketAddrV4,
    path: &str,
    limit: Duration,
) -> Result<(u16, String), String> {
    let answer = exchange(source, addr, path, limit).map_err(|error| match error.kind() {
        // What the kernel calls it is no help: "resource temporarily unavailable".
        ErrorKind::WouldBlock => format!("GET {path} got no answer within {limit:?}"),
        _ => format!("GET {path} on a connection of its own: {error}"),
    })?;
    parse(&answer).ok_or_else(|| format!("GET {path} got no answer but {answer:?}"))
}

fn exchange(source: Ipv4Addr, addr: SocketAddrV4, path: &str, limit: Duration) -> std::io::Result<String> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddrV4::new(source, 0).into())?;
    socket.connect_timeout(&addr.into(), limit)?;
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer)?;
    Ok(answer)
}

fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_status_and_a_body_make_an_answer() {
        assert_eq!(parse("HTTP/1.1 200 OK\r\nA: b\r\n\r\nhi"), Some((200, "hi".to_owned())));
        assert_eq!(parse("HTTP/1.1 200 OK\r\nA: b\r\n"), None);
        assert_eq!(parse(""), None);
    }
}
