//! Shard 0's end of the meeting: it waits for the others, and in a lab's run has them fire with it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::joined::addresses;
use super::line::Line;
use super::{AHEAD, Beginning, FromLead, Hello, PATIENCE, ToLead};
use crate::engine::{self, Outcome, Part, Plan, Progress};
use crate::shard::clock;

/// How often shard 0 looks who has come.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How much longer than the plan says a shard may take before it is taken for lost.
const FIRING_EXTRA: Duration = Duration::from_secs(60);

/// Another shard, as shard 0 knows it.
#[derive(Debug)]
pub(crate) struct Mate {
    pub(crate) index: usize,
    pub(crate) host: String,
    line: Line,
}

/// What came of one plan.
#[derive(Debug)]
pub(crate) struct FiredByAll {
    pub(crate) whole: Outcome,
    /// Shard 0's own part.
    pub(crate) own: Outcome,
    pub(crate) at_unix_ns: u64,
}

/// The others that have come, lowest first.
#[derive(Debug)]
pub(crate) struct Team {
    pub(crate) mates: Vec<Mate>,
    count: usize,
}

impl Team {
    /// Listens at `place` until all shards that `hello` counts have come or `within` is over, and tells them when all
    /// begin. `run` names what they do.
    pub(crate) fn gather(
        place: &str,
        hello: &Hello,
        run: String,
        within: Duration,
        stop: &AtomicBool,
    ) -> Result<(Self, Beginning), String> {
        let listener = listen(place)?;
        let mut mates = wait(&listener, hello, within, stop)
            .map_err(|error| format!("waiting for the other shards at {place}: {error}"))?;
        if stop.load(Ordering::Relaxed) {
            return Err("interrupted before all shards had met".to_owned());
        }
        mates.sort_by_key(|mate| mate.index);
        let absent =
            (1..hello.count).filter(|index| !mates.iter().any(|mate| mate.index == *index)).collect();
        let beginning = Beginning { run, at_unix_ns: clock::now_ns() + ns(AHEAD), absent };
        for mate in &mut mates {
            // Who has gone again in the meantime writes no file, and is missed then.
            let _ = mate.line.say(&FromLead::Begin(beginning.clone()));
        }
        Ok((Self { mates, count: hello.count }, beginning))
    }

    /// Whether one of them is on another host.
    pub(crate) fn is_remote(&self) -> bool {
        self.mates.iter().any(|mate| mate.line.peer().is_ok_and(|peer| !peer.ip().is_loopback()))
    }

    /// Has everyone fire their part of `plan` and fires shard 0's own. `name` says what it is, for the others' files.
    /// They are waited for until `stop` is set.
    pub(crate) fn fire(
        &mut self,
        name: &str,
        plan: &Plan,
        progress: &Progress,
        stop: &AtomicBool,
    ) -> Result<FiredByAll, String> {
        let at_unix_ns = clock::now_ns() + ns(AHEAD);
        if self.mates.len() + 1 < self.count {
            return Err(format!("only {} of {} shards are left", self.mates.len() + 1, self.count));
        }
        let order = FromLead::Fire { name: name.to_owned(), plan: Box::new(plan.clone()), at_unix_ns };
        let mut failed = None;
        // Whoever is lost is not asked again: an answer that comes too late would be taken for the next one.
        self.mates.retain_mut(|mate| match mate.line.say(&order) {
            Ok(()) => true,
            Err(error) => {
                failed.get_or_insert(mate.lost(&error));
                false
            }
        });
        let part = Part { index: 0, count: self.count };
        let own = engine::run_part(plan, part, Some(clock::instant(at_unix_ns)), progress);
        let patience = longest(plan) + FIRING_EXTRA;
        let mut theirs = Vec::new();
        // All are heard out, whatever the first of them says: what they say next is of the next plan.
        self.mates.retain_mut(|mate| match mate.line.hear(stop, Some(patience)) {
            Ok(ToLead::Fired(outcome)) => {
                theirs.push(*outcome);
                true
            }
            Ok(ToLead::Failed(why)) => {
                failed.get_or_insert(format!("shard {} ({}): {why}", mate.index, mate.host));
                true
            }
            Ok(_) => {
                failed.get_or_insert(mate.lost(&io::ErrorKind::InvalidData.into()));
                false
            }
            Err(error) => {
                failed.get_or_insert(mate.lost(&error));
                false
            }
        });
        let own = own.map_err(|error| error.to_string())?;
        if let Some(why) = failed {
            return Err(why);
        }
        let mut whole = own.clone();
        for theirs in &theirs {
            whole.merge(theirs);
        }
        Ok(FiredByAll { whole, own, at_unix_ns })
    }

