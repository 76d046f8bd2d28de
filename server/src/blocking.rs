//! Reading, writing and closing with absolute deadlines on sockets that block.
//!
//! A socket's own timeout starts anew with each read, so a client that sends a byte now and then
//! never meets it. Here the socket wakes up every few milliseconds, and the deadline is looked at then.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use http1::Buffer;

use crate::{Options, Stop, Transfer};

/// How late a deadline is noticed at most.
const TICK: Duration = Duration::from_millis(50);

/// A connection on which no call blocks past its deadline.
#[derive(Debug)]
pub struct Socket<'a> {
    stream: &'a TcpStream,
    options: &'a Options,
    stop: &'a Stop,
}

impl<'a> Socket<'a> {
    /// Sets the stream up.
    pub fn new(stream: &'a TcpStream, options: &'a Options, stop: &'a Stop) -> io::Result<Self> {
        stream.set_read_timeout(Some(TICK))?;
        stream.set_write_timeout(Some(TICK))?;
        Ok(Self { stream, options, stop })
    }

    /// Reads what there is into `input`; 0 means that the client has sent its last byte.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] at the deadline, which a stopping server moves up; any other as the
    /// socket gives it.
    pub fn read(&self, input: &mut Buffer, deadline: Instant) -> io::Result<usize> {
        let n = self.until(deadline, || { self.stream }.read(input.space()))?;
        input.filled(n);
        Ok(n)
    }

    /// Writes everything, within the deadline that its progress earns.
    ///
    /// # Errors
    /// As [`Socket::read`].
    pub fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let mut transfer = Transfer::new(Instant::now());
        while transfer.bytes() < bytes.len() {
            let deadline = transfer.deadline(self.options.write_timeout, self.options.min_rate);
            match self.until(deadline, || { self.stream }.write(&bytes[transfer.bytes()..]))? {
                0 => return Err(ErrorKind::WriteZero.into()),
                n => transfer.advance(n, Instant::now()),
            }
        }
        Ok(())
    }

    /// Says that this was the last byte, waits for the client's last byte, and throws away what
    /// comes before it. Closing at once would reset the connection where the client still sends,
    /// and the reset can overtake the answer (RFC 9112, section 9.6). `input` only lends its space.
    pub fn drain(&self, input: &mut Buffer) {
        let deadline = self.options.drain_deadline(Instant::now());
        let mut discarded = 0;
        if self.stream.shutdown(Shutdown::Write).is_ok() {
            while let Ok(n) = self.until(deadline, || { self.stream }.read(input.space())) {
                discarded += n;
                if n == 0 || discarded > self.options.drain_bytes {
                    break;
                }
            }
        }
    }

    /// Calls `operation` until it does something or the deadline has come.
    fn until(
        &self,
        deadline: Instant,
        mut operation: impl FnMut() -> io::Result<usize>,
    ) -> io::Result<usize> {
        // Before anything else: a client that always has another byte ready would never let the
        // operation fail, and the deadline would never be looked at below.
        if Instant::now() >= deadline {
            return Err(ErrorKind::TimedOut.into());
        }
        loop {
            match operation() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    let stopped = self.stop.triggered_at().map(|start| self.options.drain_deadline(start));
                    if Instant::now() >= stopped.map_or(deadline, |stopped| stopped.min(deadline)) {
                        return Err(ErrorKind::TimedOut.into());
                    }
                }
                result => return result,
            }
        }
    }
}
