//! A server that does as little as a server can: one epoll loop that finds the ends of requests and
//! answers each with the same bytes. It is what the load engine is measured against.
//!
//! `cargo run --release -p loadgen --example canned -- 127.0.0.1:8080 [keep|close]`
//!
//! It parses nothing, knows no bodies and drops whoever errs: learn no HTTP from it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

const KEEP: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";
const CLOSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, World!";
const LISTENER: Token = Token(usize::MAX);
/// Requests answered with one write.
const ANSWERS_MAX: usize = 256;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let close = arguments.next().as_deref() == Some("close");
    let address: std::net::SocketAddr = address.parse().map_err(io::Error::other)?;
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(4_096)?;
    let mut listener = TcpListener::from_std(socket.into());
    println!("{}", listener.local_addr()?);

    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let answers = if close { CLOSE.to_vec() } else { KEEP.repeat(ANSWERS_MAX) };
    let one_bytes = answers.len() / if close { 1 } else { ANSWERS_MAX };
    let mut connections: Slab<TcpStream> = Slab::new();
    let mut events = Events::with_capacity(1_024);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((stream, _)) = listener.accept() {
                    let entry = connections.vacant_entry();
                    let token = Token(entry.key());
                    let stream = entry.insert(stream);
                    poll.registry().register(stream, token, Interest::READABLE)?;
                }
                continue;
            }
            let Token(index) = event.token();
            let Some(stream) = connections.get_mut(index) else { continue };
            let ended = match stream.read(&mut buffer) {
                Ok(0) => true,
                Ok(received) => {
                    let requests = memchr::memmem::find_iter(&buffer[..received], b"\r\n\r\n").count();
                    let bytes = (requests * one_bytes).min(answers.len());
                    let failed = stream.write_all(&answers[..bytes]).is_err();
                    if close {
                        // The client closes in answer to this, and so TIME_WAIT stays here.
                        let _ = stream.shutdown(Shutdown::Write);
                    }
                    failed
                }
                Err(error) => error.kind() != ErrorKind::WouldBlock,
            };
            if ended || event.is_read_closed() {
                connections.remove(index);
            }
        }
    }
}
