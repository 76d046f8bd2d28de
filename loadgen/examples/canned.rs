//! A server that does as little as a server can: one epoll loop that finds the ends of requests and
//! answers each with the same bytes. It is what the load engine is measured against.
//!
//! `cargo run --release -p loadgen --example canned -- 127.0.0.1:8080 [keep|close]`
//!
//! It parses nothing, knows no bodies and drops whoever errs: learn no HTTP from it.

use std::io::{self, ErrorKind};
use std::net::Shutdown;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use slab::Slab;

const KEEP: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";
const CLOSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, World!";
/// What a request ends with.
const END: &[u8] = b"\r\n\r\n";
const LISTENER: Token = Token(usize::MAX);
const READ_BYTES: usize = 64 * 1024;
/// Answers written at once. A read can hold no more ends of requests.
const ANSWERS_MAX: usize = READ_BYTES / END.len() + 1;

struct Connection {
    stream: TcpStream,
    /// How much of [`END`] the last read ended with.
    matched: usize,
}

fn main() -> io::Result<()> {
    serve(std::env::args().skip(1))
}

/// Serves until it is killed; `arguments` are those of the command line.
pub(crate) fn serve(mut arguments: impl Iterator<Item = String>) -> io::Result<()> {
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
    let mut connections: Slab<Connection> = Slab::new();
    let mut events = Events::with_capacity(1_024);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            let Token(index) = event.token();
            if event.token() == LISTENER {
                accept(&listener, &poll, &mut connections)?;
            } else if let Some(connection) = connections.get_mut(index)
                && connection.serve(&mut buffer, &answers, close).is_err()
            {
                connections.remove(index);
            }
        }
    }
}

/// Accepts all that has queued. Whatever fails but for one connection is no state to measure in.
fn accept(listener: &TcpListener, poll: &Poll, connections: &mut Slab<Connection>) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                let entry = connections.vacant_entry();
                let token = Token(entry.key());
                let connection = entry.insert(Connection { stream, matched: 0 });
                poll.registry().register(&mut connection.stream, token, Interest::READABLE)?;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
            Err(error) => return Err(error),
        }
    }
}

impl Connection {
    /// Answers all that has come. An error ends the connection, the client's close among them.
    fn serve(&mut self, buffer: &mut [u8], answers: &[u8], close: bool) -> io::Result<()> {
        loop {
            let received = match recv(&self.stream, &mut *buffer, RecvFlags::empty()) {
                Ok((0, _)) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok((received, _)) => received,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let requests = self.count(&buffer[..received]);
            if close && requests > 0 {
                self.answer(answers)?;
                // The client closes in answer to this, and so TIME_WAIT stays here.
                self.stream.shutdown(Shutdown::Write)?;
            } else if !close {
                self.answer(&answers[..requests * KEEP.len()])?;
            }
            // A read that left room has emptied the socket, unless the end stands behind it.
            if received < buffer.len() && !close {
                return Ok(());
            }
        }
    }

    /// Sends `answers` whole: a client that leaves them unread until its socket is full is dropped.
    fn answer(&self, mut answers: &[u8]) -> io::Result<()> {
        while !answers.is_empty() {
            match send(&self.stream, answers, SendFlags::NOSIGNAL) {
                Ok(sent) => answers = &answers[sent..],
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Counts the requests that end in `bytes`, one that began in an earlier read among them.
    fn count(&mut self, bytes: &[u8]) -> usize {
        let (head, rest) = bytes.split_at(bytes.len().min(END.len() - self.matched));
        if self.matched > 0 && END[self.matched..].starts_with(head) {
            self.matched += head.len();
            if self.matched < END.len() {
                return 0;
            }
            return 1 + self.count_from_start(rest);
        }
        self.count_from_start(bytes)
    }

    fn count_from_start(&mut self, bytes: &[u8]) -> usize {
        self.matched = (1..END.len()).rev().find(|&n| bytes.ends_with(&END[..n])).unwrap_or(0);
        memchr::memmem::find_iter(bytes, END).count()
    }
}
