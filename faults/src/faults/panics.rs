//! A handler that panics.

use super::{Fault, every_phase};
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const PANICS: Fault =
    Fault { name: "panics", outcome: "1,000 times 500, and no worker lost", applies: every_phase, check };

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    const TIMES: u64 = 1_000;

    let subject = Subject::start(setting, phase, &[])?;
    for time in 1..=TIMES {
        let answer = subject.ask("/panic")?;
        let (status, body) = (answer.head.status, String::from_utf8_lossy(&answer.body).into_owned());
        ensure!(status == 500, "panic {time} was answered {status}");
        ensure!(!body.contains("half an answer"), "panic {time} let half an answer through: {body}");
    }
    let counted = subject.count("errors/panic")?;
    ensure!(counted == TIMES, "{counted} of {TIMES} panics were counted");
    subject.hello()?;
    let threads = subject.figures()?.threads;
    ensure!(threads >= subject.base().threads, "{threads} threads are left of {}", subject.base().threads);
    Ok(format!("{TIMES} answered 500, {}", subject.figures()?))
}
