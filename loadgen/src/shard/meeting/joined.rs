//! A shard that comes to the meeting.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::line::Line;
use super::{Beginning, EXCHANGES, FromLead, Hello, INTERRUPTED, PATIENCE, ToLead};
use crate::engine::{Plan, Target};
use crate::shard::clock::{self, Exchange, Offset};
use crate::shard::record::Fired;

/// How long after a vain try shard 0 is looked for again.
const TRY_EVERY: Duration = Duration::from_millis(100);
/// How long one try takes at most.
const TRY_MAX: Duration = Duration::from_secs(2);
/// How often a shard that fires looks whether shard 0 is still there.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A shard that was made welcome.
#[derive(Debug)]
pub(crate) struct Joined {
    line: Line,
    lead: IpAddr,
    /// Where shard 0 was found.
    place: String,
    pub(crate) clock: Option<Offset>,
}

/// What shard 0 wants next.
#[derive(Debug)]
pub(crate) enum Told {
    /// To fire this from that moment on, by shard 0's clock.
    Fire { name: String, plan: Box<Plan>, at_unix_ns: u64 },
    /// Nothing more.
    Over,
}

impl Joined {
    /// Looks for shard 0 at `place` until it is there or `within` is over, and waits to be told when all begin.
    pub(crate) fn join(
        place: &str,
        hello: &Hello,
        host: &str,
        within: Duration,
        stop: &AtomicBool,
    ) -> Result<(Self, Beginning), String> {
        let deadline = Instant::now() + within;
        loop {
            let stream = find(place, deadline, within, stop)?;
            match meet(
                stream,
                hello,
                host,
                [deadline.saturating_duration_since(Instant::now()), within],
                stop,
            ) {
                Ok(Ok(met)) => return Ok(met),
                Ok(Err(why)) => return Err(format!("shard 0 at {place} refused this one: {why}")),
                // It may have been started anew.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
                    ) && Instant::now() < deadline =>
                {
                    thread::sleep(TRY_EVERY);
                }
                Err(error) => return Err(lost(place, &error)),
            }
        }
    }

    /// Waits, for as long as shard 0 is there, for what it wants next.
    pub(crate) fn next(&mut self, stop: &AtomicBool) -> Result<Told, String> {
        let heard = loop {
            match self.line.hear(stop, None) {
                Ok(FromLead::Compare) => {
                    self.compare_again(stop).map_err(|error| lost(&self.place, &error))?;
                }
                heard => break heard,
            }
        };
        match heard {
            Ok(FromLead::Fire { name, mut plan, at_unix_ns }) => {
                plan.target = seen_from_here(plan.target, self.lead);
                // Which CPUs shard 0 leaves to its threads says nothing of this host's.
                plan.cpus = Vec::new();
                Ok(Told::Fire { name, plan, at_unix_ns })
            }
            Ok(FromLead::Over { interrupted: false }) => Ok(Told::Over),
            Ok(FromLead::Over { interrupted: true }) => Err(INTERRUPTED.to_owned()),
            Ok(FromLead::Refused(why)) => Err(why),
            Ok(_) => Err("shard 0 says what makes no sense here".to_owned()),
            Err(error) => Err(lost(&self.place, &error)),
        }
    }

    fn compare_again(&mut self, stop: &AtomicBool) -> io::Result<()> {
        self.clock = compare(&mut self.line, stop)?;
        self.line.say(&ToLead::Ready { host: String::new() })
    }

    /// Tells shard 0 what came of it.
    pub(crate) fn report(&mut self, fired: Result<Fired, String>) -> Result<(), String> {
        let what = match fired {
            Ok(fired) => ToLead::Fired(Box::new(fired)),
            Err(why) => ToLead::Failed(why),
        };
        self.line.say(&what).map_err(|error| lost(&self.place, &error))
    }

    /// Runs `work`, and tells it to `end` in the middle if that is asked for by `stop` or by shard 0, or if that goes
    /// away: then nobody waits for what comes of it.
    pub(crate) fn unless_left<T>(
        &self,
        stop: &AtomicBool,
        end: &AtomicBool,
        work: impl FnOnce() -> T,
    ) -> Result<T, String> {
        let line = self.line.watch().map_err(|error| lost(&self.place, &error))?;
        let done = Arc::new(AtomicBool::new(false));
        Ok(thread::scope(|scope| {
            let looks = Arc::clone(&done);
            scope.spawn(move || {
                while !looks.load(Ordering::Relaxed) {
                    if stop.load(Ordering::Relaxed) || !line.is_quiet() {
                        end.store(true, Ordering::Relaxed);
                    }
                    thread::sleep(LOOK_EVERY);
                }
            });
            let _done = Done(&done);
            work()
        }))
    }
}

