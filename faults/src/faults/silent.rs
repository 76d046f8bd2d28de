//! Clients that connect and say nothing.

use std::time::{Duration, Instant};

use super::{Fault, every_phase};
use crate::client::connect;
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const SILENT_CLIENTS: Fault = Fault {
    name: "silent_clients",
    outcome: "who says nothing holds nobody up for longer than the idle deadline",
    applies: every_phase,
    check,
};

/// The default of the phases in which a silent client keeps a thread.
const IDLE_DEADLINE: Duration = Duration::from_secs(1);

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let subject = Subject::start(setting, phase, &[])?;
    let silent = phase.at_once().min(100);
    let _held: Vec<_> = (0..silent).map(|_| connect(subject.addr())).collect::<Result<_, _>>()?;
    if phase.at_once() >= silent {
        subject.wait_for_connections(silent)?;
    }
    let start = Instant::now();
    subject.hello()?;
    let waited = start.elapsed();
    let held_up = if phase.serves_others_meanwhile() { Duration::ZERO } else { IDLE_DEADLINE };
    let limit = setting.within(held_up + Duration::from_secs(1));
    ensure!(waited <= limit, "somebody else waited for {waited:?} behind {silent} silent clients");
    Ok(format!("beside {silent} of them somebody else was answered after {:.2} s", waited.as_secs_f64()))
}
