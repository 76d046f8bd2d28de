//! What a signal does to the program.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use server::ANSWER_TIMEOUT;

/// Ends the server whatever becomes of the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// The server and where it listens.
    fn start(flags: &[&str]) -> (Self, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phase0-serial"));
        command.args(["--addr", "127.0.0.1:0"]).args(flags);
        let mut server = Self(command.stdout(Stdio::piped()).spawn().expect("started"));
        let mut line = String::new();
        let output = server.0.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("a line");
        (server, line.trim().rsplit('/').next().expect("an address").to_owned())
    }

    fn interrupt(&self) {
        kill_process(Pid::from_child(&self.0), Signal::INT).expect("it runs");
    }

    fn exit_status(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("it ends", || {
            status = self.0.try_wait().expect("a child");
            status.is_some()
        });
        status.expect("it has ended")
    }
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < ANSWER_TIMEOUT, "in vain: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A client that is being served: the server has read its head, says so, and waits for its body.
fn served(addr: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).expect("connected");
    stream.set_read_timeout(Some(ANSWER_TIMEOUT)).expect("set");
    let head = "GET /wait?ms=10000 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("sent");
    let mut go_on = [0; 12];
    stream.read_exact(&mut go_on).expect("an interim answer");
    assert_eq!(&go_on, b"HTTP/1.1 100");
    stream
}

#[test]
fn the_second_interrupt_ends_it_at_once() {
    let (mut server, addr) = Server::start(&["--drain-timeout", "1day", "--body-timeout", "1day"]);
    let _served = served(&addr);
    server.interrupt();
    // The signals would be one if the second came before the first was heard.
    eventually("it has heard the first", || TcpStream::connect(&addr).is_err());
    server.interrupt();
    assert_eq!(server.exit_status().code(), Some(130));
}

#[test]
fn one_interrupt_ends_it_at_the_drain_limit_although_its_thread_is_held_up() {
    let (mut server, addr) = Server::start(&["--drain-timeout", "1s"]);
    let mut held = served(&addr);
    held.write_all(b"x").expect("sent");
    server.interrupt();
    assert_eq!(server.exit_status().code(), Some(0));
}
