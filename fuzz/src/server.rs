//! Whole servers, fed with the bytes of a connection.

#[path = "../../loadgen/src/phases.rs"]
mod phases;
#[path = "../../loadgen/tests/phases_agree/predict.rs"]
mod predict;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use conformance::reader::Transcript;
use http1::Limits;
use server::Background;

use self::predict::{Due, Quick, predict};
use crate::script::Script;

/// Small enough for a short input to reach each of them.
pub(crate) const LIMITS: Limits = Limits {
    request_line_bytes_max: 200,
    head_bytes_max: 800,
    fields_max: 12,
    body_bytes_max: 600,
    chunk_extension_bytes_max: 40,
    trailer_bytes_max: 80,
};

/// What is sent at once before anything is read: the kernel's buffers take it and all that is answered
/// to it, so that the two sides can't wait for each other.
pub(crate) const SENT_BYTES_MAX: usize = 8 * 1024;

/// Long enough that only a server that has lost a connection reaches it.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Lets the server see one piece before the next.
const PIECE_PAUSE: Duration = Duration::from_micros(50);

/// The request that shows that a server is alive.
const HELLO: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// One worker where their number is not fixed, so that the next connection is lent what the last one has used.
const ONE_WORKER: [&str; 2] = ["--workers", "1"];

macro_rules! served {
    ($phase:ident, $flags:expr) => {{
        let mut options: $phase::Options =
            server::options_from($flags.iter().map(|&flag: &&str| flag.into()));
        limit(&mut options.common);
        Background::start(move |listener, stats, stop| {
            $phase::serve(listener, Quick::new(stats), &options, stats, stop)
        })
        .expect("a port")
    }};
}

macro_rules! each {
    ($($phase:ident = $name:literal {
        help: $help:literal, idea: $idea:literal, workers: $workers:expr, keeps: $keeps:expr, $($said:tt)+
    })+) => {
        /// How many servers there are.
        pub(crate) const SERVERS: u8 = 1 $(+ one($name))+;

        /// The phases, and phase 4 with the other parser: the servers that an input can choose, and whether they keep
        /// connections.
        fn servers() -> &'static [(Background, bool)] {
            static SERVERS: OnceLock<Vec<(Background, bool)>> = OnceLock::new();
            SERVERS.get_or_init(|| {
                let mut servers = vec![$((served!($phase, flags($workers)), $keeps)),+];
                let textbook = [ONE_WORKER.as_slice(), &["--parser", "textbook"]].concat();
                servers.push((served!(phase4_keepalive, textbook), true));
                servers
            })
        }
    };
}
crate::phases!(each);

const fn one(_phase: &str) -> u8 {
    1
}

fn flags(workers: Option<u32>) -> &'static [&'static str] {
    if workers.is_none() { &ONE_WORKER } else { &[] }
}

fn limit(options: &mut server::Options) {
    options.request_line_bytes = LIMITS.request_line_bytes_max;
    options.head_bytes = LIMITS.head_bytes_max;
    options.fields = LIMITS.fields_max;
    options.body_bytes = LIMITS.body_bytes_max;
    options.chunk_extension_bytes = LIMITS.chunk_extension_bytes_max;
    options.trailer_bytes = LIMITS.trailer_bytes_max;
    assert_eq!(options.limits(), LIMITS);
}

/// Sends the bytes of a [`Script`] to one of the servers, in its pieces, and half-closes, so that
/// nothing has to wait for a deadline. What comes back is what the parser and the handler predict, and
/// the next connection, which is lent the same buffers, is served.
pub fn check(input: &[u8]) {
    let script = Script::read(input);
    if script.bytes.len() > SENT_BYTES_MAX {
        return;
    }
    let (server, keeps) = &servers()[usize::from(script.choice) % servers().len()];
    let predicted = predict(script.bytes, *keeps, LIMITS);
    let methods: Vec<_> = predicted.iter().map(Due::method).collect();
    let mut stream = connect(server);
    send(&mut stream, &script);
    let transcript = receive(stream, &methods);

    assert_eq!(transcript.answers().len(), predicted.len(), "{}", transcript.bytes().escape_ascii());
    for (answer, due) in transcript.answers().iter().zip(&predicted) {
        due.is_met_by(answer);
    }
    assert!(transcript.rest().is_empty(), "half an answer: {}", transcript.rest().escape_ascii());
    // To the head of a request whose body has not come.
    assert!(transcript.pending_interim().len() <= 1, "continued more than once");

    let mut stream = connect(server);
    stream.write_all(HELLO).expect("sent");
    let transcript = receive(stream, &["GET"]);
    assert_eq!(transcript.answers()[0].body, b"Hello, World!");
}

fn connect(server: &Background) -> TcpStream {
    let stream = TcpStream::connect(server.addr()).expect("the server accepts");
    stream.set_read_timeout(Some(ANSWER_LIMIT)).expect("set");
    stream.set_write_timeout(Some(ANSWER_LIMIT)).expect("set");
    stream.set_nodelay(true).expect("set");
    stream
}

/// A server that has answered and closed need not take the rest.
fn send(stream: &mut TcpStream, script: &Script<'_>) {
    for (index, piece) in script.pieces().into_iter().enumerate() {
        if index > 0 {
            thread::sleep(PIECE_PAUSE);
        }
        if stream.write_all(piece).is_err() {
            return;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
}

/// All that comes until the server closes, in order: a reset could have eaten an answer.
fn receive(mut stream: TcpStream, methods: &[&'static str]) -> Transcript {
    let mut transcript = Transcript::new(methods);
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => transcript.push(&buffer[..read]).expect("well-formed answers"),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("the server neither answers nor closes in order: {error}"),
        }
    }
    transcript.finish().expect("well-formed to the end");
    transcript
}
