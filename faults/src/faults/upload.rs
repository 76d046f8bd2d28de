//! Clients that are still sending when it is known that they will be refused.

use std::io::Write;

use super::{Fault, every_phase};
use crate::client::{connect, one_answer};
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const REFUSED_WHILE_UPLOADING: Fault = Fault {
    name: "refused_while_uploading",
    outcome: "the whole answer is read, 100 times of 100, and no reset in its place",
    applies: every_phase,
    check,
};

const TIMES: usize = 100;
const BODY_BYTES: usize = 4_000_000;

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    let subject = Subject::start(setting, phase, &[])?;
    let body = vec![b'x'; BODY_BYTES];
    let refused = [
        (413, format!("POST /echo HTTP/1.1\r\nHost: lab\r\nContent-Length: {BODY_BYTES}\r\n\r\n")),
        (400, format!("POST /echo HTTP/1.1\r\nHost: lab\r\nContent-Length: +{BODY_BYTES}\r\n\r\n")),
        (501, "POST /echo HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".to_owned()),
    ];
    for (due, head) in &refused {
        for time in 1..=TIMES {
            let mut stream = connect(subject.addr())?;
            // The server may close before it has taken all; the answer is there to be read all the same.
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
            let status = one_answer(stream)
                .map_err(|error| Failure::new(format!("upload {time} to be refused by {due}: {error}")))?
                .head
                .status;
            ensure!(status == *due, "upload {time} was answered {status} instead of {due}");
        }
    }
    Ok(format!("{TIMES} of {TIMES} read their whole 413, and as many their 400 and their 501"))
}
