//! Whoever is given workers uses all of them. In a process of its own, whose threads are all this server's.

use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};

use handler::Step;
use http1::{Request, Response};
use phase4_keepalive::Options;
use server::{Background, receive};

const WORKERS: u16 = 3;
const HELLO: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A server whose every request keeps its thread until the sender is dropped.
fn start() -> (Background, Sender<()>) {
    let (sender, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let options = Options { workers: WORKERS, ..Options::default() };
    let server = Background::start(move |listener, stats, stop| {
        let handler = move |_: &Request<'_>, response: &mut Response| {
            let _ = held.lock().map(|held| held.recv());
            response.text("Hello, World!");
            Step::Reply
        };
        phase4_keepalive::serve(listener, handler, &options, stats, stop)
    });
    (server.expect("a port"), sender)
}

/// Each connection comes while those before it keep their workers, which then accept nothing, so that only another one can
/// have accepted it.
#[test]
fn every_worker_accepts() {
    // The sender is dropped first, also where this fails: the server could not stop otherwise.
    let (server, sender) = start();
    let mut clients = Vec::new();
    for taken in 1..=WORKERS {
        clients.push(server.send(HELLO));
        server.wait_for_requests(taken.into());
    }
    assert_eq!(server.stats().snapshot().requests_per_worker, [1; WORKERS as usize]);
    drop(sender);
    for client in clients {
        assert!(receive(client).ends_with("Hello, World!"));
    }
}
