//! A handler that does what a handler must not, for tests.

use http1::{Request, Response};

use crate::{Handler, Routes, Step};

/// The lab's routes, and two that misbehave: `/panic` panics in the middle of its answer, and
/// `/inject` puts a line end and a field named `Injected` into a field of its answer;
/// `/inject?what=cr`, `lf`, `nul` and `name` put in something else that breaks a field line. All have
/// to end in a 500 that costs the server nothing.
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
                match request.query() {
                    Some("what=cr") => response.add_field("X-Split", "a\rInjected: yes"),
                    Some("what=lf") => response.add_field("X-Split", "a\nInjected: yes"),
                    Some("what=nul") => response.add_field("X-Split", "a\0Injected: yes"),
                    Some("what=name") => response.add_field("X-Split: a\r\nInjected", "yes"),
                    _ => response.add_field("X-Split", "a\r\nInjected: yes"),
                };
                Step::Reply
            }
            _ => self.0.handle(request, response),
        }
    }
}
