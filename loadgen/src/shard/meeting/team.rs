//! Shard 0's end of the meeting: it waits for the others, and in a lab's run has them fire with it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::joined::addresses;
use super::line::Line;
use super::{Beginning, EXCHANGES, FromLead, Hello, INTERRUPTED, PATIENCE, ToLead, ahead};
use crate::engine::{self, Outcome, Part, Plan, Progress, ns};
use crate::shard::clock;
use crate::shard::record::Fired;
use crate::shard::tell;

/// How often shard 0 looks who has come.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long nobody is turned away after an error.
const PAUSE: Duration = Duration::from_millis(100);
/// How much longer than the plan says a shard may take before it is taken for lost.
const FIRING_EXTRA: Duration = Duration::from_secs(60);
/// How long the others may take to end and to say what they have, once all are asked to end.
const ENDING_MAX: Duration = Duration::from_secs(10);
/// Connections beside those of the shards that are listened to at once.
const SPEAKING_EXTRA: usize = 16;

/// Another shard, as shard 0 knows it.
#[derive(Debug)]
pub(crate) struct Mate {
    pub(crate) index: usize,
    pub(crate) host: String,
    line: Line,
    /// It is not asked again.
    is_lost: bool,
}

/// What came of one plan, as far as it came to something.
#[derive(Debug)]
pub(crate) struct FiredByAll {
    pub(crate) at_unix_ns: u64,
    /// Shard 0's own part.
    pub(crate) own: Result<Outcome, String>,
    /// The others' numbers, hosts and parts.
    pub(crate) theirs: Vec<(usize, String, Fired)>,
    /// Why some of them are missing.
    pub(crate) failed: Option<String>,
}

/// The others that have come, lowest first.
#[derive(Debug)]
pub(crate) struct Team {
    pub(crate) mates: Vec<Mate>,
    count: usize,
}

impl Team {
    /// Waits at `listener` until all shards that `hello` counts have come or `within` is over, and tells them when all
    /// begin: when they had `set_up` to set up, and a little more. `run` names what they do. Who comes later is told
    /// that the others have begun.
    pub(crate) fn gather(
        listener: TcpListener,
        hello: &Hello,
        run: String,
        [within, set_up]: [Duration; 2],
        stop: &AtomicBool,
    ) -> Result<(Self, Beginning), String> {
        let mut mates = wait(&listener, hello, within, stop)
            .map_err(|error| format!("waiting for the other shards: {error}"))?;
        if stop.load(Ordering::Relaxed) {
            return Err(INTERRUPTED.to_owned());
        }
        // Who has gone again in the meantime is as absent as who never came.
        mates.retain(|mate| mate.line.is_open());
        mates.sort_by_key(|mate| mate.index);
        let absent =
            (1..hello.count).filter(|index| !mates.iter().any(|mate| mate.index == *index)).collect();
        let at_unix_ns = clock::now_ns() + ns(ahead(hello.count, set_up));
        let beginning = Beginning { run, at_unix_ns, absent };
        for mate in &mut mates {
            // Who goes just now writes no file, and is missed then.
            let _ = mate.line.say(&FromLead::Begin(beginning.clone()));
        }
        turn_away(listener);
        Ok((Self { mates, count: hello.count }, beginning))
    }

    /// Whether one of them is on another host.
    pub(crate) fn is_remote(&self) -> bool {
        self.mates.iter().any(|mate| !mate.line.is_local())
    }

    /// Whether one of them is reached by IPv6.
    pub(crate) fn speaks_ipv6(&self) -> bool {
        let is_v6 = |mate: &Mate| mate.line.peer().is_ok_and(|peer| peer.ip().to_canonical().is_ipv6());
        self.mates.iter().any(is_v6)
    }

    /// Has everyone fire their part of `plan` and fires shard 0's own, when all had `set_up` to set up. `name` says
    /// what it is, for the others' files. Once `stop` is set the others are not waited for any longer than they take
    /// to say what they have.
    pub(crate) fn fire(
        &mut self,
        name: &str,
        plan: &Plan,
        progress: &Progress,
        set_up: Duration,
        stop: &AtomicBool,
    ) -> FiredByAll {
        let mut failed = (self.mates.len() + 1 < self.count)
            .then(|| format!("only {} of {} shards are left", self.mates.len() + 1, self.count));
        if failed.is_none() {
            // Clocks drift apart in the hours that a run may take.
            self.ask(&mut failed, |mate| {
                mate.line.say(&FromLead::Compare)?;
                tell_time(&mut mate.line, stop).map(drop)
            });
        }
        if let Some(why) = failed {
            // What would be fired now is not what was asked for.
            return FiredByAll {
                at_unix_ns: clock::now_ns(),
                own: Err(why),
                theirs: Vec::new(),
                failed: None,
            };
        }
        let at_unix_ns = clock::now_ns() + ns(ahead(self.count, set_up));
        let order = FromLead::Fire { name: name.to_owned(), plan: Box::new(plan.clone()), at_unix_ns };
        self.ask(&mut failed, |mate| mate.line.say(&order));
        let part = Part { index: 0, count: self.count };
        let own = engine::run_part(plan, part, Some(clock::instant(at_unix_ns)), progress);
        let theirs = self.hear_out(&mut failed, longest(plan) + FIRING_EXTRA, stop);
        FiredByAll { at_unix_ns, own: own.map_err(|error| error.to_string()), theirs, failed }
    }

