//! Asks a fresh server until it answers.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// One attempt, from connect to the first bytes of the answer, takes at most this long.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// Pause between attempts.
const PAUSE: Duration = Duration::from_millis(5);
/// The answer is read to its end, or until there is this much of it.
const ANSWER_BYTES_MAX: u64 = 1 << 20;
/// How an answer starts.
const HTTP: &[u8; 9] = b"HTTP/1.1 ";

/// Sends `request` on fresh connections until one is answered in HTTP/1.1.
///
/// Any status will do: whether it is the right one is the measurement's to say. Gives up after
/// `within`, or as soon as `give_up` says so.
pub(super) fn until_answered(
    addr: SocketAddr,
    request: &[u8],
    within: Duration,
    mut give_up: impl FnMut() -> bool,
) -> Result<(), String> {
    let deadline = Instant::now() + within;
    loop {
        let error = match attempt(addr, request) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if give_up() {
            return Err(format!("stopped waiting for {addr}"));
        }
        if Instant::now() >= deadline {
            return Err(format!("{addr} did not answer a request within {within:?} ({error})"));
        }
        thread::sleep(PAUSE);
    }
}

fn attempt(addr: SocketAddr, request: &[u8]) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&addr, ATTEMPT_TIMEOUT)?;
    stream.set_read_timeout(Some(ATTEMPT_TIMEOUT))?;
    stream.set_write_timeout(Some(ATTEMPT_TIMEOUT))?;
    stream.write_all(request)?;
    let mut start = [0; HTTP.len()];
    stream.read_exact(&mut start)?;
    if &start == HTTP {
        // Nothing more to ask: a server that keeps connections closes this one. If it does not
        // before the timeout, it has answered all the same.
        stream.shutdown(Shutdown::Write)?;
        let _ = stream.take(ANSWER_BYTES_MAX).read_to_end(&mut Vec::new());
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "what came back was not HTTP/1.1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

    #[test]
    fn an_answer_in_http_is_enough() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            // The first client is sent away with nonsense, the second one is answered.
            for answer in ["220 mail.example\r\n", "HTTP/1.1 204 No Content\r\n\r\n"] {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 64]).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        until_answered(addr, REQUEST, Duration::from_secs(10), || false).unwrap();
        server.join().unwrap();
    }

    #[test]
    fn a_dead_address_is_given_up_with_the_reason() {
        let nobody = server::DeadPort::new().unwrap();
        let addr = nobody.addr();
        let error = until_answered(addr, REQUEST, Duration::ZERO, || false).unwrap_err();
        assert!(error.contains("refused"), "{error}");
        assert!(until_answered(addr, REQUEST, Duration::from_secs(60), || true).is_err());
    }
}
