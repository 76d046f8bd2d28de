//! Many requests in one write, and a client that does not read their answers.

use std::io::Write;
use std::thread;
use std::time::Duration;

use super::Fault;
use crate::client::{LIMIT, answers, connect};
use crate::figures::mib;
use crate::{Failure, Phase, Setting, Subject, ensure};

const REQUESTS: usize = 1_000;
/// What the server itself may remember: some answers that are due, and the requests behind them.
const GROWTH_BYTES_MAX: u64 = 8 * 1024 * 1024;

pub(super) const THOUSAND_PIPELINED: Fault = Fault {
    name: "thousand_pipelined",
    outcome: "1,000 requests in one write get 1,000 answers in their order; memory stays bounded",
    applies: Phase::persists,
    check: in_order,
};

pub(super) const STALLED_READER: Fault = Fault {
    name: "stalled_reader",
    outcome: "who does not read stops the parsing; memory stays bounded; then every answer comes",
    applies: Phase::persists,
    check: stalled,
};

/// A request for `bytes + index` bytes each, so that the answers show their order; the last one closes.
fn requests(bytes: usize) -> String {
    let close = |index| if index + 1 == REQUESTS { "Connection: close\r\n" } else { "" };
    let request =
        |index| format!("GET /bytes?n={} HTTP/1.1\r\nHost: lab\r\n{}\r\n", bytes + index, close(index));
    (0..REQUESTS).map(request).collect()
}

fn in_order(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let subject = Subject::start(setting, phase, &[])?;
    let stream = subject.send(requests(0))?;
    let lengths: Vec<usize> = answers(stream)?.iter().map(|answer| answer.body.len()).collect();
    ensure!(lengths.iter().copied().eq(0..REQUESTS), "the answers came as {lengths:?}");
    let grown = ensure_memory_is_bounded(&subject)?;
    Ok(format!("{REQUESTS} answers in order, memory grew by {}", mib(grown)))
}

/// How far the memory has grown at most.
fn ensure_memory_is_bounded(subject: &Subject) -> Result<u64, Failure> {
    let grown = subject.figures()?.peak_bytes.saturating_sub(subject.base().resident_bytes);
    ensure!(grown <= GROWTH_BYTES_MAX, "the memory grew by {}", mib(grown));
    Ok(grown)
}

fn stalled(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    /// Together far more than the kernel's buffers between the two take.
    const ANSWER_BYTES: usize = 64 * 1024;
    const STILL_FOR: Duration = Duration::from_millis(500);

    let subject = Subject::start(setting, phase, &[])?;
    let served_before = subject.count("requests")?;
    let mut stream = connect(subject.addr())?;
    stream.write_all(requests(ANSWER_BYTES).as_bytes())?;
    // Until nothing more is parsed. Each look is a request too.
    let (mut served, mut looks) = (0, 0);
    loop {
        thread::sleep(STILL_FOR);
        looks += 1;
        let now = subject.count("requests")? - served_before - looks;
        if now == served {
            break;
        }
        served = now;
        ensure!(STILL_FOR * u32::try_from(looks).unwrap_or(u32::MAX) < LIMIT, "it does not come to rest");
    }
    ensure!(served < REQUESTS as u64, "all {REQUESTS} were parsed though nothing was read");
    let grown = ensure_memory_is_bounded(&subject)?;
    let lengths: Vec<usize> = answers(stream)?.iter().map(|answer| answer.body.len()).collect();
    let due = ANSWER_BYTES..ANSWER_BYTES + REQUESTS;
    ensure!(lengths.iter().copied().eq(due), "{} answers came, not all in order", lengths.len());
    Ok(format!("parsing stopped at {served} of {REQUESTS}, memory grew by {}, then all came", mib(grown)))
}
