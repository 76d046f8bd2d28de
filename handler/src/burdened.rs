//! A handler that costs more than it has to, for tests of what finds that out.

use http1::{Request, Response};

use crate::work::busy_nanos;
use crate::{Handler, Step};

/// Another handler, with about so much computing before each of its answers.
#[derive(Debug)]
pub struct Burdened<H> {
    /// Who answers.
    pub handler: H,
    /// What it computes before, in nanoseconds on a processor of about 3 GHz.
    pub nanos: u64,
}

impl<H: Handler> Handler for Burdened<H> {
    fn handle(&self, request: &Request<'_>, response: &mut Response) -> Step {
        std::hint::black_box(busy_nanos(self.nanos));
        self.handler.handle(request, response)
    }
}
