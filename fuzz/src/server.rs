//! Whole servers, fed with the bytes of a connection.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use conformance::reader::{Response as Answer, Transcript};
use handler::{Handler, Misbehaving, Routes, Stats, Step, answer};
use http1::{Buffer, Limits, Method, Request, Response, zerocopy};
use phase4_keepalive::ParserKind;
use server::Background;

use crate::script::Script;

/// Small enough for a short input to reach each of them.
pub(crate) const LIMITS: Limits = Limits {
    request_line_bytes_max: 200,
    head_bytes_max: 800,
    fields_max: 12,
    body_bytes_max: 600,
    chunk_extension_bytes_max: 4 * 1024,
    trailer_bytes_max: 8 * 1024,
};

/// What is sent at once before anything is read: the kernel's buffers take it and all that is answered
/// to it, so that the two sides can't wait for each other.
pub(crate) const SENT_BYTES_MAX: usize = 8 * 1024;

/// The longest `n` of a `/bytes` that is served.
const BYTES_QUERY_MAX: usize = "n=999".len();

/// Long enough that only a server that has lost a connection reaches it.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Lets the server see one piece before the next.
const PIECE_PAUSE: Duration = Duration::from_micros(50);

/// The request that shows that a server is alive.
const HELLO: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// The lab's routes without what would take long, and without the panic that libFuzzer would take for
/// a find. The servers and the prediction ask the same one.
struct Quick(Misbehaving);

impl Quick {
    fn new(stats: &Arc<Stats>) -> Self {
        Self(Misbehaving(Routes::new(Arc::clone(stats))))
    }
}

impl Handler for Quick {
    fn handle(&self, request: &Request<'_>, response: &mut Response) -> Step {
        let is_long = request.query().is_some_and(|query| query.len() > BYTES_QUERY_MAX);
        if matches!(request.path(), "/cpu" | "/panic") || (request.path() == "/bytes" && is_long) {
            response.text("not here");
            return Step::Reply;
        }
        match self.0.handle(request, response) {
            Step::Reply => Step::Reply,
            Step::ReplyAfter(_) => Step::ReplyAfter(Duration::from_micros(100)),
        }
    }
}

/// The servers that an input can choose, and whether they keep connections.
fn servers() -> &'static [(Background, bool)] {
    static SERVERS: OnceLock<[(Background, bool); 3]> = OnceLock::new();
    SERVERS.get_or_init(|| {
        let phase4 = |parser| {
            let mut options = phase4_keepalive::Options { parser, workers: 1, ..Default::default() };
            limit(&mut options.common);
            Background::start(move |listener, stats, stop| {
                phase4_keepalive::serve(listener, Quick::new(stats), &options, stats, stop)
            })
            .expect("a port")
        };
        let mut options = phase3_pooled::Options { workers: 1, ..Default::default() };
        limit(&mut options.common);
        let phase3 = Background::start(move |listener, stats, stop| {
            phase3_pooled::serve(listener, Quick::new(stats), &options, stats, stop)
        })
        .expect("a port");
        [(phase4(ParserKind::ZeroCopy), true), (phase4(ParserKind::Textbook), true), (phase3, false)]
    })
}

fn limit(options: &mut server::Options) {
    options.request_line_bytes = LIMITS.request_line_bytes_max;
    options.head_bytes = LIMITS.head_bytes_max;
    options.fields = LIMITS.fields_max;
    options.body_bytes = LIMITS.body_bytes_max;
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
    let predicted = predict(script.bytes, *keeps);
    let methods: Vec<_> = predicted.iter().map(|due| if due.to_head { "HEAD" } else { "GET" }).collect();
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

/// One answer that is due.
struct Due {
    status: u16,
    /// `None` where it depends on what was served before.
    body: Option<Vec<u8>>,
    to_head: bool,
    may_be_continued: bool,
    is_last: bool,
}

impl Due {
    fn is_met_by(&self, answer: &Answer) {
        assert_eq!(answer.head.status, self.status);
        if let Some(body) = &self.body {
            assert_eq!(answer.body, *body);
        }
        assert!(answer.interim.iter().all(|head| head.status == 100));
        assert!(answer.interim.len() <= usize::from(self.may_be_continued), "continued without need");
        assert_eq!(answer.head.lists("connection", "close"), self.is_last);
    }
}

/// What a server that does not look at how the bytes come answers to them.
fn predict(bytes: &[u8], keeps: bool) -> Vec<Due> {
    let stats = Arc::default();
    let handler = Quick::new(&stats);
    let mut parser = zerocopy::Parser::new(LIMITS);
    let mut input = Buffer::new();
    input.extend(bytes);
    let mut due = Vec::new();
    loop {
        let mut response = Response::new();
        let progress = parser.parse(&mut input, |request, facts| {
            _ = answer(&handler, &request, &mut response, &stats);
            let to_head = request.method == Method::Head;
            let unknown = request.path() == "/stats" && response.status().code() == 200;
            (to_head, unknown, facts)
        });
        match progress {
            Ok(zerocopy::Progress::NeedMore) => return due,
            Ok(zerocopy::Progress::SendContinue) => {}
            Ok(zerocopy::Progress::Complete((to_head, unknown, facts))) => {
                let is_last = !keeps || !facts.keep_alive;
                let may_be_continued = facts.expects_continue && facts.has_body();
                if response.is_faulty() {
                    response.become_error(http1::Status::INTERNAL_SERVER_ERROR, FAULTY);
                }
                let has_body = !to_head && !response.status().has_no_body();
                let body = if has_body { response.body().to_vec() } else { Vec::new() };
                let body = (!unknown).then_some(body);
                due.push(Due { status: response.status().code(), body, to_head, may_be_continued, is_last });
                if is_last {
                    return due;
                }
            }
            Err(error) => {
                due.push(Due {
                    status: error.status().code(),
                    body: Some(format!("{error}\n").into_bytes()),
                    to_head: false,
                    may_be_continued: true,
                    is_last: true,
                });
                return due;
            }
        }
    }
}

const FAULTY: &str = "the handler wrote a field that can't be sent";

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
