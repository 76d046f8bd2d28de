//! SIGTERM and SIGINT in the middle of everything.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{Fault, every_phase};
use crate::client::{Broken, ask, eventually, get, one_answer};
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const STOP_UNDER_LOAD: Fault = Fault {
    name: "stop_under_load",
    outcome: "new connections refused while answers under way are finished whole; exit 0 within the drain limit",
    applies: every_phase,
    check,
};

/// What the server waits for its connections at most; long enough for all that is tried meanwhile.
const DRAIN: Duration = Duration::from_secs(60);
/// More than the kernel's buffers take, so that the answer is under way until it is read.
const UNREAD_BYTES: usize = 16 * 1024 * 1024;
/// How long the other answers under way take.
const WAIT_MILLIS: u32 = 500;
/// How long a connect may stay open; where the queue is full it is neither taken nor refused.
const CONNECT_LIMIT: Duration = Duration::from_secs(1);

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let mut figures = Vec::new();
    for (name, signal) in [("SIGTERM", Signal::TERM), ("SIGINT", Signal::INT)] {
        let drain = format!("{}s", DRAIN.as_secs());
        let flags = ["--drain-timeout", &drain, "--write-timeout", &drain];
        let subject = Subject::start(setting, phase, &flags)?;
        let (answered, took) = stop(setting, subject, signal)?;
        figures.push(format!("{name}: {answered} answers finished, exit 0 after {} ms", took.as_millis()));
    }
    Ok(figures.join("; "))
}

fn stop(setting: &Setting, mut subject: Subject, signal: Signal) -> Result<(usize, Duration), Failure> {
    let addr = subject.addr();
    // This one is under way for as long as we please.
    let unread = subject.send(get(&format!("/bytes?n={UNREAD_BYTES}")))?;
    unread.peek(&mut [0])?;
    let waiting: Vec<TcpStream> = (1..subject.phase.at_once().min(50))
        .map(|_| subject.send(get(&format!("/wait?ms={WAIT_MILLIS}"))))
        .collect::<Result<_, _>>()?;
    subject.wait_for_connections(1 + waiting.len())?;
    let answered = 1 + waiting.len();
    // They read as their answers come and close after them, so that nothing else is waited for.
    let answers: Vec<_> = waiting.into_iter().map(|stream| thread::spawn(|| one_answer(stream))).collect();
    // Others come and go meanwhile, where there is anybody free to serve them.
    let is_over = AtomicBool::new(false);
    let (took, code) = thread::scope(|scope| {
        let load = scope.spawn(|| {
            while !is_over.load(Relaxed) {
                match ask(addr, get("/")) {
                    // Right once it stops; half an answer never is.
                    Ok(_) | Err(Broken::Refused(_) | Broken::ClosedUnanswered(_)) => {}
                    Err(broken) => return Err(Failure::from(broken)),
                }
            }
            Ok(())
        });
        // Time for the requests to be read; a request that is still unread would be served as well.
        thread::sleep(Duration::from_millis(200));
        subject.signal(signal)?;
        let start = Instant::now();
        let stopped = finish(setting, &mut subject, unread);
        is_over.store(true, Relaxed);
        load.join().map_err(|_| Failure::new("a client panicked"))??;
        stopped?;
        Ok::<_, Failure>((start.elapsed(), subject.ended().and_then(|status| status.code())))
    })?;
    ensure!(code == Some(0), "it ended with {code:?} instead of 0");
    let waited = format!("waited {WAIT_MILLIS} ms\n").into_bytes();
    for answer in answers {
        let answer = answer.join().map_err(|_| Failure::new("a client panicked"))??;
        ensure!(answer.body == waited, "one under way was answered {}", answer.head.status);
    }
    Ok((answered, took))
}

/// Sees that nobody else gets in while an answer is under way, then reads that one and waits for the end.
fn finish(setting: &Setting, subject: &mut Subject, unread: TcpStream) -> Result<(), Failure> {
    let addr = subject.addr();
    let is_refused = || {
        let connected = TcpStream::connect_timeout(&addr, CONNECT_LIMIT);
        Ok(connected.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused))
    };
    let within = setting.within(Duration::from_secs(1));
    eventually(within, "a new connection is refused while answers are under way", true, is_refused)?;
    ensure!(subject.ended().is_none(), "it ended though an answer was under way");
    let answer = one_answer(unread)?;
    ensure!(answer.body.len() == UNREAD_BYTES, "the answer under way has {} bytes", answer.body.len());
    eventually(setting.within(DRAIN), "it has ended", true, || Ok(subject.ended().is_some())).map(drop)
}
