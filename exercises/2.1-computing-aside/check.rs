//! 2.1: a handler that computes holds up nobody, not even on one worker.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use exercises::{HELLO, PATIENCE, is_waiting, options, receive_all, wait_until};
use handler::Step;
use http1::{Request, Response};
use phase2_async::Options;
use server::Background;

/// What keeps a handler busy until it is lifted, however long that takes.
#[derive(Default)]
struct Burden {
    is_lifted: Mutex<bool>,
    lifted: Condvar,
}

/// The longest that a burden is borne, if the check that would lift it fails.
const BURDEN_MAX: Duration = PATIENCE.saturating_mul(3);

impl Burden {
    fn bear(&self) {
        let is_lifted = self.is_lifted.lock().expect("no panic");
        drop(self.lifted.wait_timeout_while(is_lifted, BURDEN_MAX, |is_lifted| !*is_lifted));
    }
}

/// Lifts a burden when dropped, so that the server can be stopped however the check ends.
struct Lift(Arc<Burden>);

impl Drop for Lift {
    fn drop(&mut self) {
        *self.0.is_lifted.lock().expect("no panic") = true;
        self.0.lifted.notify_all();
    }
}

#[test]
fn a_handler_that_computes_holds_up_nobody_even_on_one_worker() {
    let options: Options = options(&["--workers", "1", "--aside"]);
    let burden = Arc::new(Burden::default());
    let there = Arc::clone(&burden);
    let handler = move |request: &Request<'_>, response: &mut Response| {
        if request.path() == "/burden" {
            there.bear();
        }
        response.text("done");
        Step::Reply
    };
    let server = Background::start(move |listener, stats, stop| {
        phase2_async::serve(listener, handler, &options, stats, stop)
    })
    .expect("a port");
    let lift = Lift(burden);
    // As many as the worker could lend its place to, one after the other.
    let busy = [(); 3].map(|()| server.send("GET /burden HTTP/1.1\r\nHost: a\r\n\r\n"));
    wait_until(
        &server,
        "Three handlers have to compute, and the second was not called before the first was done.",
        |stats| stats.requests() == 3,
    );
    let answer = receive_all(
        &server.send(HELLO),
        "While handlers compute, a quick request gets no answer: the only worker is busy with them.",
    );
    assert!(answer.ends_with("done"), "{answer}");
    assert!(busy.iter().all(is_waiting), "A handler was not waited for.");
    drop(lift);
    for stream in busy {
        let answer = receive_all(&stream, "Whose handler was done computing got no answer.");
        assert!(answer.ends_with("done"), "{answer}");
    }
}
