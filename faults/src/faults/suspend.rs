//! Servers that are stopped and continued: every wait is interrupted, and clients go in the meantime.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::{Fault, every_phase};
use crate::client::{LIMIT, ask, connect, get, reset};
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const SUSPENDED: Fault = Fault {
    name: "suspended",
    outcome: "waits that are interrupted (EINTR) cost no answer",
    applies: every_phase,
    check: suspended,
};

pub(super) const GONE_BEFORE_ACCEPTED: Fault = Fault {
    name: "gone_before_accepted",
    outcome: "clients that reset while they queue cost nobody else anything (accept gives them out like others)",
    applies: every_phase,
    check: gone,
};

/// SIGSTOP and SIGCONT: `epoll_wait` and the like come back with EINTR, though no handler is installed.
fn suspended(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    const CLIENTS: usize = 4;

    let subject = Subject::start(setting, phase, &[])?;
    let times = setting.of(50, 200);
    let asked = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..times {
                        let status = ask(subject.addr(), get("/wait?ms=1"))?.head.status;
                        ensure!(status == 200, "one was answered {status}");
                    }
                    Ok(times)
                })
            })
            .collect();
        for _ in 0..times {
            subject.signal(Signal::STOP)?;
            thread::sleep(Duration::from_millis(1));
            subject.signal(Signal::CONT)?;
            thread::sleep(Duration::from_millis(1));
        }
        clients
            .into_iter()
            .map(|client| client.join().map_err(|_| Failure::new("a client panicked"))?)
            .sum::<Result<usize, Failure>>()
    })?;
    subject.hello()?;
    Ok(format!("stopped and continued {times} times, {asked} of {asked} answered"))
}

fn gone(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    const CLIENTS: usize = 200;

    let subject = Subject::start(setting, phase, &[])?;
    subject.signal(Signal::STOP)?;
    let queued: Result<Vec<TcpStream>, _> = (0..CLIENTS)
        .map(
            |index| {
                if index % 2 == 0 { connect(subject.addr()) } else { subject.send(get("/bytes?n=100000")) }
            },
        )
        .collect();
    // Whatever became of them, the server goes on.
    let left = queued.map(|queued| queued.into_iter().for_each(reset));
    subject.signal(Signal::CONT)?;
    left?;
    subject.hello()?;
    subject.wait_until_as_before(LIMIT)?;
    Ok(format!("{CLIENTS} were gone, then GET / was answered: {}", subject.figures()?))
}
