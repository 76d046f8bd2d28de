//! What this kernel can do without HTTP: how often two threads can open, use and close a connection, how
//! often they can exchange a byte on one that stays, and how late a timer wakes a thread.
//!
//! One thread asks and one answers, each where the split puts it, over as many connections as wrk users know:
//! enough that neither waits for the other's CPU to wake up with every byte.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv, send};
use rustix::time::{ClockId, clock_gettime};
use slab::Slab;

use super::cpus::{self, Split};
use super::interrupt;
use crate::engine::wire::NO_SIGNAL;

/// Connections at work at the same time.
const CONNECTIONS: usize = 64;
/// How long each part takes.
const TIME: Duration = Duration::from_millis(500);
/// Before that, uncounted.
const WARMUP: Duration = Duration::from_millis(100);
/// What the timer is asked to wait.
const NAP: Duration = Duration::from_millis(1);
/// A timer that is later than ten seconds counts as this late.
const LATE_NS_MAX: u64 = 10_000_000_000;
/// How long a thread waits for events before it looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(20);
const LISTENER: Token = Token(usize::MAX);
const EVENTS_PER_TURN: usize = 256;

/// What was found out; see [`measure`].
#[derive(Clone, Debug)]
pub struct Floor {
    /// A connection opened, a byte there and one back, closed by both.
    pub connection_cycle: Cost,
    /// A byte there and one back.
    pub exchange: Cost,
    /// How much later than asked for a sleeping thread woke up, in nanoseconds.
    pub timer_late_ns: Histogram<u64>,
}

/// What something costs that is done over and over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// How often per second.
    pub per_sec: f64,
    /// CPU time of both threads together, each time.
    pub cpu_us: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Keep {
    Cycle,
    Exchange,
}

/// Measures all three, which takes about two seconds; broken off by Ctrl-C with
/// [`ErrorKind::Interrupted`].
pub fn measure(split: &Split) -> io::Result<Floor> {
    Ok(Floor {
        connection_cycle: cost(split, Keep::Cycle)?,
        exchange: cost(split, Keep::Exchange)?,
        timer_late_ns: timer_lateness(split)?,
    })
}

fn cost(split: &Split, keep: Keep) -> io::Result<Cost> {
    let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let server = scope.spawn(|| {
            cpus::pin(&split.server)?;
            let before = cpu_time();
            answer(&mut listener, keep, &stop)?;
            Ok::<_, io::Error>(cpu_time().saturating_sub(before))
        });
        let client = scope.spawn(|| {
            cpus::pin(&split.client)?;
            ask(address, keep, WARMUP)?;
            let (before, began) = (cpu_time(), Instant::now());
            let times = ask(address, keep, TIME)?;
            Ok::<_, io::Error>((times, began.elapsed(), cpu_time().saturating_sub(before)))
        });
        let client = client.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        stop.store(true, Ordering::Relaxed);
        let server = server.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let (times, elapsed, spent) = client?;
        // The server's warm-up is in its time; its share of the whole is known.
        let counted = elapsed.as_secs_f64() / (elapsed + WARMUP).as_secs_f64();
        let cpu = spent.as_secs_f64() + server.as_secs_f64() * counted;
        let each = times.max(1) as f64;
        Ok(Cost { per_sec: times as f64 / elapsed.as_secs_f64(), cpu_us: cpu * 1e6 / each })
    })
}

/// Answers every byte with one until it is told to stop.
fn answer(listener: &mut TcpListener, keep: Keep, stop: &AtomicBool) -> io::Result<()> {
    let mut poll = Poll::new()?;
    poll.registry().register(listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(EVENTS_PER_TURN);
    let mut streams: Slab<TcpStream> = Slab::new();
    while !stop.load(Ordering::Relaxed) {
        wait(&mut poll, &mut events)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Some(mut stream) = or_none(listener.accept().map(|(stream, _)| stream))? {
                    let entry = streams.vacant_entry();
                    let token = Token(entry.key());
                    poll.registry().register(&mut stream, token, Interest::READABLE)?;
                    entry.insert(stream);
                }
            } else if let Some(stream) = streams.get(event.token().0)
                && !answer_one(stream, keep)?
            {
                streams.remove(event.token().0);
            }
        }
    }
    Ok(())
}

