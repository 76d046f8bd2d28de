//! SIGTERM and SIGINT in the middle of everything.

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{Fault, every_phase};
use crate::client::{ask, connect, eventually, get, one_answer};
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const STOP_UNDER_LOAD: Fault = Fault {
    name: "stop_under_load",
    outcome: "no new connections, answers under way finished whole, exit 0 within the drain limit",
    applies: every_phase,
    check,
};

/// What the server waits for its connections at most.
const DRAIN: Duration = Duration::from_secs(10);

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let mut figures = Vec::new();
    for (name, signal) in [("SIGTERM", Signal::TERM), ("SIGINT", Signal::INT)] {
        let flags = ["--drain-timeout", &format!("{}s", DRAIN.as_secs())];
        let subject = Subject::start(setting, phase, &flags)?;
        let (answered, took) = stop(setting, subject, signal)?;
        figures.push(format!("{name}: {answered} answers finished, exit 0 after {} ms", took.as_millis()));
    }
    Ok(figures.join("; "))
}

fn stop(setting: &Setting, mut subject: Subject, signal: Signal) -> Result<(usize, Duration), Failure> {
    let addr = subject.addr();
    let under_way: Vec<TcpStream> = (0..subject.phase.at_once().min(50))
        .map(|_| subject.send(get("/wait?ms=1000")))
        .collect::<Result<_, _>>()?;
    subject.wait_for_connections(under_way.len())?;
    let answered = under_way.len();
    // They read as their answers come and close after them, so that nothing else is waited for.
    let answers: Vec<_> = under_way.into_iter().map(|stream| thread::spawn(|| one_answer(stream))).collect();
    // Others come and go meanwhile, where there is anybody free to serve them.
    let is_over = AtomicBool::new(false);
    let (took, code) = thread::scope(|scope| {
        let load = scope.spawn(|| {
            while !is_over.load(Relaxed) {
                // Refused or closed unanswered is right once it stops; half an answer never is.
                if let Err(error) = ask(addr, get("/"))
                    && error.to_string().contains("cut off")
                {
                    return Err(error);
                }
            }
            Ok(())
        });
        // Time for the requests to be read; a request that is still unread would be served as well.
        thread::sleep(Duration::from_millis(200));
        subject.signal(signal)?;
        let start = Instant::now();
        let limit = setting.within(DRAIN);
        let took = eventually(limit, "it has ended", true, || Ok(subject.ended().is_some()))
            .map(|_| start.elapsed());
        is_over.store(true, Relaxed);
        load.join().map_err(|_| Failure::new("a client panicked"))??;
        Ok::<_, Failure>((took?, subject.ended().and_then(|status| status.code())))
    })?;
    ensure!(code == Some(0), "it ended with {code:?} instead of 0");
    ensure!(connect(addr).is_err(), "somebody still listens");
    for answer in answers {
        let answer = answer.join().map_err(|_| Failure::new("a client panicked"))??;
        ensure!(answer.body == b"waited 1000 ms\n", "one under way was answered {}", answer.head.status);
    }
    Ok((answered, took))
}
