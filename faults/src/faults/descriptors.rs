//! No descriptors left.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use super::{Fault, every_phase};
use crate::client::{connect, eventually, get, one_answer};
use crate::figures::open_files;
use crate::{Failure, Phase, Setting, Size, Subject, ensure};

pub(super) const OUT_OF_DESCRIPTORS: Fault = Fault {
    name: "out_of_descriptors",
    outcome: "a flood at a limit of 64: alive, less than 5 % CPU, recovered within 1 s of room",
    applies: every_phase,
    check: flood,
};

pub(super) const FEW_DESCRIPTORS: Fault = Fault {
    name: "few_descriptors",
    outcome: "started at a limit of 64, a flood of silent clients: each waits or is told 503; alive, less \
              than 5 % CPU, recovered within 1 s of room",
    applies: every_phase,
    check: few,
};

pub(super) const NO_DESCRIPTOR_AT_ALL: Fault = Fault {
    name: "no_descriptor_at_all",
    outcome: "every accept fails: alive, less than 5 % CPU, and once there is room all are answered",
    applies: every_phase,
    check: none_at_all,
};

const DESCRIPTORS_MAX: usize = 64;
/// Clients of a flood.
const CLIENTS: usize = 300;
/// A silent client holds what it has got until it goes.
const SILENT: [&str; 2] = ["--idle-timeout", "10m"];

fn few(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let subject = Subject::start_within(setting, DESCRIPTORS_MAX, phase, &SILENT)?;
    let held: Vec<TcpStream> = (0..CLIENTS).map(|_| connect(subject.addr())).collect::<Result<_, _>>()?;
    let busy = busy_share(setting, &subject)?;
    ensure_not_spinning(setting, busy)?;
    let mut refused = 0;
    for stream in held {
        refused += usize::from(is_refused(stream)?);
    }
    let within = setting.within(Duration::from_secs(1));
    let recovered = serves_again(&subject, within)?;
    ensure_short_of_room(&subject)?;
    Ok(format!(
        "{refused} of {CLIENTS} were told 503, the others waited; {:.1} % CPU, served again after {} ms",
        busy * 100.0,
        recovered.as_millis()
    ))
}

/// Whether a silent client has been told 503. If not, it still waits, for its turn or for a descriptor.
fn is_refused(stream: TcpStream) -> Result<bool, Failure> {
    stream.set_nonblocking(true)?;
    match stream.peek(&mut [0]) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        _ => {
            stream.set_nonblocking(false)?;
            let status = one_answer(stream)?.head.status;
            ensure!(status == 503, "a silent client was told {status}");
            Ok(true)
        }
    }
}

/// Waits until it serves and holds no more than at first; how long it took to serve.
fn serves_again(subject: &Subject, within: Duration) -> Result<Duration, Failure> {
    // While the places of those that have gone are still taken, it may say 503.
    let recovered = eventually(within, "GET /", 200, || Ok(subject.ask("/")?.head.status))?;
    subject.wait_until_as_before(within)?;
    Ok(recovered)
}

/// It has met the limit: somebody was turned away, or could not be accepted.
fn ensure_short_of_room(subject: &Subject) -> Result<(), Failure> {
    let (failed, rejected) = (subject.count("errors/accept")?, subject.count("connections/rejected")?);
    // Phase 0 has one connection at a time, and never comes near a limit.
    ensure!(
        failed > 0 || rejected > 0 || !subject.phase.turns_away(),
        "{CLIENTS} clients were no flood: nobody was rejected and no accept failed"
    );
    Ok(())
}

fn flood(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let subject = Subject::start(setting, phase, &SILENT)?;
    limit(&subject, DESCRIPTORS_MAX as u64)?;
    let held: Vec<TcpStream> = (0..CLIENTS).map(|_| connect(subject.addr())).collect::<Result<_, _>>()?;
    let busy = busy_share(setting, &subject)?;
    ensure_not_spinning(setting, busy)?;
    let most = subject.figures()?.descriptors;
    drop(held);
    let recovered = serves_again(&subject, setting.within(Duration::from_secs(1)))?;
    ensure_short_of_room(&subject)?;
    Ok(format!(
        "{CLIENTS} clients, {most} descriptors, {:.1} % CPU, served again after {} ms",
        busy * 100.0,
        recovered.as_millis()
    ))
}

fn none_at_all(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    const WAITING: usize = 10;

    // Phase 0 has accepted one before the limit falls, and tries the next only after that one's drain.
    let subject = Subject::start(setting, phase, &["--drain-timeout", "50ms"])?;
    // The limit is on the number that the next one would get: the lowest that is free.
    let used = open_files(subject.pid())?;
    let next = (0..=used.len() as u64).find(|number| !used.contains(number)).unwrap_or(0);
    limit(&subject, next)?;
    let waiting: Vec<TcpStream> = (0..WAITING).map(|_| subject.send(get("/"))).collect::<Result<_, _>>()?;
    let busy = busy_share(setting, &subject)?;
    ensure_not_spinning(setting, busy)?;
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    limit(&subject, maximum.unwrap_or(u64::MAX))?;
    let room = Instant::now();
    for stream in waiting {
        let status = one_answer(stream)?.head.status;
        ensure!(status == 200, "who had waited for room was answered {status}");
    }
    let answered = room.elapsed();
    ensure!(answered <= setting.within(Duration::from_secs(1)), "it took {answered:?} to serve again");
    let failed = subject.count("errors/accept")?;
    ensure!(failed > 0, "no failed accept was counted, so nothing was tried");
    Ok(format!(
        "{:.1} % CPU, {failed} failed accepts counted, {WAITING} answered {} ms after there was room",
        busy * 100.0,
        answered.as_millis()
    ))
}

/// How long it may take what has just come to be worked off.
const SETTLE: Duration = Duration::from_millis(100);

/// Sets the soft limit on open files of a running server.
fn limit(subject: &Subject, descriptors: u64) -> Result<(), Failure> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let pid = Pid::from_raw(subject.pid().cast_signed());
    prlimit(pid, Resource::Nofile, Rlimit { current: Some(descriptors), maximum })
        .map(drop)
        .map_err(|error| Failure::new(format!("the server's limit on open files can't be set: {error}")))
}

/// The share of a CPU that it spends while nothing can be done.
fn busy_share(setting: &Setting, subject: &Subject) -> Result<f64, Failure> {
    // Its own work on those that have just come is not what is looked for.
    thread::sleep(SETTLE);
    let (start, before) = (Instant::now(), subject.cpu_time()?);
    thread::sleep(Duration::from_millis(setting.of(500, 2_000) as u64));
    let spent = subject.cpu_time()?.saturating_sub(before);
    Ok(spent.as_secs_f64() / start.elapsed().as_secs_f64())
}

fn ensure_not_spinning(setting: &Setting, busy: f64) -> Result<(), Failure> {
    // A loop that spins spends all of a CPU, however slow the machine.
    let most = if setting.size == Size::Full { 0.05 } else { 0.5 };
    ensure!(busy < most, "it spends {:.1} % of a CPU on nothing", busy * 100.0);
    Ok(())
}
