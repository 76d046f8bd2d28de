//! Clients that never stand still, faster and slower than the minimum rate.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use conformance::reader::Response;
use socket2::{Domain, Socket, Type};

use super::{Fault, every_phase};
use crate::client::{LIMIT, connect, first_answer, get};
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const MINIMUM_RATE: Fault = Fault {
    name: "minimum_rate",
    outcome: "a body or a reader slower than --min-rate is ended at its timeout though it never stands \
              still; a faster one may take longer",
    applies: every_phase,
    check,
};

/// Of bodies and answers; the pauses of the clients are far shorter.
const TIMEOUT: Duration = Duration::from_secs(3);
/// When the faster ones may stop dawdling.
const LONGER: Duration = Duration::from_millis(3_500);
const PAUSE: Duration = Duration::from_millis(50);
/// Bytes per second that no client here reaches, and that any does.
const RATES: [&str; 2] = ["1000000000", "100"];

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    // Each has a server of its own, so that they can take their time together in every phase.
    let timeout = format!("{}s", TIMEOUT.as_secs());
    let start = |rate| {
        let flags = ["--min-rate", rate, "--body-timeout", &timeout, "--write-timeout", &timeout];
        Subject::start(setting, phase, &flags)
    };
    let [slower, faster] = RATES;
    thread::scope(|scope| {
        let clients = [
            scope.spawn(|| slower_body(&start(slower)?)),
            scope.spawn(|| faster_body(&start(faster)?)),
            scope.spawn(|| slower_reader(&start(slower)?)),
            scope.spawn(|| faster_reader(&start(faster)?)),
        ];
        clients
            .into_iter()
            .try_for_each(|client| client.join().map_err(|_| Failure::new("a client panicked"))?)
    })?;
    Ok(format!("both ways: slower ended at {TIMEOUT:?}, faster whole after {LONGER:?} and more"))
}

const BODY_BYTES: usize = 1_000_000;

/// Sends a little and again a little until it is answered, or, where it gives up dawdling, all the rest
/// then.
fn dawdling_body(subject: &Subject, dawdle: Duration) -> Result<Response, Failure> {
    const PIECE: [u8; 1_000] = [b'x'; 1_000];

    let head = format!(
        "POST /echo HTTP/1.1\r\nHost: lab\r\nConnection: close\r\nContent-Length: {BODY_BYTES}\r\n\r\n"
    );
    let mut stream = connect(subject.addr())?;
    stream.write_all(head.as_bytes())?;
    let start = Instant::now();
    let mut left = BODY_BYTES;
    stream.set_nonblocking(true)?;
    while start.elapsed() < dawdle && left > PIECE.len() {
        if !stream.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            break;
        }
        // A piece that finds no room is sent next time.
        left -= stream.write(&PIECE).unwrap_or(0);
        thread::sleep(PAUSE);
    }
    stream.set_nonblocking(false)?;
    if start.elapsed() >= dawdle {
        stream.write_all(&vec![b'x'; left])?;
    }
    Ok(first_answer(stream)?)
}

fn slower_body(subject: &Subject) -> Result<(), Failure> {
    let status = dawdling_body(subject, LIMIT)?.head.status;
    ensure!(status == 408, "a body slower than the minimum rate was answered {status}");
    Ok(())
}

fn faster_body(subject: &Subject) -> Result<(), Failure> {
    let answer = dawdling_body(subject, LONGER)?;
    let (status, length) = (answer.head.status, answer.body.len());
    ensure!(status == 200 && length == BODY_BYTES, "a body above the minimum rate was answered {status}");
    Ok(())
}

/// So much that the kernel's buffers never take the rest before the timeout.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Reads a little and again a little, so that the server can always write some more, and all the rest at
/// once where it gives up dawdling; how many bytes of the answer's body came.
fn dawdling_reader(subject: &Subject, dawdle: Duration) -> Result<usize, Failure> {
    const PIECE_BYTES: u64 = 100_000;

    let socket = Socket::new(Domain::for_address(subject.addr()), Type::STREAM, None)?;
    // Small, and no longer the kernel's to enlarge.
    socket.set_recv_buffer_size(256 * 1024)?;
    socket.connect(&subject.addr().into())?;
    socket.set_read_timeout(Some(LIMIT))?;
    let mut stream = TcpStream::from(socket);
    stream.write_all(get(&format!("/bytes?n={ANSWER_BYTES}")).as_bytes())?;
    let start = Instant::now();
    let mut answer = Vec::new();
    while start.elapsed() < dawdle {
        match (&stream).take(PIECE_BYTES).read_to_end(&mut answer) {
            Ok(0) | Err(_) => break,
            Ok(_) => thread::sleep(PAUSE),
        }
    }
    // Whether the end is one in order shows in the number.
    let _ = stream.read_to_end(&mut answer);
    let head_end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let head_end = head_end.ok_or_else(|| Failure::new("an answer had no head"))?;
    Ok(answer.len() - head_end - 4)
}

fn slower_reader(subject: &Subject) -> Result<(), Failure> {
    let came = dawdling_reader(subject, LIMIT)?;
    ensure!(came < ANSWER_BYTES, "a reader slower than the minimum rate got its whole answer");
    let timeouts = subject.count("errors/timeout")?;
    ensure!(timeouts == 1, "{timeouts} readers were counted as timed out");
    Ok(())
}

fn faster_reader(subject: &Subject) -> Result<(), Failure> {
    let came = dawdling_reader(subject, LONGER)?;
    ensure!(came == ANSWER_BYTES, "a reader above the minimum rate got {came} of {ANSWER_BYTES} bytes");
    Ok(())
}
