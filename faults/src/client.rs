//! Clients, good and bad, on plain sockets that wait for nothing without a limit.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use conformance::reader::{Response, Transcript};
use socket2::Socket;

use crate::Failure;

/// What takes longer than this never comes.
pub const LIMIT: Duration = Duration::from_secs(60);

/// How often something that is awaited is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// A request whose answer is its connection's last, whatever the phase.
pub fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n")
}

/// Opens a connection on which no call waits forever.
///
/// # Errors
/// It is refused.
pub fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&addr, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    Ok(stream)
}

/// Opens a connection and sends `bytes`.
///
/// # Errors
/// Either fails.
pub fn send(addr: SocketAddr, bytes: impl AsRef<[u8]>) -> io::Result<TcpStream> {
    let mut stream = connect(addr)?;
    stream.write_all(bytes.as_ref())?;
    Ok(stream)
}

/// Sends `bytes` on a connection of its own and returns the one answer to it.
///
/// # Errors
/// It does not come whole, or more than it.
pub fn ask(addr: SocketAddr, bytes: impl AsRef<[u8]>) -> Result<Response, Failure> {
    one_answer(send(addr, bytes)?)
}

/// The one answer that comes before the server closes.
///
/// # Errors
/// Another number of answers comes, or something that is none, or a reset.
pub fn one_answer(stream: TcpStream) -> Result<Response, Failure> {
    let mut answers = answers(stream)?;
    match answers.pop() {
        Some(answer) if answers.is_empty() => Ok(answer),
        Some(_) => Err(Failure::new(format!("{} answers came instead of one", answers.len() + 1))),
        None => Err(Failure::new("the server closed without an answer")),
    }
}

/// All answers that come until the server closes, in order and by a FIN.
///
/// # Errors
/// Something comes that is no answer or half of one, a reset, or no end within the limit.
pub fn answers(stream: TcpStream) -> Result<Vec<Response>, Failure> {
    answers_to(&[], stream)
}

/// The same where not all requests were GETs or the like: answers to HEAD have no body.
///
/// # Errors
/// As [`answers`].
pub fn answers_to(methods: &[&'static str], mut stream: TcpStream) -> Result<Vec<Response>, Failure> {
    let mut transcript = Transcript::new(methods);
    let mut buffer = vec![0; 64 * 1024];
    let bad = |error| Failure::new(format!("what came back is not HTTP: {error}"));
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => transcript.push(&buffer[..read]).map_err(bad)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                let whole = transcript.answers().len();
                return Err(Failure::new(format!("reading failed after {whole} whole answers: {error}")));
            }
        }
    }
    transcript.finish().map_err(bad)?;
    match transcript.rest().len() {
        0 => Ok(transcript.answers().to_vec()),
        rest => Err(Failure::new(format!("the last answer is cut off after {rest} bytes"))),
    }
}

/// Closes so that the server sees a reset instead of an end.
pub fn reset(stream: TcpStream) {
    // Where it can't be set, the stream still closes.
    let _ = Socket::from(stream).set_linger(Some(Duration::ZERO));
}

/// Waits until something is so, and says how long that took.
///
/// # Errors
/// It is not within `limit`; the message is `what` and how far it came.
pub fn eventually<T: Copy + std::fmt::Debug + PartialEq>(
    limit: Duration,
    what: &str,
    wanted: T,
    mut look: impl FnMut() -> Result<T, Failure>,
) -> Result<Duration, Failure> {
    let start = Instant::now();
    loop {
        let seen = look()?;
        if seen == wanted {
            return Ok(start.elapsed());
        }
        if start.elapsed() > limit {
            return Err(Failure::new(format!("{what}: {seen:?} instead of {wanted:?} even after {limit:?}")));
        }
        thread::sleep(LOOK_AGAIN);
    }
}
