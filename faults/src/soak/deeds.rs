//! What one client of the mix does, one thing after the other.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use conformance::{Case, Profile, Step, cases};

use crate::client::{answers, answers_to, connect, get, one_answer, reset};
use crate::{Failure, Subject, ensure};

/// Between two deeds: the mix is to last, not to be fast, and all phases share the machine.
const PAUSE: Duration = Duration::from_millis(2);
/// Cases of the conformance suite that send more than this are left to that suite.
const CASE_BYTES_MAX: usize = 16 * 1024;

/// A client.
pub(super) struct Deeds<'a> {
    subject: &'a Subject,
    /// Cases of the conformance suite, right and wrong ones.
    cases: &'a [Case],
    random: u64,
}

/// How many of each kind were done.
pub(super) type Counts = BTreeMap<&'static str, u64>;

/// The cases that a client of such a server sends now and then. Some of the suite's are megabytes long, so that finding
/// these takes a while.
pub(super) fn cases_for(subject: &Subject) -> Vec<Case> {
    let profile = if subject.phase.persists() { Profile::persistent("") } else { Profile::closing("") };
    let mut cases = cases::all(&profile);
    cases.retain(|case| {
        let is_one_send = matches!(case.steps[..], [Step::Send(_)] | [Step::Send(_), Step::HalfClose]);
        is_one_send && case.sent().len() <= CASE_BYTES_MAX
    });
    cases
}

impl<'a> Deeds<'a> {
    /// Whose order of deeds depends on `seed` and nothing else.
    pub(super) fn new(subject: &'a Subject, cases: &'a [Case], seed: u64) -> Self {
        // Whatever the seed, the state of the generator is not zero.
        Self { subject, cases, random: (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    /// Goes on until then.
    pub(super) fn until(mut self, end: Instant) -> Result<Counts, Failure> {
        let mut counts = Counts::new();
        while Instant::now() < end {
            let name = self.one()?;
            *counts.entry(name).or_default() += 1;
            thread::sleep(PAUSE);
        }
        Ok(counts)
    }

    /// One deed, drawn at random; its kind.
    fn one(&mut self) -> Result<&'static str, Failure> {
        match self.draw(16) {
            0..=2 => self.valid(get("/"), b"Hello, World!"),
            3 => self.valid(get("/wait?ms=2"), b"waited 2 ms\n"),
            4 => self.echo(),
            5 => self.large(),
            6 => self.valid_byte_by_byte(),
            7 if self.subject.phase.persists() => self.pipelined(),
            7..=11 => self.case(),
            12 => self.abort(),
            13 => self.half_a_request(),
            14 => self.nothing(),
            _ => self.panic(),
        }
    }

    /// A number from 0 to `below - 1` (xorshift; what matters is that it is the same each time).
    fn draw(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 32) as usize % below
    }

    fn valid(&self, request: impl AsRef<[u8]>, body: &[u8]) -> Result<&'static str, Failure> {
        let answer = one_answer(self.subject.send(request)?)?;
        ensure!(answer.head.status == 200 && answer.body == body, "answered {}", answer.head.status);
        Ok("valid")
    }

    fn echo(&mut self) -> Result<&'static str, Failure> {
        let body = vec![b'e'; self.draw(200_000)];
        let head = "POST /echo HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n";
        let request = if self.draw(2) == 0 {
            [format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat()
        } else {
            let mut request = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
            for chunk in body.chunks(10_000) {
                request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                request.extend_from_slice(chunk);
                request.extend_from_slice(b"\r\n");
            }
            request.extend_from_slice(b"0\r\n\r\n");
            request
        };
        self.valid(request, &body)
    }

    fn large(&mut self) -> Result<&'static str, Failure> {
        let bytes = self.draw(1_000_000);
        self.valid(get(&format!("/bytes?n={bytes}")), &vec![b'x'; bytes])
    }

    fn valid_byte_by_byte(&self) -> Result<&'static str, Failure> {
        let mut stream = connect(self.subject.addr())?;
        stream.set_nodelay(true)?;
        for byte in get("/json").as_bytes() {
            stream.write_all(&[*byte])?;
        }
        let status = one_answer(stream)?.head.status;
        ensure!(status == 200, "byte by byte, answered {status}");
        Ok("valid")
    }

    fn pipelined(&mut self) -> Result<&'static str, Failure> {
        let kept = "GET / HTTP/1.1\r\nHost: lab\r\n\r\n".repeat(self.draw(100));
        let due = kept.matches("GET").count() + 1;
        let came = answers(self.subject.send(kept + &get("/json"))?)?.len();
        ensure!(came == due, "{came} answers to {due} pipelined requests");
        Ok("pipelined")
    }

    /// A case of the conformance suite: here only that what comes is whole answers and then an end.
    fn case(&mut self) -> Result<&'static str, Failure> {
        let index = self.draw(self.cases.len());
        let case = &self.cases[index];
        let stream = self.subject.send(case.sent())?;
        // Where the server has closed by now, there is no half left to close.
        let _ = stream.shutdown(Shutdown::Write);
        answers_to(&case.methods, stream)
            .map_err(|error| Failure::new(format!("case {}: {error}", case.name)))?;
        Ok("cases")
    }

    fn abort(&mut self) -> Result<&'static str, Failure> {
        let mut stream = self.subject.send(get("/bytes?n=2000000"))?;
        stream.read_exact(&mut vec![0; 1 + self.draw(100_000)])?;
        reset(stream);
        Ok("aborted")
    }

    fn half_a_request(&mut self) -> Result<&'static str, Failure> {
        let request = b"POST /echo HTTP/1.1\r\nHost: lab\r\nContent-Length: 100\r\n\r\nhalf a body";
        let bytes = 1 + self.draw(request.len() - 1);
        let stream = self.subject.send(&request[..bytes])?;
        if self.draw(2) == 0 {
            reset(stream);
        }
        Ok("cut off")
    }

    fn nothing(&self) -> Result<&'static str, Failure> {
        connect(self.subject.addr())?;
        Ok("silent")
    }

    fn panic(&self) -> Result<&'static str, Failure> {
        let status = self.subject.ask("/panic")?.head.status;
        ensure!(status == 500, "a panic was answered {status}");
        Ok("panics")
    }
}
