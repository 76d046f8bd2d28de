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
        loop {
            // Before each try, not only when one finds nothing: with a client that always has another
            // byte ready, no try would ever do so. Stopping moves the deadline up at any time.
            let stopped = self.stop.triggered_at().map(|start| self.options.drain_deadline(start));
            if Instant::now() >= stopped.map_or(deadline, |stopped| stopped.min(deadline)) {
                return Err(ErrorKind::TimedOut.into());
            }
            match operation() {
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut
                    ) => {}
                result => return result,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;
    use std::time::{Duration, Instant};

    use http1::Buffer;

    use super::Socket;
    use crate::{Options, Stop, default_options};

    #[test]
    fn a_byte_that_is_ready_does_not_outlast_a_stop() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let mut client = TcpStream::connect(listener.local_addr().expect("address")).expect("connected");
        let (stream, _) = listener.accept().expect("accepted");
        client.write_all(b"GET").expect("sent");

        let mut options: Options = default_options();
        options.drain_timeout = Duration::from_millis(1);
        let stop = Stop::new();
        let socket = Socket::new(&stream, &options, &stop).expect("set up");
        let (mut input, in_an_hour) = (Buffer::new(), Instant::now() + Duration::from_secs(3_600));
        assert_eq!(socket.read(&mut input, in_an_hour).expect("a read"), 3);

        client.write_all(b" / ").expect("sent");
        stop.trigger();
        thread::sleep(options.drain_timeout);
        let read = socket.read(&mut input, in_an_hour).map_err(|error| error.kind());
        assert_eq!(read, Err(ErrorKind::TimedOut));
    }
}
