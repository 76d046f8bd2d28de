//! Clients, good and bad, on plain sockets that wait for nothing without a limit.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use conformance::reader::{Malformed, Response, Transcript};
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

/// Why what came is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// Nobody listens, or nobody takes the connection.
    #[error("no connection: {0}")]
    Refused(io::Error),
    /// Not a byte of an answer came before the end.
    #[error("the server closed without an answer{}", because(.0.as_ref()))]
    ClosedUnanswered(Option<io::Error>),
    /// The last answer has begun and is not whole.
    #[error("after {whole} whole answers one is cut off after {bytes} bytes{}", because(error.as_ref()))]
    CutOff {
        /// How many were whole before it.
        whole: usize,
        /// How many bytes of it came.
        bytes: usize,
        /// What ended it, if not a FIN.
        error: Option<io::Error>,
    },
    /// All answers were whole, and what came behind them was no FIN.
    #[error("{whole} whole answers did not end in order: {error}")]
    NoEnd {
        /// How many there were.
        whole: usize,
        /// What came instead.
        error: io::Error,
    },
    /// What came back is no HTTP.
    #[error("what came back is not HTTP: {0}")]
    NotHttp(Malformed),
    /// One answer was due.
    #[error("{0} answers came instead of one")]
    TooMany(usize),
}

fn because(error: Option<&io::Error>) -> String {
    error.map_or_else(String::new, |error| format!(": {error}"))
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        Self::new(broken.to_string())
    }
}

/// Sends `bytes` on a connection of its own and returns the one answer to it.
///
/// # Errors
/// It does not come whole, or more than it.
pub fn ask(addr: SocketAddr, bytes: impl AsRef<[u8]>) -> Result<Response, Broken> {
    let mut stream = connect(addr).map_err(Broken::Refused)?;
    stream.write_all(bytes.as_ref()).map_err(|error| Broken::ClosedUnanswered(Some(error)))?;
    one_answer(stream)
}

/// The one answer that comes before the server closes.
///
/// # Errors
/// Another number of answers comes, or something that is none, or a reset.
pub fn one_answer(stream: TcpStream) -> Result<Response, Broken> {
    let mut answers = answers(stream)?;
    match answers.pop() {
        Some(answer) if answers.is_empty() => Ok(answer),
        Some(_) => Err(Broken::TooMany(answers.len() + 1)),
        None => Err(Broken::ClosedUnanswered(None)),
    }
}

/// The first answer, whole, whatever the end behind it.
///
/// # Errors
/// It does not come whole.
pub fn first_answer(stream: TcpStream) -> Result<Response, Broken> {
    let (transcript, error) = read_to_the_end(&[], stream)?;
    match transcript.answers() {
        [first, ..] => Ok(first.clone()),
        [] => Err(unfinished(&transcript, error)),
    }
}

/// All answers that come until the server closes, in order and by a FIN.
///
/// # Errors
/// Something comes that is no answer or half of one, a reset, or no end within the limit.
pub fn answers(stream: TcpStream) -> Result<Vec<Response>, Broken> {
    answers_to(&[], stream)
}

/// The same where not all requests were GETs or the like: answers to HEAD have no body.
///
/// # Errors
/// As [`answers`].
pub fn answers_to(methods: &[&'static str], stream: TcpStream) -> Result<Vec<Response>, Broken> {
    let (transcript, error) = read_to_the_end(methods, stream)?;
    if error.is_some() || !transcript.rest().is_empty() {
        return Err(unfinished(&transcript, error));
    }
    Ok(transcript.answers().to_vec())
}

/// Everything that comes, and what ended it if not a FIN.
fn read_to_the_end(
    methods: &[&'static str],
    mut stream: TcpStream,
) -> Result<(Transcript, Option<io::Error>), Broken> {
    let mut transcript = Transcript::new(methods);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => {
                transcript.finish().map_err(Broken::NotHttp)?;
                return Ok((transcript, None));
            }
            Ok(read) => transcript.push(&buffer[..read]).map_err(Broken::NotHttp)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Ok((transcript, Some(error))),
        }
    }
}

/// What is wrong with an end that was no FIN behind a whole answer.
fn unfinished(transcript: &Transcript, error: Option<io::Error>) -> Broken {
    match (transcript.answers().len(), transcript.rest().len(), error) {
        (0, 0, error) => Broken::ClosedUnanswered(error),
        (whole, 0, Some(error)) => Broken::NoEnd { whole, error },
        (whole, bytes, error) => Broken::CutOff { whole, bytes, error },
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// What a client makes of a server that says this and then closes, or resets.
    fn hear(said: &'static [u8], ends_in_reset: bool) -> Result<Response, Broken> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let stream = connect(listener.local_addr().expect("an address")).expect("connected");
        let (mut server, _) = listener.accept().expect("accepted");
        server.write_all(said).expect("said");
        if ends_in_reset {
            reset(server);
        } else {
            drop(server);
        }
        one_answer(stream)
    }

    #[test]
    fn half_an_answer_is_cut_off_whatever_ends_it() {
        let half = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel";
        assert!(matches!(hear(half, false), Err(Broken::CutOff { whole: 0, error: None, .. })));
        assert!(matches!(hear(half, true), Err(Broken::CutOff { whole: 0, error: Some(_), .. })));
    }

    #[test]
    fn no_answer_is_no_half_of_one() {
        assert!(matches!(hear(b"", false), Err(Broken::ClosedUnanswered(None))));
        assert!(matches!(hear(b"", true), Err(Broken::ClosedUnanswered(Some(_)))));
    }

    #[test]
    fn a_whole_answer_before_a_reset_is_told_from_one_before_a_fin() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        assert!(hear(whole, false).is_ok_and(|answer| answer.body == b"hi"));
        assert!(matches!(hear(whole, true), Err(Broken::NoEnd { whole: 1, .. })));
    }

    #[test]
    fn where_nobody_listens_a_client_is_refused() {
        let nobody = server::DeadPort::new().expect("a port");
        assert!(matches!(ask(nobody.addr(), get("/")), Err(Broken::Refused(_))));
    }
}
