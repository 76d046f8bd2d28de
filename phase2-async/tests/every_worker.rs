//! Whoever is given workers uses all of them. In a process of its own, whose threads are all this server's.

use std::sync::Arc;
use std::time::Instant;

use handler::Routes;
use phase2_async::Options;
use server::{ANSWER_TIMEOUT, Background, receive};

const COMPUTED: &str = "GET /cpu?us=1000 HTTP/1.1\r\nHost: a\r\n\r\n";
const CLIENTS: usize = 64;

/// One task accepts, and the runtime gives those that it starts to whichever worker is idle. How soon is its own affair, so
/// this asks for as long as it takes; with one worker that served them all, it would ask in vain.
#[test]
fn every_worker_serves() {
    let options = Options { workers: 2, ..Options::default() };
    let server = Background::start(move |listener, stats, stop| {
        phase2_async::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port");
    let began = Instant::now();
    while server.stats().snapshot().requests_per_worker.len() < 2 {
        assert!(began.elapsed() < ANSWER_TIMEOUT, "{:?}", server.stats().snapshot());
        let clients: Vec<_> = (0..CLIENTS).map(|_| server.send(COMPUTED)).collect();
        for client in clients {
            assert!(receive(client).starts_with("HTTP/1.1 200 "));
        }
    }
}
