//! Clients that say that they have nothing more to say.

use std::net::Shutdown;

use super::{Fault, every_phase};
use crate::client::{get, one_answer};
use crate::{Failure, Phase, Setting, Subject, ensure};

/// More than the kernel's buffers take, so that some of it is sent after the half-close was seen.
const BYTES: usize = 12_000_000;

pub(super) const HALF_CLOSE: Fault =
    Fault { name: "half_close", outcome: "the full answer, then the close", applies: every_phase, check };

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let subject = Subject::start(setting, phase, &[])?;
    for target in ["/wait?ms=200", &format!("/bytes?n={BYTES}")] {
        let stream = subject.send(get(target))?;
        stream.shutdown(Shutdown::Write)?;
        let answer = one_answer(stream)?;
        let whole = answer.body == b"waited 200 ms\n" || answer.body.len() == BYTES;
        ensure!(answer.head.status == 200 && whole, "{target} got {} bytes", answer.body.len());
    }
    Ok(format!("a delayed answer and one of {} MB came whole", BYTES / 1_000_000))
}
