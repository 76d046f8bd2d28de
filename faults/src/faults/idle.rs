//! Thousands of kept connections that ask for nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use loadgen::engine::{self, Amount, Expect, Mode, Pace, Plan, Progress};

use super::Fault;
use crate::client::connect;
use crate::{Failure, Phase, Setting, Size, Subject, ensure};

pub(super) const MANY_IDLE: Fault = Fault {
    name: "many_idle",
    outcome: "beside 10,000 idle connections the active ones' p99 is at most twice what it is without",
    applies: Phase::persists,
    check,
};

const HELLO: &[u8] = b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n";
/// Active connections beside the idle ones.
const ACTIVE: usize = 64;

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    // Each is a descriptor here and one there, and some are needed for other things.
    let wanted = setting.of(1_000, 10_000);
    let clients = wanted.min(server::raise_limit().saturating_sub(ACTIVE));
    let subject = Subject::start(setting, phase, &["--idle-timeout", "10m"])?;
    let alone = p99(setting, &subject)?;
    let before = subject.figures()?.resident_bytes;
    let idle: Vec<TcpStream> = (0..clients).map(|_| served_once(&subject)).collect::<Result<_, _>>()?;
    let per_connection = subject.figures()?.resident_bytes.saturating_sub(before) / clients.max(1) as u64;
    let beside = p99(setting, &subject)?;
    let active = subject.count("connections/active")?;
    ensure!(active >= clients as u64, "only {active} of {clients} are still open");
    drop(idle);
    let again = p99(setting, &subject)?;
    // The machine's own drift is not the server's doing: the slower of the two is what it is without.
    let without = alone.max(again);
    let is_timed = setting.size == Size::Full;
    ensure!(!is_timed || beside <= 2 * without, "p99 is {beside:?} beside them and {without:?} without");
    let short = if clients < wanted { " (the limit on open files allows no more)" } else { "" };
    Ok(format!(
        "{clients} idle{short} cost {per_connection} bytes each; p99 of {ACTIVE} active {beside:?}, \
         without them {alone:?} and {again:?}"
    ))
}

/// A kept connection that has had an answer, so that what an answer leaves behind is counted too.
fn served_once(subject: &Subject) -> Result<TcpStream, Failure> {
    let mut stream = connect(subject.addr())?;
    stream.write_all(HELLO)?;
    let mut answer = [0; 1_024];
    let mut filled = 0;
    while !answer[..filled].ends_with(b"Hello, World!") {
        let read = stream.read(&mut answer[filled..])?;
        ensure!(read > 0, "an answer ended too early");
        filled += read;
    }
    Ok(stream)
}

fn p99(setting: &Setting, subject: &Subject) -> Result<Duration, Failure> {
    let plan = Plan {
        target: subject.addr().into(),
        request: HELLO.to_vec(),
        head: false,
        mode: Mode::KeepAlive { pipeline: 1 },
        requests_per_connection: None,
        reset: false,
        pace: Pace::Closed,
        connections: ACTIVE,
        threads: 1,
        warmup: Duration::from_millis(200),
        amount: Amount::Time(Duration::from_secs(setting.of(1, 5) as u64)),
        timeout: Duration::from_secs(10),
        expect: Expect { status: Some(200), body: Some(b"Hello, World!".to_vec()) },
        cohorts: Vec::new(),
        cpus: Vec::new(),
    };
    let outcome =
        engine::run(&plan, &Progress::default()).map_err(|error| Failure::new(error.to_string()))?;
    ensure!(outcome.ok > 0 && outcome.failed() == 0, "of the active ones {} failed", outcome.failed());
    Ok(Duration::from_nanos(outcome.latency_ns.value_at_quantile(0.99)))
}
