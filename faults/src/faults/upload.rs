//! Clients that are still sending when it is known that they will be refused.

use std::io::Write;

use super::{Fault, every_phase};
use crate::client::{LIMIT, connect, one_answer};
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const REFUSED_WHILE_UPLOADING: Fault = Fault {
    name: "refused_while_uploading",
    outcome: "the whole answer is read, 100 times of 100, and no reset in its place",
    applies: every_phase,
    check,
};

pub(super) const ENDLESS_UPLOAD: Fault = Fault {
    name: "endless_upload",
    outcome: "who goes on sending after the answer is closed under, once the drain bytes are thrown away",
    applies: every_phase,
    check: endless,
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

fn endless(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    const DRAIN_BYTES: usize = 1_000_000;
    /// What the kernel's buffers between the two take at most on top of that.
    const SENT_BYTES_MAX: usize = 64 * 1024 * 1024;

    // Only the bytes can end it: the deadline is too far away.
    let flags = ["--drain-timeout", "10m", "--drain-bytes", &DRAIN_BYTES.to_string()];
    let subject = Subject::start(setting, phase, &flags)?;
    let mut stream =
        subject.send("POST /echo HTTP/1.1\r\nHost: lab\r\nContent-Length: 9999999999\r\n\r\n")?;
    let piece = vec![b'x'; 64 * 1024];
    let mut sent = 0;
    while stream.write_all(&piece).is_ok() {
        sent += piece.len();
        ensure!(sent < SENT_BYTES_MAX, "{sent} bytes were taken though only {DRAIN_BYTES} are thrown away");
    }
    subject.wait_until_as_before(LIMIT)?;
    Ok(format!("closed after {:.1} MB of an upload without end", sent as f64 / 1e6))
}
