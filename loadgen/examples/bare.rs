//! A client that does as little as a client can: one epoll loop that sends a request, counts the bytes
//! of the answer and sends the next. It is what the load engine's own cost is compared with.
//!
//! `cargo run --release -p loadgen --example bare -- 127.0.0.1:8080 64 1 3`, which is the address, the
//! connections, the requests in flight on each, and the seconds. It prints how many were answered, in how
//! many seconds.
//!
//! It takes every answer to be as long as the first one, reads no clock but once a turn, and measures no
//! latency: believe nothing that it says of a server that is not the canned one.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: canned\r\n\r\n";
const READ_BYTES: usize = 64 * 1024;
const USAGE: &str = "it takes an address, connections, requests in flight on each, and seconds";

fn main() -> io::Result<()> {
    fire(std::env::args().skip(1))
}

/// Fires until the time is over; `arguments` are those of the command line.
pub(crate) fn fire(mut arguments: impl Iterator<Item = String>) -> io::Result<()> {
    let mut next = || arguments.next().ok_or_else(|| io::Error::other(USAGE));
    let address: std::net::SocketAddr = next()?.parse().map_err(io::Error::other)?;
    let mut number = || next()?.parse::<usize>().map_err(io::Error::other);
    let (connections, depth, seconds) = (number()?, number()?, number()?);
    let batch = REQUEST.repeat(depth);

    let mut poll = Poll::new()?;
    let mut buffer = vec![0; READ_BYTES];
    let mut streams = Vec::with_capacity(connections);
    let mut answer_bytes = 0;
    for index in 0..connections {
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        answer_bytes = first_answer(&stream, &mut buffer)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
        send(&stream, &batch, SendFlags::NOSIGNAL)?;
        streams.push((stream, 0));
    }

    let began = Instant::now();
    let time = Duration::from_secs(seconds as u64);
    let mut events = Events::with_capacity(1_024);
    let mut answered = 0;
    while began.elapsed() < time {
        match poll.poll(&mut events, Some(Duration::from_millis(100))) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            let (stream, received) = &mut streams[event.token().0];
            match recv(&*stream, &mut *buffer, RecvFlags::empty()) {
                Ok((0, _)) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok((bytes, _)) => *received += bytes,
                Err(Errno::AGAIN | Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            if *received == depth * answer_bytes {
                *received = 0;
                answered += depth;
                send(&*stream, &batch, SendFlags::NOSIGNAL)?;
            }
        }
    }
    println!("{answered} {}", began.elapsed().as_secs_f64());
    Ok(())
}

/// Asks once, and returns how long the answer is that comes in one piece.
fn first_answer(stream: &std::net::TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    send(stream, REQUEST, SendFlags::NOSIGNAL)?;
    Ok(recv(stream, buffer, RecvFlags::empty())?.0)
}
