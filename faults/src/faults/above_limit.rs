//! More clients than the connection limit.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::Fault;
use crate::client::{LIMIT, ask, eventually, get, one_answer};
use crate::{Failure, Phase, Setting, Subject, ensure};

const INSIDE: usize = 20;

pub(super) const ABOVE_THE_LIMIT: Fault = Fault {
    name: "above_the_limit",
    outcome: "503 and close for each one more; the work under way unharmed; normal within 1 s",
    applies: Phase::turns_away,
    check,
};

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let subject = Subject::start(setting, phase, &["--max-connections", &INSIDE.to_string()])?;
    let flood = setting.of(200, 1_000);
    let inside: Vec<TcpStream> =
        (0..INSIDE).map(|_| subject.send(get("/wait?ms=1500"))).collect::<Result<_, _>>()?;
    subject.wait_for_connections(INSIDE)?;
    for _ in 0..flood {
        let status = subject.ask("/")?.head.status;
        ensure!(status == 503, "one above the limit was answered {status}");
    }
    // All at the same time: in turn the reading would take as long as the slowest of them anyway, but
    // one that was lost would hide behind its limit.
    let answers: Vec<_> = inside.into_iter().map(|stream| thread::spawn(|| one_answer(stream))).collect();
    for answer in answers {
        let answer = answer.join().map_err(|_| Failure::new("a client panicked"))??;
        ensure!(answer.body == b"waited 1500 ms\n", "work under way was answered {}", answer.head.status);
    }
    let normal = eventually(setting.within(Duration::from_secs(1)), "GET /", 200, || {
        Ok(ask(subject.addr(), get("/"))?.head.status)
    })?;
    let rejected = subject.count("connections/rejected")?;
    ensure!(rejected >= flood as u64, "{rejected} of {flood} were counted as rejected");
    subject.wait_until_as_before(LIMIT)?;
    Ok(format!(
        "{flood} turned away, {INSIDE} of {INSIDE} inside answered, normal after {} ms",
        normal.as_millis()
    ))
}
