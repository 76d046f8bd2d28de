//! Clients that break off in the middle of their answer.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use super::{Fault, every_phase};
use crate::client::{get, reset};
use crate::{Failure, Phase, Setting, Subject, ensure};

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
