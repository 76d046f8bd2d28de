//! `loadgen serve canned`: a server that does as little as a server can, one epoll loop that finds the ends
//! of requests and answers each with the same bytes.
//!
//! It is the floor that every phase is held against, and what the load engine is benched with. It parses
//! nothing, knows no bodies and drops whoever errs: learn no HTTP from it.

use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, SocketAddr};
use std::process::ExitCode;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv, send};
use slab::Slab;

use crate::cli::Failure;
use crate::engine::wire::NO_SIGNAL;
use crate::lab::Leash;
use crate::serve::put_on;

/// What a request ends with.
const END: &[u8] = b"\r\n\r\n";
const LISTENER: Token = Token(usize::MAX);
const READ_BYTES: usize = 64 * 1024;
/// Answers written at once. A read can hold no more ends of requests.
const ANSWERS_MAX: usize = READ_BYTES / END.len() + 1;
const EVENTS_PER_TURN: usize = 1_024;
/// Connections that the kernel queues for it, as far as its own limit allows.
const BACKLOG: i32 = 4_096;
/// Longer bodies would make the prepared answers fill the memory.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Where it listens and what it answers.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen serve canned
      on 127.0.0.1:8080
  loadgen serve canned --addr 127.0.0.1:8081 --close
      a connection for each request
  loadgen serve canned --body '{\"ok\":true}'
      another answer

Send it requests without a body only: it looks for empty lines, and for nothing else.")]
pub struct Args {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", value_parser = server::parse_addr)]
    addr: SocketAddr,
    /// Close each connection after one answer
    #[arg(long)]
    close: bool,
    /// The body of every answer
    #[arg(long, value_name = "TEXT", default_value = "Hello, World!")]
    body: String,
    #[command(flatten)]
    leash: Leash,
}

/// Serves until it is killed.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    if args.body.len() > BODY_BYTES_MAX {
        return Err(Failure::BadArguments(format!("a canned body has {BODY_BYTES_MAX} bytes at most")));
    }
    put_on(&args.leash, "canned")?;
    // Each connection needs one, and the soft limit is often lower than a lab's connections.
    server::raise_limit();
    let listener =
        listen(args.addr).map_err(|error| Failure::Failed(server::cannot_listen(args.addr, &error)))?;
    serve(args, listener)
        .map(|()| ExitCode::SUCCESS)
        .map_err(|error| Failure::Failed(format!("canned can't serve on {}: {error}", args.addr)))
}

fn serve(args: &Args, mut listener: TcpListener) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "canned listening on http://{}", listener.local_addr()?)?;
    out.flush()?;

    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let answers = Answers::new(&args.body, args.close);
    let mut connections: Slab<Connection> = Slab::new();
    let mut events = Events::with_capacity(EVENTS_PER_TURN);
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
                && connection.serve(&mut buffer, &answers).is_err()
            {
                connections.remove(index);
            }
        }
    }
}

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(addr), socket2::Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener::from_std(socket.into()))
}

/// What is answered, as often as one read can ask for it.
struct Answers {
    bytes: Vec<u8>,
    /// Of one of them.
    each_bytes: usize,
    close: bool,
}

impl Answers {
    fn new(body: &str, close: bool) -> Self {
        let field = if close { "Connection: close\r\n" } else { "" };
        let length = body.len();
        let each = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n{field}\r\n{body}"
        );
        let bytes = each.repeat(if close { 1 } else { ANSWERS_MAX }).into_bytes();
        Self { bytes, each_bytes: each.len(), close }
    }

    fn to(&self, requests: usize) -> &[u8] {
        let requests = if self.close { requests.min(1) } else { requests };
        &self.bytes[..requests * self.each_bytes]
    }
}

struct Connection {
    stream: TcpStream,
    ends: Ends,
}

/// Accepts all that has queued. Whatever fails but for one connection is no state to measure in.
fn accept(listener: &TcpListener, poll: &Poll, connections: &mut Slab<Connection>) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                let entry = connections.vacant_entry();
                let token = Token(entry.key());
                let connection = entry.insert(Connection { stream, ends: Ends::default() });
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
    fn serve(&mut self, buffer: &mut [u8], answers: &Answers) -> io::Result<()> {
        loop {
            let received = match recv(&self.stream, &mut *buffer, RecvFlags::empty()) {
                Ok((0, _)) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok((received, _)) => received,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let requests = self.ends.count(&buffer[..received]);
            self.answer(answers.to(requests))?;
            if answers.close && requests > 0 {
                // The client closes in answer to this, and so TIME_WAIT stays here.
                self.stream.shutdown(Shutdown::Write)?;
            }
            // A read that left room has emptied the socket, unless the end stands behind it.
            if received < buffer.len() && !answers.close {
                return Ok(());
            }
        }
    }

    /// Sends `answers` whole: a client that leaves them unread until its socket is full is dropped.
    fn answer(&self, mut answers: &[u8]) -> io::Result<()> {
        while !answers.is_empty() {
            match send(&self.stream, answers, NO_SIGNAL) {
                Ok(sent) => answers = &answers[sent..],
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Finds the ends of requests, which may come in pieces.
#[derive(Debug, Default)]
struct Ends {
    /// How much of [`END`] the last read ended with.
    matched: usize,
}

impl Ends {
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
        let (mut ends, mut rest) = (0, bytes);
        while let Some(at) = memchr::memmem::find(rest, END) {
            ends += 1;
            rest = &rest[at + END.len()..];
        }
        // Of what follows the last end: a line that is empty belongs to one end only.
        self.matched = (1..END.len()).rev().find(|&n| rest.ends_with(&END[..n])).unwrap_or(0);
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> usize {
        let mut ends = Ends::default();
        pieces.into_iter().map(|piece| ends.count(piece)).sum()
    }

    #[test]
    fn requests_are_counted_alike_wherever_they_are_split() {
        const HEAD: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for (text, requests) in [
            (HEAD.repeat(3), 3),
            (format!("{HEAD}\r\n{HEAD}"), 2),
            (format!("{HEAD}\r\n\r\n{HEAD}\r\r\n"), 3),
            ("\r\n\r\r\n\r\n\n\r\n".to_owned(), 1),
        ] {
            let bytes = text.as_bytes();
            assert_eq!(count([bytes]), requests, "{text:?}");
            assert_eq!(count(bytes.chunks(1)), requests, "{text:?}");
            for at in 0..=bytes.len() {
                let (first, second) = bytes.split_at(at);
                assert_eq!(count([first, second]), requests, "{text:?} at {at}");
            }
        }
    }

    #[test]
    fn an_empty_line_before_a_request_is_no_end_of_one() {
        assert_eq!(count([&b"GET / HTTP/1.1\r\n\r\n"[..], b"\r\n", b"GET"]), 1);
    }
}
