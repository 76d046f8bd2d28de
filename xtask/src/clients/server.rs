//! One phase in a process of its own.

use std::net::SocketAddrV4;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::phases::Phase;
use crate::group::{Group, describe};
use crate::interrupt;

/// A server has this long to say where it listens.
const LISTENING_WITHIN: Duration = Duration::from_secs(10);
/// And this long to end after SIGTERM: longer than any drain limit that is used here.
const STOPPED_WITHIN: Duration = Duration::from_secs(10);
/// How often its output is looked at for that line.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// What comes before the address in that line.
const LISTENING: &str = " listening on http://";

/// A running server. Dropping it ends its process.
#[derive(Debug)]
pub(super) struct Server {
    group: Group,
    /// Where it listens, on 127.0.0.1.
    pub(super) addr: SocketAddrV4,
}

impl Server {
    /// Starts `phase` with `flags` besides, and waits until it listens.
    pub(super) fn start(loadgen: &Path, phase: &Phase, flags: &[String]) -> Result<Self, String> {
        let mut command = Command::new(loadgen);
        // The leash ends it even if this process is killed.
        command.arg("serve").args(&phase.args).args(["--addr", "127.0.0.1:0", "--with-parent"]).args(flags);
        let mut group = Group::start(&mut command)?;
        let deadline = Instant::now() + LISTENING_WITHIN;
        loop {
            let output = group.output();
            if let Some(addr) = address(&output) {
                return Ok(Self { group, addr });
            }
            interrupt::check()?;
            if group.status().is_some() || Instant::now() >= deadline {
                return Err(format!("{} did not say where it listens, but:\n{output}", phase.label));
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.group.id()
    }

    /// Ends it as a service manager would, by SIGTERM.
    ///
    /// # Errors
    /// What it wrote, when it does not end, or not with 0.
    pub(super) fn stop(mut self) -> Result<(), String> {
        let ended_early = self.group.status().is_some();
        self.group.signal(Signal::TERM);
        let what = match self.group.wait(STOPPED_WITHIN)? {
            Some(status) if status.success() && !ended_early => return Ok(()),
            Some(status) if ended_early => format!("the server ended by itself with {}", describe(status)),
            Some(status) => format!("after SIGTERM the server ended with {}", describe(status)),
            None => format!("the server did not end within {STOPPED_WITHIN:?} after SIGTERM"),
        };
        Err(format!("{what}; it wrote:\n{}", self.group.output()))
    }
}

/// The address in a server's first line, once that line is whole.
pub(crate) fn address(output: &str) -> Option<SocketAddrV4> {
    let (_, rest) = output.split_once(LISTENING)?;
    rest.split_once('\n')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};

    #[test]
    fn half_a_line_is_no_address() {
        let line = "phase0-serial listening on http://127.0.0.1:4071\n";
        assert_eq!(super::address(line), Some(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 4071)));
        assert_eq!(super::address(&line[..line.len() - 2]), None);
    }
}