/// `false` when the connection is over.
fn answer_one(stream: &TcpStream, keep: Keep) -> io::Result<bool> {
    match recv(stream, &mut [0; 16], RecvFlags::empty()) {
        Ok((0, _)) | Err(Errno::CONNRESET) => return Ok(false),
        Ok(_) => {}
        Err(Errno::AGAIN | Errno::INTR) => return Ok(true),
        Err(error) => return Err(error.into()),
    }
    // The client may have ended its part in between.
    if send(stream, b"x", NO_SIGNAL).is_err() {
        return Ok(false);
    }
    if keep == Keep::Cycle {
        stream.shutdown(Shutdown::Write).or_else(|error| match error.kind() {
            ErrorKind::NotConnected => Ok(()),
            _ => Err(error),
        })?;
    }
    Ok(true)
}

/// Asks on all connections for `time`, and returns how often it got to the end.
fn ask(address: SocketAddr, keep: Keep, time: Duration) -> io::Result<u64> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(EVENTS_PER_TURN);
    let mut streams = Vec::with_capacity(CONNECTIONS);
    for index in 0..CONNECTIONS {
        streams.push(open(address, &poll, index)?);
    }
    let began = Instant::now();
    let mut times = 0;
    while began.elapsed() < time {
        unless_interrupted()?;
        wait(&mut poll, &mut events)?;
        for event in &events {
            let index = event.token().0;
            let stream = &streams[index];
            let ended = match recv(stream, &mut [0; 16], RecvFlags::empty()) {
                Ok((0, _)) => true,
                // The end may have come with the byte, and the poll would not tell again.
                Ok(_) if keep == Keep::Cycle => {
                    matches!(recv(stream, &mut [0; 16], RecvFlags::empty()), Ok((0, _)))
                }
                Ok(_) => {
                    times += 1;
                    send(stream, b"x", NO_SIGNAL)?;
                    false
                }
                Err(Errno::AGAIN | Errno::INTR) => false,
                Err(error) => return Err(error.into()),
            };
            if ended && keep == Keep::Exchange {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if ended {
                times += 1;
                streams[index] = open(address, &poll, index)?;
            }
        }
    }
    Ok(times)
}

/// Opens a connection and sends the byte, which loopback lets be done at once.
fn open(address: SocketAddr, poll: &Poll, index: usize) -> io::Result<TcpStream> {
    let stream = std::net::TcpStream::connect(address)?;
    stream.set_nonblocking(true)?;
    let mut stream = TcpStream::from_std(stream);
    send(&stream, b"x", NO_SIGNAL)?;
    poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
    Ok(stream)
}

fn timer_lateness(split: &Split) -> io::Result<Histogram<u64>> {
    thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            cpus::pin(&split.server)?;
            let mut late_ns = Histogram::new_with_bounds(1, LATE_NS_MAX, 3).map_err(io::Error::other)?;
            let began = Instant::now();
            while began.elapsed() < TIME {
                unless_interrupted()?;
                let asked = Instant::now();
                thread::sleep(NAP);
                let late = asked.elapsed().saturating_sub(NAP);
                late_ns.saturating_record(u64::try_from(late.as_nanos()).unwrap_or(u64::MAX));
            }
            Ok(late_ns)
        });
        sleeper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn wait(poll: &mut Poll, events: &mut Events) -> io::Result<()> {
    match poll.poll(events, Some(LOOK)) {
        Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
        _ => Ok(()),
    }
}

fn unless_interrupted() -> io::Result<()> {
    if interrupt::requested() { Err(ErrorKind::Interrupted.into()) } else { Ok(()) }
}

fn or_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionAborted) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Of the calling thread.
fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_of_any_machine_has_all_three_parts() {
        let floor = measure(&Split::default()).unwrap();
        for cost in [floor.connection_cycle, floor.exchange] {
            assert!(cost.per_sec > 0.0 && cost.cpu_us > 0.0, "{cost:?}");
        }
        // Waking up takes longer than that on any machine.
        assert!(floor.timer_late_ns.max() > 100, "{}", floor.timer_late_ns.max());
    }
}