/// Says who this is, compares the clocks and waits for the beginning. It is made welcome within `left`, in which others
/// may have to be heard first. The inner error is why it was refused.
fn meet(
    stream: TcpStream,
    hello: &Hello,
    host: &str,
    [left, within]: [Duration; 2],
    stop: &AtomicBool,
) -> io::Result<Result<(Joined, Beginning), String>> {
    let mut line = Line::new(stream)?;
    line.say(&ToLead::Hello(hello.clone()))?;
    match line.hear(stop, Some(left.max(PATIENCE)))? {
        FromLead::Welcome => line.trust(),
        FromLead::Refused(why) => return Ok(Err(why)),
        _ => return Err(ErrorKind::InvalidData.into()),
    }
    let clock = compare(&mut line, stop)?;
    line.say(&ToLead::Ready { host: host.to_owned() })?;
    // Shard 0 may have begun to wait later than this one, and is as patient.
    match line.hear(stop, Some(within * 2 + PATIENCE))? {
        FromLead::Begin(beginning) => {
            let peer = line.peer()?;
            let joined = Joined { line, lead: peer.ip().to_canonical(), place: peer.to_string(), clock };
            Ok(Ok((joined, beginning)))
        }
        FromLead::Refused(why) => Ok(Err(why)),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}

/// Asks for the time, often and in short order.
fn compare(line: &mut Line, stop: &AtomicBool) -> io::Result<Option<Offset>> {
    let mut exchanges = Vec::new();
    for _ in 0..EXCHANGES {
        let asked = clock::now_ns();
        line.say(&ToLead::Time)?;
        match line.hear(stop, Some(PATIENCE))? {
            FromLead::Time { unix_ns: theirs } => {
                exchanges.push(Exchange { asked, theirs, answered: clock::now_ns() });
            }
            FromLead::Over { .. } => return Err(ErrorKind::Interrupted.into()),
            _ => return Err(ErrorKind::InvalidData.into()),
        }
    }
    Ok(Offset::by(&exchanges))
}

/// Ends the looking, whatever becomes of the work.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn find(place: &str, deadline: Instant, within: Duration, stop: &AtomicBool) -> Result<TcpStream, String> {
    loop {
        let why = match addresses(place) {
            Err(why) => why,
            Ok(all) => {
                let mut tried = all.iter().map(|address| TcpStream::connect_timeout(address, TRY_MAX));
                match tried.find_map(Result::ok) {
                    Some(stream) => return Ok(stream),
                    None => "nobody listens there".to_owned(),
                }
            }
        };
        if stop.load(Ordering::Relaxed) {
            return Err(INTERRUPTED.to_owned());
        }
        if Instant::now() >= deadline {
            let within = humantime::format_duration(within);
            return Err(format!(
                "shard 0 was not at {place} within {within}: {why}; does it run, and is --meet its host and a port that \
                 this one may reach?"
            ));
        }
        thread::sleep(TRY_EVERY);
    }
}

/// What a place may mean.
pub(super) fn addresses(place: &str) -> Result<Vec<SocketAddr>, String> {
    let found: Vec<_> = place.to_socket_addrs().map_err(|error| error.to_string())?.collect();
    if found.is_empty() { Err("the name has no address".to_owned()) } else { Ok(found) }
}

fn lost(place: &str, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::Interrupted => INTERRUPTED.to_owned(),
        ErrorKind::UnexpectedEof => format!("shard 0 at {place} has gone; what does it say?"),
        ErrorKind::TimedOut => format!("shard 0 at {place} says nothing; is it still there?"),
        ErrorKind::InvalidData => {
            format!(
                "whoever answers at {place} is no shard 0 of this loadgen; is the port another program's?"
            )
        }
        _ => format!("shard 0 at {place}: {error}"),
    }
}

/// What is on shard 0's own host for shard 0 is there for this one, too, under that host's address.
fn seen_from_here(target: Target, lead: IpAddr) -> Target {
    match target {
        Target::Tcp(address) if address.ip().is_loopback() || address.ip().is_unspecified() => {
            Target::Tcp(SocketAddr::new(lead, address.port()))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_shard_0s_host_is_found_from_other_hosts() {
        let lead: IpAddr = [10, 0, 0, 7].into();
        let seen = |text: &str| seen_from_here(Target::Tcp(text.parse().unwrap()), lead).to_string();
        assert_eq!(seen("127.0.0.1:80"), "10.0.0.7:80");
        assert_eq!(seen("0.0.0.0:80"), "10.0.0.7:80");
        assert_eq!(seen("10.0.0.9:80"), "10.0.0.9:80");
    }
}
