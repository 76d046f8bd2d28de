//! The one set of routes that every phase serves.

use std::sync::Arc;
use std::time::Duration;

use http1::{Method, Request, Response, Status};

use crate::work::busy;
use crate::{Handler, Stats, Step};

/// The longest wait that `/wait` takes.
pub const WAIT_MILLIS_MAX: u64 = 10_000;
/// The longest work that `/cpu` takes.
pub const CPU_MICROS_MAX: u64 = 1_000_000;
/// The most bytes that `/bytes` takes: enough to fill any socket's buffers.
pub const RESPONSE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The routes of the lab.
///
/// | route | answer |
/// |---|---|
/// | `GET /` | `Hello, World!` |
/// | `GET /wait?ms=2` | the same kind of text, after a simulated wait |
/// | `GET /cpu?us=200` | a number, after that much busy work |
/// | `GET /bytes?n=65536` | so many bytes |
/// | `GET /json` | a small JSON object |
/// | `POST /echo` | the request's body |
/// | `GET /headers` | the authority that the request is for, then its field lines |
/// | `GET /stats` | the server's counters as JSON |
///
/// HEAD works wherever GET does, and OPTIONS everywhere.
#[derive(Debug)]
pub struct Routes {
    stats: Arc<Stats>,
}

impl Routes {
    /// The routes of a server that counts in `stats`.
    pub fn new(stats: Arc<Stats>) -> Self {
        Self { stats }
    }
}

/// What there is to ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Resource {
    Hello,
    Wait,
    Cpu,
    Bytes,
    Json,
    Echo,
    Headers,
    Stats,
    /// The server as a whole, the `*` of `OPTIONS *`.
    Server,
}

impl Resource {
    fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/" => Self::Hello,
            "/wait" => Self::Wait,
            "/cpu" => Self::Cpu,
            "/bytes" => Self::Bytes,
            "/json" => Self::Json,
            "/echo" => Self::Echo,
            "/headers" => Self::Headers,
            "/stats" => Self::Stats,
            "*" => Self::Server,
            _ => return None,
        })
    }

    /// The methods that it answers, as the value of an Allow field.
    fn allow(self) -> &'static str {
        match self {
            Self::Echo => "POST, OPTIONS",
            Self::Server => "GET, HEAD, POST, OPTIONS",
            _ => "GET, HEAD, OPTIONS",
        }
    }

    fn allows(self, method: Method) -> bool {
        match method {
            Method::Get | Method::Head => self != Self::Echo,
            Method::Post => self == Self::Echo,
            _ => false,
        }
    }
}

impl Handler for Routes {
    fn handle(&self, request: &Request<'_>, response: &mut Response) -> Step {
        let Some(resource) = Resource::at(request.path()) else {
            response.become_error(Status::NOT_FOUND, "there is nothing here; try / or /stats");
            return Step::Reply;
        };
        if request.method == Method::Options {
            response.set_status(Status::NO_CONTENT).add_field("Allow", resource.allow());
            return Step::Reply;
        }
        if !resource.allows(request.method) {
            response
                .become_error(Status::METHOD_NOT_ALLOWED, "this path does not answer this method")
                .add_field("Allow", resource.allow());
            return Step::Reply;
        }
        match resource {
            Resource::Hello | Resource::Server => {
                response.text("Hello, World!");
            }
            Resource::Wait => return wait(request, response),
            Resource::Cpu => cpu(request, response),
            Resource::Bytes => bytes(request, response),
            Resource::Json => {
                response.body_mut().extend_from_slice(br#"{"message":"Hello, World!"}"#);
                response.add_field("Content-Type", "application/json");
            }
            Resource::Echo => {
                response.body_mut().extend_from_slice(request.body);
                response.add_field("Content-Type", "application/octet-stream");
            }
            Resource::Headers => headers(request, response),
            Resource::Stats => {
                let written = serde_json::to_writer(&mut *response.body_mut(), &self.stats.snapshot());
                debug_assert!(written.is_ok(), "counters have no keys that JSON can't hold");
                response.body_mut().push(b'\n');
                response.add_field("Content-Type", "application/json");
            }
        }
        Step::Reply
    }
}

fn wait(request: &Request<'_>, response: &mut Response) -> Step {
    match parameter(request, "ms", WAIT_MILLIS_MAX) {
        Some(millis) => {
            response.text_of(format_args!("waited {millis} ms\n"));
            Step::ReplyAfter(Duration::from_millis(millis))
        }
        None => refuse(response, "ms", WAIT_MILLIS_MAX),
    }
}

fn cpu(request: &Request<'_>, response: &mut Response) {
    match parameter(request, "us", CPU_MICROS_MAX) {
        Some(micros) => _ = response.text_of(format_args!("{:016x}\n", busy(micros))),
        None => _ = refuse(response, "us", CPU_MICROS_MAX),
    }
}

fn bytes(request: &Request<'_>, response: &mut Response) {
    match parameter(request, "n", RESPONSE_BYTES_MAX).and_then(|n| usize::try_from(n).ok()) {
        Some(n) => {
            response.body_mut().resize(n, b'x');
            response.add_field("Content-Type", "application/octet-stream");
        }
        None => _ = refuse(response, "n", RESPONSE_BYTES_MAX),
    }
}

fn headers(request: &Request<'_>, response: &mut Response) {
    // Named as HTTP/2 does: no field can have this name.
    if let Some(authority) = request.authority() {
        for part in [":authority: ", authority, "\n"] {
            response.body_mut().extend_from_slice(part.as_bytes());
        }
    }
    for (name, value) in request.fields.iter() {
        for part in [name.as_bytes(), b": ", value, b"\n"] {
            response.body_mut().extend_from_slice(part);
        }
    }
    response.add_field("Content-Type", "text/plain; charset=utf-8");
}

/// The number behind `name=` in the query, 0 to `max`.
fn parameter(request: &Request<'_>, name: &str, max: u64) -> Option<u64> {
    let mut pairs = request.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name)?.1.parse().ok().filter(|value| *value <= max)
}

