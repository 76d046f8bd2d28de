//! 1.1: `--workers 0` is a worker for each processor, no fewer and no more.

use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use exercises::{HELLO, is_waiting, options, receive_all, wait_until};
use handler::Routes;
use phase1_threads::Options;
use server::Background;

const SLOW: &str = "GET /wait?ms=1500 HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn zero_workers_are_one_for_each_processor() {
    // A slow answer is there before its worker is free, which is once this end has been waited for.
    let options: Options = options(&["--workers", "0", "--drain-timeout", "100ms"]);
    let server = Background::start(move |listener, stats, stop| {
        phase1_threads::serve(listener, Routes::new(Arc::clone(stats)), &options, stats, stop)
    })
    .expect("a port");
    let processors = thread::available_parallelism().expect("known").get();
    let slow: Vec<TcpStream> = (0..processors).map(|_| server.send(SLOW)).collect();
    let fewer = format!(
        "There are {processors} processors, but fewer workers: of as many requests some were not even begun."
    );
    wait_until(&server, &fewer, |stats| stats.requests() >= processors as u64);
    assert!(slow.iter().all(is_waiting), "{fewer}");
    let answer = receive_all(&server.send(HELLO), "Behind as many slow requests nobody was answered.");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        !slow.iter().all(is_waiting),
        "There are {processors} processors, and more workers: one more request did not have to wait for a slow one."
    );
}
