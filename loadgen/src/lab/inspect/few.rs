//! A client that fires few requests, each round on the same few connections, and knows exactly how many.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::COUNT_PATH;
use crate::lab::scenario::{Keep, Scenario};
use crate::lab::{INTERRUPTED, interrupt};

/// Connections at a time, at most.
pub(super) const CONNECTIONS_MAX: usize = 4;
/// An answer that takes longer than this never comes.
const TIMEOUT: Duration = Duration::from_secs(5);
/// More of a head than this is no head.
const HEAD_BYTES_MAX: u64 = 64 * 1024;
/// More of an answer than this is not waited for.
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The client. It says what a scenario says, a round at a time.
pub(super) struct Few {
    addr: SocketAddr,
    request: Vec<u8>,
    head: bool,
    status: u16,
    close: bool,
    pipeline: usize,
    streams: Vec<Option<BufReader<TcpStream>>>,
}

/// An answer as far as it matters here.
struct Answer {
    status: u16,
    body: Vec<u8>,
    closes: bool,
}

impl Few {
    /// One with `connections` at a time.
    pub(super) fn of(scenario: &Scenario, addr: SocketAddr, connections: usize) -> Self {
        Self {
            addr,
            request: scenario.request(addr).repeat(scenario.pipeline),
            head: scenario.method == "HEAD",
            status: scenario.status,
            close: scenario.mode == Keep::Close,
            pipeline: scenario.pipeline,
            streams: (0..connections).map(|_| None).collect(),
        }
    }

    /// One that asks the server `connections` times at once how often it has allocated, and does not care.
    pub(super) fn that_looks(addr: SocketAddr, connections: usize) -> Self {
        Self {
            addr,
            request: look(addr),
            head: false,
            status: 200,
            close: true,
            pipeline: 1,
            streams: (0..connections).map(|_| None).collect(),
        }
    }

    /// Fires at least `requests`, in whole rounds, and returns how many it were.
    pub(super) fn fire(&mut self, requests: u64) -> Result<u64, String> {
        let mut fired = 0;
        while fired < requests {
            if interrupt::requested() {
                return Err(INTERRUPTED.into());
            }
            fired += self.round().map_err(|error| format!("a request was not answered: {error}"))?;
        }
        Ok(fired)
    }

    /// Fires one request on the first connection, and lets `rest` wait before the next step of it: when there is a
    /// connection, when there is an answer, and when there is no connection any more.
    pub(super) fn one_by_steps(
        &mut self,
        rest: &mut dyn FnMut() -> Result<(), String>,
    ) -> Result<u64, String> {
        let unanswered = |error: io::Error| format!("a request was not answered: {error}");
        if self.streams[0].is_none() {
            self.streams[0] = Some(connect(self.addr).map_err(unanswered)?);
            rest()?;
        }
        let fired = self.round().map_err(unanswered)?;
        rest()?;
        Ok(fired)
    }

    /// How often the server has allocated so far.
    pub(super) fn look(&self) -> Result<u64, String> {
        let ask = || -> io::Result<u64> {
            // A connection of its own, so that it costs the same whatever became of the others.
            let mut stream = connect(self.addr)?;
            stream.get_mut().write_all(&look(self.addr))?;
            let answer = answer(&mut stream, false)?;
            to_the_end(&mut stream)?;
            let text = String::from_utf8_lossy(&answer.body);
            let count = text.trim().parse().ok().filter(|_| answer.status == 200);
            count.ok_or_else(|| io::Error::other(format!("{COUNT_PATH} answered {} '{text}'", answer.status)))
        };
        ask().map_err(|error| format!("the server does not tell how often it allocated: {error}"))
    }

    /// Every connection sends what the scenario has in flight, and then all answers are read.
    fn round(&mut self) -> io::Result<u64> {
        for stream in &mut self.streams {
            let stream = match stream {
                Some(stream) => stream,
                None => stream.insert(connect(self.addr)?),
            };
            stream.get_mut().write_all(&self.request)?;
        }
        for slot in &mut self.streams {
            let Some(stream) = slot else { continue };
            let mut closes = self.close;
            for _ in 0..self.pipeline {
                let answer = answer(stream, self.head)?;
                if answer.status != self.status {
                    return Err(io::Error::other(format!(
                        "status {} instead of {}",
                        answer.status, self.status
                    )));
                }
                closes |= answer.closes;
            }
            if closes {
                to_the_end(stream)?;
                *slot = None;
            }
        }
        Ok((self.streams.len() * self.pipeline) as u64)
    }
}

/// The question how often the server has allocated.
fn look(addr: SocketAddr) -> Vec<u8> {
    format!("GET {COUNT_PATH} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n").into_bytes()
}

fn connect(addr: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&addr, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

/// Reads until the server closes, which it does first.
fn to_the_end(stream: &mut BufReader<TcpStream>) -> io::Result<()> {
    io::copy(&mut stream.take(BODY_BYTES_MAX), &mut io::sink()).map(drop)
}

/// Reads one answer whose body has a length, as every phase's has.
fn answer(stream: &mut impl BufRead, without_body: bool) -> io::Result<Answer> {
    let mut status = None;
    let mut answer = Answer { status: 0, body: Vec::new(), closes: false };
    let mut length = 0;
    let mut head = stream.by_ref().take(HEAD_BYTES_MAX);
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if status.is_none() {
            status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
            answer.status = status.ok_or(io::ErrorKind::InvalidData)?;
        } else if line.is_empty() {
            break;
        } else if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
        } else if let Some(value) = line.strip_prefix("connection:") {
            answer.closes = value.trim() == "close";
        }
    }
    if !without_body {
        let read = stream.take(u64::min(length, BODY_BYTES_MAX)).read_to_end(&mut answer.body)?;
        if read as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_one_by_one() {
        let mut bytes: &[u8] =
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        let first = answer(&mut bytes, false).unwrap();
        assert_eq!((first.status, first.body.as_slice(), first.closes), (200, b"hi".as_slice(), false));
        let second = answer(&mut bytes, false).unwrap();
        assert_eq!((second.status, second.closes), (503, true));
        assert!(answer(&mut bytes, false).is_err(), "there is no third");
    }

    #[test]
    fn an_answer_to_head_has_no_body_and_one_cut_short_is_an_error() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi";
        assert!(answer(&mut bytes.as_slice(), true).is_ok());
        assert!(answer(&mut bytes.as_slice(), false).is_err());
    }
}