fn refuse(response: &mut Response, name: &str, max: u64) -> Step {
    response.set_status(Status::BAD_REQUEST);
    response.text_of(format_args!("{name} takes a whole number from 0 to {max}: ?{name}=1\n"));
    Step::Reply
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use http1::{Buffer, Limits, Response, zerocopy};

    use super::Routes;
    use crate::{Fault, Stats, Step, answer};

    /// Sends one request, given as its request line and body, to the routes.
    fn ask(stats: &Arc<Stats>, line: &str, body: &str) -> (Step, Response) {
        let mut input = Buffer::new();
        let length = body.len();
        input.extend(
            format!("{line} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes(),
        );
        let mut response = Response::new();
        let routes = Routes::new(Arc::clone(stats));
        let progress = zerocopy::Parser::new(Limits::default())
            .parse(&mut input, |request, _| answer(&routes, &request, &mut response, stats));
        let Ok(zerocopy::Progress::Complete(step)) = progress else { panic!("{progress:?}") };
        (step, response)
    }

    fn get(line: &str) -> (u16, String) {
        let (_, response) = ask(&Arc::default(), line, "");
        (response.status().code(), String::from_utf8(response.body().to_vec()).expect("text"))
    }

    #[test]
    fn a_wait_is_data() {
        let (step, response) = ask(&Arc::default(), "GET /wait?ms=2", "");
        assert_eq!(step, Step::ReplyAfter(Duration::from_millis(2)));
        assert_eq!(response.body(), b"waited 2 ms\n");
    }

    #[test]
    fn each_route_answers() {
        assert_eq!(get("GET /"), (200, "Hello, World!".into()));
        assert_eq!(get("GET http://elsewhere/"), (200, "Hello, World!".into()));
        assert_eq!(get("GET /bytes?n=5"), (200, "xxxxx".into()));
        assert_eq!(get("GET /json"), (200, r#"{"message":"Hello, World!"}"#.into()));
        assert_eq!(get("GET /headers"), (200, ":authority: a\nHost: a\nContent-Length: 0\n".into()));
        assert!(get("GET http://elsewhere/headers").1.starts_with(":authority: elsewhere\nHost: a\n"));
        assert_eq!(get("GET /cpu?us=1").0, 200);
        assert_eq!(ask(&Arc::default(), "POST /echo", "hello").1.body(), b"hello");
    }

    #[test]
    fn what_is_not_there_or_not_allowed_is_said() {
        assert_eq!(get("GET /nowhere").0, 404);
        assert_eq!(get("DELETE /").0, 405);
        assert_eq!(get("GET /echo").0, 405);
        assert_eq!(get("OPTIONS *").0, 204);
        assert_eq!(get("OPTIONS /echo").0, 204);
    }

    #[test]
    fn parameters_are_bounded() {
        assert_eq!(get("GET /wait?ms=10000").0, 200);
        for line in
            ["GET /wait", "GET /wait?ms=10001", "GET /wait?ms=-1", "GET /bytes?n=16777217", "GET /cpu?us=x"]
        {
            assert_eq!(get(line).0, 400, "{line}");
        }
    }

    #[test]
    fn the_stats_say_what_happened() {
        let stats = Arc::default();
        let _ = ask(&stats, "GET /", "");
        stats.fault(Fault::Timeout);
        let (_, response) = ask(&stats, "GET /stats", "");
        let json: serde_json::Value = serde_json::from_slice(response.body()).expect("JSON");
        assert_eq!((&json["requests"], &json["errors"]["timeout"]), (&2.into(), &1.into()));
    }

    #[test]
    fn a_panic_becomes_a_500() {
        let stats = Arc::new(Stats::new());
        let mut input = Buffer::new();
        input.extend(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut response = Response::new();
        let broken = |_: &http1::Request<'_>, response: &mut Response| -> Step {
            response.text("half an answer");
            panic!("a bug");
        };
        let progress = zerocopy::Parser::new(Limits::default())
            .parse(&mut input, |request, _| answer(&broken, &request, &mut response, &stats));
        assert_eq!(progress, Ok(zerocopy::Progress::Complete(Step::Reply)));
        assert_eq!((response.status().code(), stats.snapshot().errors.panic), (500, 1));
    }
}
