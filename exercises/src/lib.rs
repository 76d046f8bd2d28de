//! What the checks of the exercises share.
//!
//! An exercise is a folder here, `0.1-shorter-patience` and so on: the phase, its number, a name.
//!
//! | file | what it is |
//! |---|---|
//! | `task.md` | what to change, and why |
//! | `check.rs` | a test that fails until that is done, and says what is missing |
//! | `solution.patch` | one way to do it, for `git apply` in the root of the workspace |
//! | `solution.md` | why it is done this way, and what it costs |
//!
//! `cargo xtask exercise` lists them, and `cargo xtask exercise 0.1` runs a check. Since a check has to
//! compile before its exercise is solved, it asks for what is new by a flag: one that is not there yet
//! is a failure with a message, and not an error of the compiler's.
//!
//! What says "not yet" here names the line of the check that asked for it, so that whoever runs the checks
//! can tell a check that has something to say from one that is broken.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, Command};
use handler::Stats;
use server::Background;

/// The request of which nearly everything is told here.
pub const HELLO: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// How long is waited for what takes a moment where the exercise is solved.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How often something that is awaited is looked for.
const LOOK_AGAIN: Duration = Duration::from_micros(200);

/// The options of a phase as these flags set them.
///
/// # Panics
/// If the phase does not take them, and says why.
#[track_caller]
pub fn options<T: Args>(flags: &[&str]) -> T {
    let command = T::augment_args(Command::new("options").no_binary_name(true));
    let options = command
        .try_get_matches_from(flags)
        .and_then(|matches| T::from_arg_matches(&matches))
        .map_err(|error| error.to_string());
    match options {
        Ok(options) => options,
        Err(error) => {
            let why = error.lines().next().unwrap_or_default().trim_start_matches("error: ");
            panic!("The phase does not take `{}` yet: {why}.", flags.join(" "))
        }
    }
}

/// Waits until the counters are as they should become.
///
/// # Panics
/// If they are not within [`PATIENCE`], with `what_is_missing` as the message.
#[track_caller]
pub fn wait_until(server: &Background, what_is_missing: &str, is_so: impl Fn(&Stats) -> bool) {
    let start = Instant::now();
    while !is_so(server.stats()) {
        assert!(start.elapsed() < PATIENCE, "{what_is_missing}");
        thread::sleep(LOOK_AGAIN);
    }
}

/// Whether the client at this end still waits: no byte of an answer has come, and the server has not
/// closed. On the loopback interface what was sent before is there before, so this tells an order.
///
/// # Panics
/// If the socket can't be switched between waiting and not waiting.
#[track_caller]
pub fn is_waiting(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("switched");
    let looked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).expect("switched back");
    looked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// All that comes on a connection until the server closes it, which this end does not do yet.
///
/// # Panics
/// If the server does not, with `what_is_missing` as the message.
#[track_caller]
pub fn receive_all(mut stream: &TcpStream, what_is_missing: &str) -> String {
    stream.set_read_timeout(Some(PATIENCE)).expect("set");
    let mut answer = String::new();
    match stream.read_to_string(&mut answer) {
        Ok(_) => answer,
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            panic!("{what_is_missing}")
        }
        Err(error) => panic!("{what_is_missing} ({error})"),
    }
}
