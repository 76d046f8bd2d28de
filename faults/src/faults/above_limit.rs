//! More clients than the connection limit.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use super::Fault;
use crate::client::{LIMIT, ask, connect, eventually, first_answer, get, one_answer};
use crate::{Failure, Phase, Setting, Subject, ensure};

const INSIDE: usize = 20;

pub(super) const ABOVE_THE_LIMIT: Fault = Fault {
    name: "above_the_limit",
    outcome: "503 and close for each one more, early, late or uploading; the work under way unharmed; normal \
              within 1 s",
    applies: Phase::turns_away,
    check,
};

/// Half a request, and its other half. Whoever has sent the first is inside until it sends the second.
const HALVES: [&str; 2] = ["GET / HTTP/1.1\r\nHost: lab\r\n", "Connection: close\r\n\r\n"];

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let flags = ["--max-connections", &INSIDE.to_string(), "--head-timeout", "10m", "--idle-timeout", "10m"];
    let subject = Subject::start(setting, phase, &flags)?;
    let flood = setting.of(200, 1_000);
    let inside: Vec<TcpStream> = (0..INSIDE).map(|_| subject.send(HALVES[0])).collect::<Result<_, _>>()?;
    subject.wait_for_connections(INSIDE)?;
    for _ in 0..flood {
        let status = subject.ask("/")?.head.status;
        ensure!(status == 503, "one above the limit was answered {status}");
    }
    for (kind, client) in [("a late one", late as Client), ("an upload", upload)] {
        for time in 1..=OTHERS {
            let status = client(&subject)
                .map_err(|error| Failure::new(format!("{kind} above the limit, time {time}: {error}")))?;
            ensure!(status == 503, "{kind} above the limit was answered {status}");
        }
    }
    for mut stream in inside {
        stream.write_all(HALVES[1].as_bytes())?;
        let status = one_answer(stream)?.head.status;
        ensure!(status == 200, "work under way was answered {status}");
    }
    let normal = eventually(setting.within(Duration::from_secs(1)), "GET /", 200, || {
        Ok(ask(subject.addr(), get("/"))?.head.status)
    })?;
    let rejected = subject.count("connections/rejected")?;
    let turned_away = (flood + 2 * OTHERS) as u64;
    ensure!(rejected >= turned_away, "{rejected} of {turned_away} were counted as rejected");
    subject.wait_until_as_before(LIMIT)?;
    Ok(format!(
        "{turned_away} turned away, {INSIDE} of {INSIDE} inside answered, normal after {} ms",
        normal.as_millis()
    ))
}

/// One that is turned away in its own manner; the status that it was told.
type Client = fn(&Subject) -> Result<u16, Failure>;
/// How many of each.
const OTHERS: usize = 20;

/// Sends its request when the answer has come. The server is not there any more and says so with a reset;
/// the answer that came before that can still be read.
fn late(subject: &Subject) -> Result<u16, Failure> {
    let mut stream = connect(subject.addr())?;
    stream.peek(&mut [0])?;
    let _ = stream.write_all(get("/").as_bytes());
    Ok(first_answer(stream)?.head.status)
}

/// Sends far more than is thrown away before the close, which therefore is a reset behind the answer.
fn upload(subject: &Subject) -> Result<u16, Failure> {
    const BODY_BYTES: usize = 1_000_000;

    let mut stream = connect(subject.addr())?;
    let head = format!("POST /echo HTTP/1.1\r\nHost: lab\r\nContent-Length: {BODY_BYTES}\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&vec![b'x'; BODY_BYTES]));
    Ok(first_answer(stream)?.head.status)
}
