//! What the peers share that is not a server: where they listen, and what they answer.
//!
//! Each program in `src/bin` is a hello-world as its library's own first page has it, with one thread that serves,
//! because the lab gives a server one CPU of two (`std_pool` has ten, as phase 1). They answer `GET /` with what the
//! phases answer, and the lab checks status and body, not how much of HTTP stands behind it: `README.md` says what
//! each leaves out.

pub mod hello;

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};

/// The body of the answer, the same as the phases'.
pub const BODY: &str = "Hello, World!";
/// Its media type.
pub const TEXT: &str = "text/plain; charset=utf-8";
/// Threads that serve. One CPU has use for no more where none of them blocks.
pub const WORKERS: usize = 1;
/// Connections that may wait to be accepted, where a library lets one say; as for the phases, the kernel's own
/// limit is what counts.
pub const BACKLOG: u32 = 4096;

/// The address that the command line asks for: `--port N` on the loopback interface.
pub fn address() -> Result<SocketAddr, String> {
    read(std::env::args_os().skip(1))
}

fn read(mut words: impl Iterator<Item = OsString>) -> Result<SocketAddr, String> {
    const USAGE: &str = "usage: --port N";
    let (Some(flag), Some(port), None) = (words.next(), words.next(), words.next()) else {
        return Err(USAGE.to_owned());
    };
    let port = port.to_str().filter(|_| flag == "--port").and_then(|port| port.parse().ok());
    port.map(|port| (Ipv4Addr::LOCALHOST, port).into()).ok_or_else(|| USAGE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::read;

    fn words(text: &str) -> impl Iterator<Item = std::ffi::OsString> {
        text.split(' ').map(Into::into)
    }

    #[test]
    fn only_a_port_is_taken() {
        assert_eq!(read(words("--port 8080")), Ok(([127, 0, 0, 1], 8080).into()));
        for wrong in ["", "--port", "--port x", "--port 8080 more", "--host 8080"] {
            assert!(read(words(wrong)).is_err(), "{wrong}");
        }
    }
}