    /// What came of it at each mate. All are heard out, whatever the first of them says: what they say next is of the
    /// next plan. Once `stop` is set all are told at once that this is the end.
    fn hear_out(
        &mut self,
        failed: &mut Option<String>,
        patience: Duration,
        stop: &AtomicBool,
    ) -> Vec<(usize, String, Fired)> {
        let never = AtomicBool::new(false);
        let mut theirs = Vec::new();
        let deadline = Instant::now() + patience;
        let left = |deadline: Instant| Some(deadline.saturating_duration_since(Instant::now()));
        let mut ends = None;
        for index in 0..self.mates.len() {
            let heard = match ends {
                None => self.mates[index].line.hear(stop, left(deadline)),
                Some(_) => Err(io::ErrorKind::Interrupted.into()),
            };
            let heard = match heard {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    let ends = *ends.get_or_insert_with(|| {
                        self.dismiss(true);
                        Instant::now() + ENDING_MAX
                    });
                    self.mates[index].line.hear(&never, left(ends))
                }
                heard => heard,
            };
            let mate = &mut self.mates[index];
            let lost = match heard {
                Ok(ToLead::Fired(fired)) => {
                    theirs.push((mate.index, mate.host.clone(), *fired));
                    continue;
                }
                Ok(ToLead::Failed(why)) => io::Error::other(why),
                Ok(_) => io::ErrorKind::InvalidData.into(),
                Err(error) => error,
            };
            failed.get_or_insert_with(|| mate.failed(&lost));
            mate.is_lost = lost.kind() != io::ErrorKind::Other;
        }
        self.mates.retain(|mate| !mate.is_lost);
        theirs
    }

    /// Does something with each mate. One with whom it fails is lost and not asked again: an answer that comes too late
    /// would be taken for the next one. One that is not waited for any longer stays, to be told so.
    fn ask(&mut self, failed: &mut Option<String>, mut each: impl FnMut(&mut Mate) -> io::Result<()>) {
        self.mates.retain_mut(|mate| {
            let Err(error) = each(mate) else { return true };
            failed.get_or_insert_with(|| mate.failed(&error));
            error.kind() == io::ErrorKind::Interrupted
        });
    }

    /// Tells everyone that this was all, or that it was `interrupted`.
    pub(crate) fn dismiss(&mut self, interrupted: bool) {
        for mate in &mut self.mates {
            // Who has gone knows already.
            let _ = mate.line.say(&FromLead::Over { interrupted });
        }
    }
}

impl Mate {
    fn failed(&self, error: &io::Error) -> String {
        let why = match error.kind() {
            io::ErrorKind::Other => return format!("shard {} ({}): {error}", self.index, self.host),
            io::ErrorKind::UnexpectedEof => "has gone".to_owned(),
            io::ErrorKind::TimedOut => "says nothing any more".to_owned(),
            io::ErrorKind::InvalidData => "says what makes no sense".to_owned(),
            io::ErrorKind::Interrupted => "was not waited for".to_owned(),
            _ => error.to_string(),
        };
        format!("shard {} ({}) was lost: {why}", self.index, self.host)
    }
}

/// Listens at `place`: at that address, if it is one, and where it is a name, wherever that leads from elsewhere. What a
/// host calls itself is often an address that only it can reach.
pub(crate) fn listen(place: &str) -> Result<TcpListener, String> {
    let (host, port) = place.rsplit_once(':').unwrap_or_default();
    let port: u16 = port.parse().map_err(|_| format!("--meet {place}: it is written as HOST:PORT"))?;
    let literal = host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let known = addresses(place).unwrap_or_default();
    let everywhere =
        [SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)), SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))];
    let places = if literal { known.as_slice() } else { &everywhere };
    let mut refused = None;
    for address in places {
        match TcpListener::bind(address) {
            Ok(listener) => return Ok(listener),
            // Where it is in use, another address would hide that the port is someone else's.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                return Err(format!(
                    "{place}: the port is in use, so that shard 0 can't listen there; name another one (--meet)"
                ));
            }
            Err(error) => refused = Some(error),
        }
    }
    let why = refused.map_or_else(String::new, |error| format!(": {error}"));
    Err(format!("{place}: shard 0 can't listen there{why}; is it an address of this host (--meet)?"))
}

