//! One connection: sends a case's bytes and records all that comes back.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::case::{Case, Step};
use crate::delivery::Delivery;
use crate::expect::End;
use crate::profile::Profile;
use crate::reader::{Malformed, Transcript};

/// Bytes taken from the socket at a time.
const READ_BYTES: usize = 64 * 1024;
/// How long a blocked write waits before what has arrived is read, so that two full buffers can't
/// hold each other up.
const WRITE_WAIT: Duration = Duration::from_millis(10);
/// Time given to the server to read the first piece of a request that is cut. Without it both pieces
/// mostly wait together by the time a server looks, and the cut shows nothing.
const FIRST_PIECE_PAUSE: Duration = Duration::from_micros(200);
/// Shortest socket timeout; zero would mean none.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// How a connection came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The server closed, in order and by itself.
    Closed,
    /// The server closed after we had closed our half because it may keep the connection.
    ClosedAfterUs,
    /// The server reset the connection.
    Reset,
    /// Neither an answer nor a close within the limit.
    Limit(Duration),
    /// What came back is no HTTP.
    Malformed(Malformed),
    /// No connection, or an error of ours.
    Failed(String),
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) transcript: Transcript,
    pub(crate) ended: Ended,
}

/// Plays `case` on a fresh connection.
pub(crate) fn exchange(addr: SocketAddr, profile: &Profile, case: &Case, delivery: Delivery) -> Exchange {
    let transcript = Transcript::new(&case.methods);
    match Wire::connect(addr, profile.answer_limit, transcript) {
        Ok(mut wire) => {
            let ended = wire.play(case, delivery, profile);
            Exchange { transcript: wire.transcript, ended }
        }
        Err(error) => {
            let ended = Ended::Failed(format!("can't connect to {addr}: {error}"));
            Exchange { transcript: Transcript::new(&[]), ended }
        }
    }
}

struct Wire {
    stream: TcpStream,
    transcript: Transcript,
    limit: Duration,
    deadline: Instant,
    buffer: Vec<u8>,
    half_closed: bool,
}

impl Wire {
    fn connect(addr: SocketAddr, limit: Duration, transcript: Transcript) -> io::Result<Self> {
        let deadline = Instant::now() + limit;
        let stream = TcpStream::connect_timeout(&addr, limit)?;
        // Without it the kernel would join the pieces that a delivery is cut into.
        stream.set_nodelay(true)?;
        Ok(Self { stream, transcript, limit, deadline, buffer: vec![0; READ_BYTES], half_closed: false })
    }

    fn play(&mut self, case: &Case, delivery: Delivery, profile: &Profile) -> Ended {
        match self.take_steps(case, delivery).and_then(|()| self.read_to_the_end(case, profile)) {
            Ok(never) => match never {},
            Err(ended) => ended,
        }
    }

    /// Each `Err` here and below is the end of the connection, which is how every exchange ends.
    fn take_steps(&mut self, case: &Case, delivery: Delivery) -> Result<(), Ended> {
        let mut sent = 0;
        for step in &case.steps {
            match step {
                Step::Send(bytes) => {
                    if !self.send(bytes, delivery, sent)? {
                        return Ok(());
                    }
                    sent += bytes.len();
                }
                Step::AwaitContinue => {
                    let interim = |wire: &Self| !wire.transcript.pending_interim().is_empty();
                    self.read_until(|wire| interim(wire) || !wire.transcript.answers().is_empty())?;
                    if !interim(self) {
                        return Ok(());
                    }
                }
                Step::AwaitAnswer => {
                    let before = self.transcript.answers().len();
                    self.read_until(|wire| wire.transcript.answers().len() > before)?;
                }
                Step::HalfClose => self.half_close(),
            }
        }
        Ok(())
    }

    /// Sends `bytes` in pieces; `false` once the server takes no more of them. That is no failure by
    /// itself: it may have answered and closed, and the answer is still to be read.
    fn send(&mut self, bytes: &[u8], delivery: Delivery, before: usize) -> Result<bool, Ended> {
        for (index, mut piece) in delivery.pieces(bytes, before).into_iter().enumerate() {
            if index == 1 {
                thread::sleep(FIRST_PIECE_PAUSE);
            }
            while !piece.is_empty() {
                self.stream.set_write_timeout(Some(WRITE_WAIT)).map_err(failed)?;
                match self.stream.write(piece) {
                    Ok(written) => piece = &piece[written..],
                    Err(error) if is_timeout(&error) => self.read_some(WAIT_MIN)?,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => return Ok(false),
                }
            }
        }
        Ok(true)
    }

    fn half_close(&mut self) {
        self.half_closed = true;
        // Fails only where the server has reset the connection, which the next read reports.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads until the connection ends. Where the case lets the server keep it, our half is closed
    /// after the last answer due, so that a byte too many shows at once instead of after a wait.
    fn read_to_the_end(&mut self, case: &Case, profile: &Profile) -> Result<std::convert::Infallible, Ended> {
        let due = case.allowed.iter().filter(|outcome| outcome.end == End::MayPersist);
        let due = due.map(|outcome| outcome.answers.len()).min();
        if let Some(due) = due.filter(|_| profile.persists && !self.half_closed) {
            self.read_until(|wire| wire.transcript.answers().len() >= due)?;
            let last = self.transcript.answers().last();
            if !last.is_some_and(|last| last.head.lists("connection", "close")) {
                self.half_close();
                return self.read_forever().map_err(|ended| match ended {
                    Ended::Closed => Ended::ClosedAfterUs,
                    other => other,
                });
            }
        }
        self.read_forever()
    }

    fn read_forever(&mut self) -> Result<std::convert::Infallible, Ended> {
        loop {
            self.read_some(self.limit)?;
        }
    }

    fn read_until(&mut self, done: impl Fn(&Self) -> bool) -> Result<(), Ended> {
        while !done(self) {
            self.read_some(self.limit)?;
        }
        Ok(())
    }

    /// Waits at most `wait`, and never beyond the deadline, for some bytes.
    fn read_some(&mut self, wait: Duration) -> Result<(), Ended> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Ended::Limit(self.limit));
        }
        self.stream.set_read_timeout(Some(left.min(wait).max(WAIT_MIN))).map_err(failed)?;
        match self.stream.read(&mut self.buffer) {
            Ok(0) => Err(self.transcript.finish().map_or_else(Ended::Malformed, |()| Ended::Closed)),
            Ok(length) => self.transcript.push(&self.buffer[..length]).map_err(Ended::Malformed),
            Err(error) if is_timeout(&error) || error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
                Err(Ended::Reset)
            }
            Err(error) => Err(failed(error)),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn failed(error: io::Error) -> Ended {
    Ended::Failed(format!("the connection failed: {error}"))
}
