//! A thousand clients in the same moment.

use std::net::TcpStream;

use super::{Fault, every_phase};
use crate::client::{connect, get, one_answer};
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const THOUSAND_AT_ONCE: Fault = Fault {
    name: "thousand_at_once",
    outcome: "all 1,000 connects are answered, none lost",
    applies: every_phase,
    check,
};

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    use std::io::Write;

    let subject = Subject::start(setting, phase, &[])?;
    let room = server::raise_limit();
    let clients = 1_000.min(room);
    let streams: Vec<TcpStream> = (0..clients).map(|_| connect(subject.addr())).collect::<Result<_, _>>()?;
    for mut stream in &streams {
        stream.write_all(get("/").as_bytes())?;
    }
    for (index, stream) in streams.into_iter().enumerate() {
        let status = one_answer(stream)?.head.status;
        ensure!(status == 200, "connection {index} was answered {status}");
    }
    let short = if clients < 1_000 { " (the limit on open files allows no more)" } else { "" };
    Ok(format!("{clients} of {clients} answered{short}"))
}