/// Who has come, and is ready.
fn wait(listener: &TcpListener, hello: &Hello, within: Duration, stop: &AtomicBool) -> io::Result<Vec<Mate>> {
    listener.set_nonblocking(true)?;
    let deadline = Instant::now() + within;
    let (came, comes) = mpsc::channel();
    let mut mates: Vec<Mate> = Vec::new();
    // As many as are expected may speak at once, and a few that are lost.
    let speaking = Arc::new(AtomicUsize::new(0));
    let speaking_max = hello.count * 2 + SPEAKING_EXTRA;
    loop {
        for mate in comes.try_iter() {
            take_in(&mut mates, mate);
        }
        if mates.len() + 1 == hello.count {
            // Who has gone again in the meantime may be started anew.
            mates.retain(|mate| mate.line.is_open());
        }
        let all_are_there = mates.len() + 1 == hello.count;
        if all_are_there || Instant::now() >= deadline || stop.load(Ordering::Relaxed) {
            return Ok(mates);
        }
        let accepted =
            if speaking.load(Ordering::Relaxed) < speaking_max { listener.accept().ok() } else { None };
        // Where there was an error it is one of theirs, or there are too few descriptors just now.
        let Some((stream, _)) = accepted else {
            thread::sleep(LOOK_EVERY);
            continue;
        };
        let (came, hello, speaks) = (came.clone(), hello.clone(), Speaks::new(&speaking));
        // On a thread of its own: one that says nothing must not keep the others waiting.
        thread::Builder::new().name("meeting".into()).spawn(move || {
            let _speaks = speaks;
            if let Some(mate) = receive(stream, &hello) {
                // Nobody listens any more once all have begun.
                let _ = came.send(mate);
            }
        })?;
    }
}

/// One more is there. Whoever was there under that number and has gone was started anew.
fn take_in(mates: &mut Vec<Mate>, mut mate: Mate) {
    match mates.iter_mut().find(|known| known.index == mate.index) {
        None => mates.push(mate),
        Some(known) if !known.line.is_open() => *known = mate,
        Some(_) => {
            let why = format!("there is a shard {} already", mate.index);
            tell(&format!("a shard {} was refused: {why}", mate.index));
            let _ = mate.line.say(&FromLead::Refused(why));
        }
    }
}

/// Counts those that speak at the moment.
struct Speaks(Arc<AtomicUsize>);

impl Speaks {
    fn new(all: &Arc<AtomicUsize>) -> Self {
        all.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(all))
    }
}

impl Drop for Speaks {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Hears what one has to say that has come; `None` if it is none of the shards, or has gone again.
fn receive(stream: TcpStream, hello: &Hello) -> Option<Mate> {
    let stop = AtomicBool::new(false);
    let mut line = Line::new(stream).ok()?;
    let ToLead::Hello(theirs) = line.hear(&stop, Some(PATIENCE)).ok()? else { return None };
    if let Some(why) = hello.against(&theirs) {
        tell(&format!("a shard {} was refused: {why}", theirs.index));
        let _ = line.say(&FromLead::Refused(why));
        return None;
    }
    line.say(&FromLead::Welcome).ok()?;
    let host = tell_time(&mut line, &stop).ok()?;
    line.trust();
    Some(Mate { index: theirs.index, host, line, is_lost: false })
}

/// Says what time it is, as often as a shard may ask, until it is ready; returns what its host is called.
fn tell_time(line: &mut Line, stop: &AtomicBool) -> io::Result<String> {
    let deadline = Instant::now() + PATIENCE;
    for _ in 0..=EXCHANGES {
        match line.hear(stop, Some(deadline.saturating_duration_since(Instant::now())))? {
            ToLead::Time => line.say(&FromLead::Time { unix_ns: clock::now_ns() })?,
            ToLead::Ready { host } => return Ok(host),
            _ => break,
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// Tells whoever comes from now on, for as long as this process lives, that it is too late.
fn turn_away(listener: TcpListener) {
    let turning = move || {
        // One that blocks is enough: it is one after the other.
        let _ = listener.set_nonblocking(false);
        for stream in listener.incoming() {
            let Ok(mut line) = stream.and_then(Line::new) else {
                // Too few descriptors, as a rule, which this is not to make worse by being busy.
                thread::sleep(PAUSE);
                continue;
            };
            let late = "the others have begun without it; more patience (--meet-within) would have waited";
            let _ = line.say(&FromLead::Refused(late.to_owned()));
        }
    };
    // Without it they are told nothing, and find out by themselves.
    let _ = thread::Builder::new().name("too-late".into()).spawn(turning);
}

/// How long a plan may take from its beginning on.
fn longest(plan: &Plan) -> Duration {
    let counted = match plan.amount {
        engine::Amount::Time(time) => time,
        // Nobody knows, so the day that is the longest of anything.
        engine::Amount::Requests(_) => engine::DURATION_MAX,
    };
    plan.warmup + counted + plan.timeout
}
