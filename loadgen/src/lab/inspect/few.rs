//! A client that fires few requests, each round on the same few connections, and knows exactly how many.

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::COUNT_PATH;
use crate::engine::answer;
use crate::lab::scenario::{Keep, Scenario};
use crate::lab::{INTERRUPTED, interrupt};

/// Connections at a time, at most.
pub(super) const CONNECTIONS_MAX: usize = 4;
/// An answer that takes longer than this never comes.
const TIMEOUT: Duration = Duration::from_secs(5);
/// More of an answer than this is not waited for.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

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
            let mut answer = String::new();
            stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer)?;
            let body = answer.strip_prefix("HTTP/1.1 200 ").and_then(|rest| rest.split_once("\r\n\r\n"));
            let count = body.and_then(|(_, count)| count.trim().parse().ok());
            count.ok_or_else(|| io::Error::other(format!("{COUNT_PATH} answered '{}'", answer.trim_end())))
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
                let answer = answer(&mut stream.take(ANSWER_BYTES_MAX), self.head)?;
                if answer.status != self.status {
                    return Err(io::Error::other(format!(
                        "status {} instead of {}",
                        answer.status, self.status
                    )));
                }
                closes |= !answer.keep_alive;
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
    io::copy(&mut stream.take(ANSWER_BYTES_MAX), &mut io::sink()).map(drop)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::lab::scenario;

    /// A server as one of the user's may be: it keeps connections, and does not say how long an answer will be.
    #[test]
    fn chunked_answers_on_a_kept_connection_are_awaited_like_any_other() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = 0;
            let mut bytes = [0; 1024];
            while let Ok(read @ 1..) = stream.read(&mut bytes) {
                // The client sends a request whole, and no other before it has an answer.
                assert!(bytes[..read].ends_with(b"\r\n\r\n"));
                asked += 1;
                let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
                // In two, so that the end of an answer comes by itself.
                for part in [&answer[..answer.len() - 3], &answer[answer.len() - 3..]] {
                    stream.write_all(part).unwrap();
                    thread::yield_now();
                }
            }
            asked
        });
        let scenarios = scenario::built_in().unwrap();
        let kept = scenarios.into_iter().find(|scenario| scenario.mode == Keep::Keepalive).unwrap();
        let kept = Scenario { status: 200, method: "GET".into(), pipeline: 1, ..kept };
        let mut few = Few::of(&kept, addr, 1);
        let mut rests = 0;
        for _ in 0..3 {
            few.one_by_steps(&mut || {
                rests += 1;
                Ok(())
            })
            .unwrap();
        }
        drop(few);
        assert_eq!((server.join().unwrap(), rests), (3, 4), "one connection, and an answer to each request");
    }
}
