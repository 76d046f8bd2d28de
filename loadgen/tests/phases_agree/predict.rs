//! What a server must answer, worked out without one.

use std::sync::Arc;
use std::time::Duration;

use conformance::reader::Response as Answer;
use handler::{Handler, Misbehaving, Routes, Stats, Step, answer};
use http1::{Buffer, Limits, Method, Request, Response, Status, zerocopy};

/// The longest `n` of a `/bytes` that is served.
const BYTES_QUERY_MAX: usize = "n=999".len();

/// What takes the place of a wait.
const DELAY: Duration = Duration::from_micros(100);

/// What the client reads where a handler tried what it may not.
const FAULTY: &str = "the handler wrote a field that can't be sent";

/// The lab's routes without what would take long, and without the panic that libFuzzer would take for
/// a find. The servers and the prediction ask the same one.
pub(crate) struct Quick(Misbehaving);

impl Quick {
    pub(crate) fn new(stats: &Arc<Stats>) -> Self {
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
            Step::ReplyAfter(_) => Step::ReplyAfter(DELAY),
        }
    }
}

/// One answer that is due.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) status: u16,
    /// `None` where it depends on what was served before.
    pub(crate) body: Option<Vec<u8>>,
    to_head: bool,
    may_be_continued: bool,
    is_last: bool,
}

impl Due {
    /// The method that a reader has to know of, since an answer to HEAD is framed otherwise.
    pub(crate) fn method(&self) -> &'static str {
        if self.to_head { "HEAD" } else { "GET" }
    }

    /// Asserts that this answer is the one.
    pub(crate) fn is_met_by(&self, answer: &Answer) {
        assert_eq!(answer.head.status, self.status);
        if let Some(body) = &self.body {
            assert_eq!(answer.body, *body);
        }
        assert!(answer.interim.iter().all(|head| head.status == 100));
        assert!(answer.interim.len() <= usize::from(self.may_be_continued), "continued without need");
        assert_eq!(answer.head.lists("connection", "close"), self.is_last);
    }
}

/// What a server answers to these bytes, however they come: the parser and the handler without any
/// server around them. A server that does not keep its connections answers the first request.
pub(crate) fn predict(bytes: &[u8], keeps: bool, limits: Limits) -> Vec<Due> {
    let stats = Arc::default();
    let handler = Quick::new(&stats);
    let mut parser = zerocopy::Parser::new(limits);
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
                    response.become_error(Status::INTERNAL_SERVER_ERROR, FAULTY);
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
                let to_head = parser.error_delivery().head_only;
                let body = if to_head { String::new() } else { format!("{error}\n") };
                due.push(Due {
                    status: error.status().code(),
                    body: Some(body.into_bytes()),
                    to_head,
                    may_be_continued: true,
                    is_last: true,
                });
                return due;
            }
        }
    }
}
