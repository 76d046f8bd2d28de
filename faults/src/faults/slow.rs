//! Clients that send a byte now and then: slowloris, in the head and in the body.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::{Fault, every_phase};
use crate::client::{LIMIT, send};
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const SLOW_HEADS: Fault = Fault {
    name: "slow_heads",
    outcome: "200 dripping heads are answered 408 within their deadline + 1 s; others are served meanwhile",
    applies: every_phase,
    check: |setting, phase| check(setting, phase, "--head-timeout", b"GET / HTTP/1.1\r\nX: "),
};

pub(super) const SLOW_BODIES: Fault = Fault {
    name: "slow_bodies",
    outcome: "200 dripping bodies are answered 408 within their deadline + 1 s; no handler sees one",
    applies: every_phase,
    check: |setting, phase| {
        let head = b"POST /echo HTTP/1.1\r\nHost: lab\r\nContent-Length: 100000\r\n\r\n";
        check(setting, phase, "--body-timeout", head)
    },
};

/// How often each client sends a byte.
const DRIP_EVERY: Duration = Duration::from_millis(20);
/// How long a client that goes on sending after its answer is listened to.
const DRAIN: Duration = Duration::from_millis(200);

fn check(setting: &Setting, phase: Phase, flag: &str, opening: &[u8]) -> Result<String, Failure> {
    if phase.serves_others_meanwhile() {
        others_are_served(setting, phase, flag, opening)?;
    }
    // Whoever serves one at a time has the others wait until it is their turn to be slow.
    let (clients, deadline) = match phase.at_once() {
        1 => (setting.of(20, 200), Duration::from_millis(100)),
        usize::MAX => (200, Duration::from_millis(setting.of(1_000, 2_000) as u64)),
        _ => (200, Duration::from_millis(200)),
    };
    let flags = [flag, &format!("{}ms", deadline.as_millis()), "--drain-timeout", "200ms"];
    let subject = Subject::start(setting, phase, &flags)?;
    let requests = subject.count("requests")?;
    let turns = u32::try_from(clients.div_ceil(phase.at_once())).unwrap_or(u32::MAX);
    let limit = setting.within((deadline + Duration::from_secs(1)) * turns);

    let longest = drip(subject.addr(), opening, clients, limit)?;
    subject.wait_until_as_before(setting.within(DRAIN + Duration::from_secs(1)))?;
    let handled = subject.count("requests")? - requests - 1;
    ensure!(handled == 0, "{handled} of the requests that were never whole reached the handler");
    let timeouts = subject.count("errors/timeout")?;
    ensure!(timeouts == clients as u64, "{timeouts} of {clients} were counted as timed out");
    let meanwhile = if phase.serves_others_meanwhile() { ", others served meanwhile" } else { ", in turn" };
    Ok(format!(
        "{clients} closed by 408, the last {:.2} s after its first byte (deadline {deadline:?}{meanwhile})",
        longest.as_secs_f64()
    ))
}

/// With a deadline that is far away, so that it is certain that they are all still slow.
fn others_are_served(setting: &Setting, phase: Phase, flag: &str, opening: &[u8]) -> Result<(), Failure> {
    const CLIENTS: usize = 200;

    let subject = Subject::start(setting, phase, &[flag, "10m"])?;
    let slow: Vec<TcpStream> =
        (0..CLIENTS).map(|_| subject.send(opening)).collect::<Result<_, std::io::Error>>()?;
    subject.wait_for_connections(CLIENTS)?;
    subject.hello()?;
    for mut stream in slow {
        stream.set_nonblocking(true)?;
        let read = stream.read(&mut [0]);
        let is_open = read.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        ensure!(is_open, "a slow one had ended before somebody else was served: {read:?}");
    }
    Ok(())
}

/// A slow client.
struct Drip {
    stream: TcpStream,
    answer: Vec<u8>,
    began: Instant,
    ended_after: Option<Duration>,
    /// Goes on sending after its answer has ended, as if it had not seen it.
    is_stubborn: bool,
}

/// Opens all of them and has each send a byte now and then until its answer ends. Returns how long the
/// slowest took.
fn drip(addr: SocketAddr, opening: &[u8], clients: usize, limit: Duration) -> Result<Duration, Failure> {
    let mut ended = 0;
    let mut drips = Vec::with_capacity(clients);
    for index in 0..clients {
        let began = Instant::now();
        let stream = send(addr, opening)?;
        stream.set_nonblocking(true)?;
        let is_stubborn = index % 2 == 1;
        drips.push(Drip { stream, answer: Vec::new(), began, ended_after: None, is_stubborn });
    }
    let start = Instant::now();
    while ended < clients {
        ensure!(start.elapsed() < limit.max(LIMIT), "{ended} of {clients} had ended after {limit:?}");
        for drip in drips.iter_mut().filter(|drip| drip.is_stubborn || drip.ended_after.is_none()) {
            // Once the server has closed altogether, nothing more can be sent.
            let _ = drip.stream.write(b"x");
            if drip.ended_after.is_none() && drip.read()? {
                ended += 1;
                ensure!(
                    drip.answer.starts_with(b"HTTP/1.1 408 "),
                    "a slow client was told \"{}\"",
                    drip.answer.escape_ascii()
                );
                if !drip.is_stubborn {
                    drip.stream.shutdown(std::net::Shutdown::Both)?;
                }
            }
        }
        thread::sleep(DRIP_EVERY);
    }
    let longest = drips.iter().filter_map(|drip| drip.ended_after).max().unwrap_or_default();
    ensure!(longest <= limit, "the last was closed after {longest:?}, later than {limit:?}");
    Ok(longest)
}

impl Drip {
    /// Reads what has come; true at its end.
    fn read(&mut self) -> Result<bool, Failure> {
        let mut buffer = [0; 1_024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => {
                    self.ended_after = Some(self.began.elapsed());
                    return Ok(true);
                }
                Ok(read) => self.answer.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(Failure::new(format!("a slow client got no end: {error}"))),
            }
        }
    }
}
