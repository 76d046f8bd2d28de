//! No descriptors left.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use super::{Fault, every_phase};
use crate::client::{connect, get, one_answer};
use crate::figures::open_files;
use crate::{Failure, Phase, Setting, Size, Subject, ensure};

pub(super) const OUT_OF_DESCRIPTORS: Fault = Fault {
    name: "out_of_descriptors",
    outcome: "a flood at a limit of 64: alive, less than 5 % CPU, recovered within 1 s of room",
    applies: every_phase,
    check: flood,
};

pub(super) const NO_DESCRIPTOR_AT_ALL: Fault = Fault {
    name: "no_descriptor_at_all",
    outcome: "every accept fails: alive, less than 5 % CPU, and once there is room all are answered",
    applies: every_phase,
    check: none_at_all,
};

/// How long it is watched without room.
const WATCH: Duration = Duration::from_secs(2);

fn flood(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    const DESCRIPTORS_MAX: u64 = 64;
    const CLIENTS: usize = 300;

    let subject = Subject::start(setting, phase, &[])?;
    limit(&subject, DESCRIPTORS_MAX)?;
    // Silent clients hold what they get until their deadline.
    let held: Vec<TcpStream> = (0..CLIENTS).map(|_| connect(subject.addr())).collect::<Result<_, _>>()?;
    let busy = busy_share(&subject)?;
    ensure_not_spinning(setting, busy)?;
    let most = subject.figures()?.descriptors;
    drop(held);
    let recovered = Instant::now();
    subject.hello()?;
    let recovered = recovered.elapsed();
    let within = setting.within(Duration::from_secs(1));
    ensure!(recovered <= within, "it took {recovered:?} to serve again");
    subject.wait_until_as_before(within)?;
    Ok(format!(
        "{CLIENTS} clients, {most} descriptors, {:.1} % CPU, served again after {} ms",
        busy * 100.0,
        recovered.as_millis()
    ))
}

fn none_at_all(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    const CLIENTS: usize = 10;

    let subject = Subject::start(setting, phase, &[])?;
    // The limit is on the number that the next one would get: the lowest that is free.
    let used = open_files(subject.pid())?;
    let next = (0..=used.len() as u64).find(|number| !used.contains(number)).unwrap_or(0);
    limit(&subject, next)?;
    let waiting: Vec<TcpStream> = (0..CLIENTS).map(|_| subject.send(get("/"))).collect::<Result<_, _>>()?;
    let busy = busy_share(&subject)?;
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
        "{:.1} % CPU, {failed} failed accepts counted, {CLIENTS} answered {} ms after there was room",
        busy * 100.0,
        answered.as_millis()
    ))
}

/// Sets the soft limit on open files of a running server.
fn limit(subject: &Subject, descriptors: u64) -> Result<(), Failure> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let pid = Pid::from_raw(subject.pid().cast_signed());
    prlimit(pid, Resource::Nofile, Rlimit { current: Some(descriptors), maximum })
        .map(drop)
        .map_err(|error| Failure::new(format!("the server's limit on open files can't be set: {error}")))
}

/// The share of a CPU that it spends while nothing can be done.
fn busy_share(subject: &Subject) -> Result<f64, Failure> {
    let (start, before) = (Instant::now(), subject.cpu_time()?);
    thread::sleep(WATCH);
    let spent = subject.cpu_time()?.saturating_sub(before);
    Ok(spent.as_secs_f64() / start.elapsed().as_secs_f64())
}

fn ensure_not_spinning(setting: &Setting, busy: f64) -> Result<(), Failure> {
    // A loop that spins spends all of a CPU, however slow the machine.
    let most = if setting.size == Size::Full { 0.05 } else { 0.5 };
    ensure!(busy < most, "it spends {:.1} % of a CPU on nothing", busy * 100.0);
    Ok(())
}
