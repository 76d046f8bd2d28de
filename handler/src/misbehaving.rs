//! A handler that does what a handler must not, for tests.

use http1::{Request, Response};

use crate::{Handler, Routes, Step};

/// The lab's routes, and two that misbehave: `/panic` panics in the middle of its answer, and
/// `/inject` puts a line end and a field named `Injected` into a field of its answer. Both have to
/// end in a 500 that costs the server nothing.
#[derive(Debug)]
pub struct Misbehaving(pub Routes);

impl Handler for Misbehaving {
    fn handle(&self, request: &Request<'_>, response: &mut Response) -> Step {
        match request.path() {
            "/panic" => {
                response.text("half an answer");
                panic!("the route /panic was asked for");
            }
            "/inject" => {
                response.add_field("X-Split", "a\r\nInjected: yes");
                Step::Reply
            }
            _ => self.0.handle(request, response),
        }
    }
}
