//! Clients that ask for much and do not read it.

use std::time::{Duration, Instant};

use super::{Fault, every_phase};
use crate::client::{LIMIT, get};
use crate::figures::mib;
use crate::{Failure, Phase, Setting, Subject, ensure};

const BYTES: u64 = 8_000_000;
const DEADLINE: Duration = Duration::from_secs(1);
/// Copies of an answer that a server may hold: the handler's and the encoded one.
const COPIES: u64 = 2;
/// What else a server's memory may grow by on the way.
const SLACK_BYTES: u64 = 24 * 1024 * 1024;

pub(super) const DEAF_READERS: Fault = Fault {
    name: "deaf_readers",
    outcome: "who does not read an answer of 8 MB is closed at the write deadline; memory is bounded",
    applies: every_phase,
    check,
};

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let flags = ["--write-timeout", &format!("{}ms", DEADLINE.as_millis())];
    let subject = Subject::start(setting, phase, &flags)?;
    let clients = match phase.at_once() {
        1 => 2,
        usize::MAX => 20,
        at_once => at_once,
    };
    let start = Instant::now();
    let deaf: Vec<_> =
        (0..clients).map(|_| subject.send(get(&format!("/bytes?n={BYTES}")))).collect::<Result<_, _>>()?;
    // Others are served meanwhile or, where there is no place left, behind all of them.
    subject.hello()?;
    let turns = u32::try_from(clients.div_ceil(phase.at_once())).unwrap_or(u32::MAX);
    subject.wait_until_as_before(setting.within((DEADLINE + Duration::from_secs(1)) * turns))?;
    let after = start.elapsed();
    drop(deaf);
    let timeouts = subject.count("errors/timeout")?;
    ensure!(timeouts == clients as u64, "{timeouts} of {clients} were counted as timed out");
    subject.wait_until_as_before(LIMIT)?;
    let grown = subject.figures()?.peak_bytes.saturating_sub(subject.base().resident_bytes);
    let bound = COPIES * BYTES * clients.min(phase.at_once()) as u64 + SLACK_BYTES;
    ensure!(grown <= bound, "the memory grew by {}, more than {}", mib(grown), mib(bound));
    Ok(format!(
        "{clients} closed after {:.2} s (deadline {DEADLINE:?}), memory grew by {} at most",
        after.as_secs_f64(),
        mib(grown)
    ))
}
