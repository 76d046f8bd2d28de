//! What becomes of a client when no thread can be started for it. In a process of its own, whose memory can
//! be limited.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use server::ANSWER_TIMEOUT;

/// Ends the server whatever becomes of the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Leaves the server room for what a request needs and none for a thread's stack, which is 2 MiB.
fn take_the_room_for_threads(server: &Child) {
    let statm = fs::read_to_string(format!("/proc/{}/statm", server.id())).expect("it runs");
    let pages: u64 = statm.split(' ').next().and_then(|pages| pages.parse().ok()).expect("a number");
    let bytes = pages * rustix::param::page_size() as u64 + 1024 * 1024;
    let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
    prlimit(Some(Pid::from_child(server)), Resource::As, limit).expect("limited");
}

#[test]
fn a_client_without_a_thread_is_turned_away() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phase1-threads"));
    command.args(["--addr", "127.0.0.1:0", "--spawn"]).stdout(Stdio::piped());
    // A thread that has just started may be about to reserve an arena of its own, give half of it back, and
    // so leave more room than was measured.
    command.env("MALLOC_ARENA_MAX", "1");
    let mut server = Server(command.spawn().expect("started"));
    let mut line = String::new();
    let output = server.0.stdout.take().expect("it is piped");
    BufReader::new(output).read_line(&mut line).expect("a line");
    let addr = line.trim().rsplit('/').next().expect("an address");

    take_the_room_for_threads(&server.0);
    let mut stream = TcpStream::connect(addr).expect("connected");
    stream.set_read_timeout(Some(ANSWER_TIMEOUT)).expect("set");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer and no reset");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
}
