//! Clients that break off in the middle of their answer, or while it is due.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use super::{Fault, every_phase};
use crate::client::{LIMIT, eventually, get, reset};
use crate::{Failure, Phase, Setting, Size, Subject, ensure};

/// More than the kernel's buffers take, so that the server is in the middle of it.
const BYTES: usize = 8_000_000;
/// Clients at the same time: each costs its server two copies of the answer.
const WAVE: usize = 50;

pub(super) const ABORT: Fault = Fault {
    name: "abort",
    outcome: "descriptors and threads back at base within 1 s of the last of 1,000",
    applies: every_phase,
    check,
};

pub(super) const ABORT_WHILE_DELAYED: Fault = Fault {
    name: "abort_while_delayed",
    outcome: "who resets during a handler's delay of 10 s is let go within 1 s; in phases 0 and 1 the \
              thread sleeps, and does not notice",
    applies: Phase::watches_while_it_waits,
    check: while_delayed,
};

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let subject = Subject::start(setting, phase, &[])?;
    let clients = setting.of(200, 1_000);
    for _ in 0..clients / WAVE {
        let wave: Vec<TcpStream> =
            (0..WAVE).map(|_| subject.send(get(&format!("/bytes?n={BYTES}")))).collect::<Result<_, _>>()?;
        for (index, mut stream) in wave.into_iter().enumerate() {
            // The first bytes have come and the others are on their way. In phase 0 this waits until
            // the one before has broken off.
            stream.read_exact(&mut [0; 1_000])?;
            // Every other one just closes, which over unread bytes is a reset too.
            if index % 2 == 0 {
                reset(stream);
            }
        }
    }
    let after = subject.wait_until_as_before(setting.within(Duration::from_secs(1)))?;
    subject.hello()?;
    let disconnected = subject.count("errors/disconnected")?;
    ensure!(disconnected == clients as u64, "{disconnected} of {clients} were counted as disconnected");
    Ok(format!("{clients} aborted, back at base after {} ms: {}", after.as_millis(), subject.figures()?))
}

fn while_delayed(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    /// Far below the delay, which would let them go anyway.
    const SHORT_LIMIT: Duration = Duration::from_secs(7);

    let subject = Subject::start(setting, phase, &[])?;
    let requests = subject.count("requests")?;
    let clients = setting.of(200, 1_000);
    let waiting: Vec<TcpStream> =
        (0..clients).map(|_| subject.send(get("/wait?ms=10000"))).collect::<Result<_, _>>()?;
    // Until each has been given to the handler. Each look is a request too.
    let mut looks = 0;
    eventually(LIMIT, "requests with a delay", clients as u64, || {
        looks += 1;
        Ok(subject.count("requests")? - requests - looks)
    })?;
    waiting.into_iter().for_each(reset);
    let limit = if setting.size == Size::Full { Duration::from_secs(1) } else { SHORT_LIMIT };
    let after = subject.wait_until_as_before(limit)?;
    let disconnected = subject.count("errors/disconnected")?;
    ensure!(disconnected == clients as u64, "{disconnected} of {clients} were counted as disconnected");
    Ok(format!("{clients} aborted, back at base after {} ms: {}", after.as_millis(), subject.figures()?))
}
