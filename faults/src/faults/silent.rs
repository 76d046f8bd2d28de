//! Clients that connect and say nothing.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Fault, every_phase};
use crate::client::connect;
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const SILENT_CLIENTS: Fault = Fault {
    name: "silent_clients",
    outcome: "who says nothing costs others at most its idle deadline; divided by ten in the pool, and \
              nothing where a silent client holds no place",
    applies: every_phase,
    check: |setting, phase| {
        if phase.serves_others_meanwhile() { beside(setting, phase) } else { in_turn(setting, phase) }
    },
};

/// Behind fewer and more of them than there are places.
fn in_turn(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let deadline = Duration::from_millis(setting.of(300, 1_000) as u64);
    let mut waits = Vec::new();
    for silent in [phase.at_once(), 3 * phase.at_once()] {
        let flags = ["--idle-timeout", &format!("{}ms", deadline.as_millis())];
        let subject = Subject::start(setting, phase, &flags)?;
        let held: Vec<_> = (0..silent).map(|_| connect(subject.addr())).collect::<Result<_, _>>()?;
        let start = Instant::now();
        subject.hello()?;
        let waited = start.elapsed();
        drop(held);
        let rounds = u32::try_from(silent.div_ceil(phase.at_once())).unwrap_or(u32::MAX);
        let limit = setting.within(deadline * rounds + Duration::from_secs(1));
        ensure!(waited <= limit, "somebody else waited for {waited:?} behind {silent} silent clients");
        waits.push(format!("{:.2} s behind {silent}", waited.as_secs_f64()));
    }
    Ok(format!("somebody else waited {} (deadline {deadline:?})", waits.join(", ")))
}

/// With a deadline that is far away: that they are all still there shows that nobody waits for them.
fn beside(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    const SILENT: usize = 100;

    let subject = Subject::start(setting, phase, &["--idle-timeout", "10m"])?;
    let held: Vec<TcpStream> = (0..SILENT).map(|_| connect(subject.addr())).collect::<Result<_, _>>()?;
    subject.wait_for_connections(SILENT)?;
    let start = Instant::now();
    subject.hello()?;
    let waited = start.elapsed();
    for stream in held {
        stream.set_nonblocking(true)?;
        let peeked = stream.peek(&mut [0]);
        let is_open = peeked.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        ensure!(is_open, "a silent client was closed before somebody else was served: {peeked:?}");
    }
    Ok(format!("beside {SILENT} of them somebody else was answered after {:.3} s", waited.as_secs_f64()))
}
