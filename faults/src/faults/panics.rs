//! A handler that panics.

use std::io::Write;
use std::net::TcpStream;

use super::{Fault, every_phase};
use crate::client::one_answer;
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const PANICS: Fault =
    Fault { name: "panics", outcome: "1,000 times 500, and no worker lost", applies: every_phase, check };

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    const TIMES: u64 = 1_000;

    let subject = Subject::start(setting, phase, &["--head-timeout", "10m"])?;
    for time in 1..=TIMES {
        let answer = subject.ask("/panic")?;
        let (status, body) = (answer.head.status, String::from_utf8_lossy(&answer.body).into_owned());
        ensure!(status == 500, "panic {time} was answered {status}");
        ensure!(!body.contains("half an answer"), "panic {time} let half an answer through: {body}");
    }
    let counted = subject.count("errors/panic")?;
    ensure!(counted == TIMES, "{counted} of {TIMES} panics were counted");
    every_worker_serves(&subject)?;
    Ok(format!("{TIMES} answered 500, {}", subject.figures()?))
}

/// Takes all places by half a request each, then finishes the last one first: were a worker lost, that
/// one would still wait for a place behind those that wait for it.
fn every_worker_serves(subject: &Subject) -> Result<(), Failure> {
    const CLIENTS_MAX: usize = 50;

    let clients = subject.phase.at_once().min(CLIENTS_MAX);
    let mut halves: Vec<TcpStream> = (0..clients)
        .map(|_| subject.send("GET / HTTP/1.1\r\nHost: lab\r\n"))
        .collect::<Result<_, std::io::Error>>()?;
    while let Some(mut stream) = halves.pop() {
        stream.write_all(b"Connection: close\r\n\r\n")?;
        let status = one_answer(stream)
            .map_err(|error| Failure::new(format!("a worker is lost: behind {}, {error}", halves.len())))?
            .head
            .status;
        ensure!(status == 200, "behind {} others one was answered {status}", halves.len());
    }
    Ok(())
}