    /// Tells everyone that this was all.
    pub(crate) fn dismiss(&mut self) {
        for mate in &mut self.mates {
            // Who has gone knows already.
            let _ = mate.line.say(&FromLead::Over);
        }
    }
}

impl Mate {
    fn lost(&self, error: &io::Error) -> String {
        let why = match error.kind() {
            io::ErrorKind::UnexpectedEof => "has gone".to_owned(),
            io::ErrorKind::TimedOut => "says nothing any more".to_owned(),
            io::ErrorKind::Interrupted => "was not waited for".to_owned(),
            _ => error.to_string(),
        };
        format!("shard {} on {} was lost: {why}", self.index, self.host)
    }
}

fn listen(place: &str) -> Result<TcpListener, String> {
    let (_, port) = place.rsplit_once(':').unwrap_or_default();
    let port: u16 = port.parse().map_err(|_| format!("--meet {place}: it is written as HOST:PORT"))?;
    // A name may be known to the others only, as that of a service is.
    let known = addresses(place).unwrap_or_default();
    let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    let mut refused = None;
    for address in known.into_iter().chain([everywhere]) {
        match TcpListener::bind(address) {
            Ok(listener) => return Ok(listener),
            // Where it is in use, another address would hide that the port is someone else's.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                return Err(format!("--meet {place}: the port is in use; choose another one"));
            }
            Err(error) => refused = Some(error),
        }
    }
    let why = refused.map_or_else(String::new, |error| format!(": {error}"));
    Err(format!("--meet {place}: shard 0 can't listen there{why}; is it an address of this host?"))
}

/// Who has come, and is ready.
fn wait(listener: &TcpListener, hello: &Hello, within: Duration, stop: &AtomicBool) -> io::Result<Vec<Mate>> {
    listener.set_nonblocking(true)?;
    let deadline = Instant::now() + within;
    let wanted = hello.count - 1;
    let (came, comes) = mpsc::channel();
    let (mut mates, taken) = (Vec::new(), Arc::new(Mutex::new(vec![false; hello.count])));
    while mates.len() < wanted && Instant::now() < deadline && !stop.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((stream, _)) => {
                let (came, hello, taken) = (came.clone(), hello.clone(), Arc::clone(&taken));
                // On a thread of its own: one that says nothing must not keep the others waiting.
                thread::Builder::new().name("meeting".into()).spawn(move || {
                    if let Some(mate) = receive(stream, &hello, &taken) {
                        // Nobody listens any more once all have begun.
                        let _ = came.send(mate);
                    }
                })?;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(LOOK_EVERY),
            // Of one that came and went at once.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(error),
        }
        mates.extend(comes.try_iter());
    }
    Ok(mates)
}

/// Hears what one has to say that has come; `None` if it is none of the shards, or has gone again.
fn receive(stream: TcpStream, hello: &Hello, taken: &Mutex<Vec<bool>>) -> Option<Mate> {
    let stop = AtomicBool::new(false);
    let mut line = Line::new(stream).ok()?;
    let ToLead::Hello(theirs) = line.hear(&stop, Some(PATIENCE)).ok()? else { return None };
    let refused = hello.against(&theirs).or_else(|| {
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        let twice = std::mem::replace(&mut taken[theirs.index], true);
        twice.then(|| format!("there is a shard {} already", theirs.index))
    });
    if let Some(why) = refused {
        eprintln!("a shard {} was refused: {why}", theirs.index);
        let _ = line.say(&FromLead::Refused(why));
        return None;
    }
    let mate = get_ready(line, theirs.index, &stop);
    if mate.is_none() {
        // It may come again.
        taken.lock().unwrap_or_else(PoisonError::into_inner)[theirs.index] = false;
    }
    mate
}

/// Tells one that was made welcome what time it is, as often as it asks.
fn get_ready(mut line: Line, index: usize, stop: &AtomicBool) -> Option<Mate> {
    line.say(&FromLead::Welcome).ok()?;
    loop {
        match line.hear(stop, Some(PATIENCE)).ok()? {
            ToLead::Time => line.say(&FromLead::Time { unix_ns: clock::now_ns() }).ok()?,
            ToLead::Ready { host } => return Some(Mate { index, host, line }),
            _ => return None,
        }
    }
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

fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
