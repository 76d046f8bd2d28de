//! What a server must look like when all clients have gone.

use std::net::SocketAddrV4;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::request::get;
use super::server::Server;
use crate::interrupt;

/// What the table calls this.
pub(super) const NAME: &str = "afterwards";
/// The longest that an answer to `/stats` takes, a serial server's idle client before it included.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The longest that closed connections are still counted: the drain limit and room for a busy machine.
const AT_REST_WITHIN: Duration = Duration::from_secs(10);
/// How often that is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Ends the server, after it has shown that nothing is left of its clients.
///
/// # Errors
/// When connections stay open, a handler has panicked, or it does not end with 0 on SIGTERM.
pub(super) fn check(server: Server) -> Result<(), String> {
    let stats = at_rest(server.addr)?;
    let panics = &stats["errors"]["panic"];
    if panics != 0 {
        return Err(format!("{panics} requests made a handler panic; /stats says {stats}"));
    }
    server.stop()
}

/// The counters, once the connection that asks for them is the only one left.
pub(super) fn at_rest(addr: SocketAddrV4) -> Result<Value, String> {
    let deadline = Instant::now() + AT_REST_WITHIN;
    loop {
        let stats = stats(addr)?;
        if stats["connections"]["active"] == 1 {
            return Ok(stats);
        }
        interrupt::check()?;
        if Instant::now() >= deadline {
            return Err(format!("clients have gone, but their connections have not; /stats says {stats}"));
        }
        thread::sleep(POLL_INTERVAL);
    }
}

fn stats(addr: SocketAddrV4) -> Result<Value, String> {
    let (status, body) = get(addr, "/stats", ANSWER_WITHIN)?;
    serde_json::from_str(&body).map_err(|error| format!("/stats was answered {status}, {error}: {body:?}"))
}
