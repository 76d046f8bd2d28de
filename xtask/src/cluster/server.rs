//! The phase 4 server that shards fire at, and its own count of their requests.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::network::Host;
use crate::clients::request::get_from;
use crate::clients::server;
use crate::group::Group;
use crate::interrupt;

const LISTENING_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A running server. Dropping it ends its process.
#[derive(Debug)]
pub(super) struct Server {
    _group: Group,
    pub(super) addr: SocketAddrV4,
    /// What it had counted when it was last asked, its answer to that included.
    counted: u64,
}

impl Server {
    /// Starts one on 127.0.0.1.
    pub(super) fn here(loadgen: &Path) -> Result<Self, String> {
        Self::start(&mut Command::new(loadgen), SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))
    }

    /// Starts one on a host of the network.
    pub(super) fn on(host: Host, loadgen: &Path) -> Result<Self, String> {
        Self::start(&mut host.command(loadgen), SocketAddrV4::new(host.addr, 0))
    }

    fn start(loadgen: &mut Command, addr: SocketAddrV4) -> Result<Self, String> {
        loadgen.args(["serve", "phase4-keepalive", "--with-parent", "--addr"]).arg(addr.to_string());
        let mut group = Group::start(loadgen)?;
        let deadline = Instant::now() + LISTENING_WITHIN;
        loop {
            let output = group.output();
            if let Some(addr) = server::address(&output) {
                let mut server = Self { _group: group, addr, counted: 0 };
                server.requests()?;
                return Ok(server);
            }
            interrupt::check()?;
            if group.status().is_some() || Instant::now() >= deadline {
                return Err(format!("the server did not say where it listens, but:\n{output}"));
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.addr)
    }

    /// How many requests it has had since this was last asked.
    pub(super) fn requests(&mut self) -> Result<u64, String> {
        let (status, body) = get_from(Ipv4Addr::UNSPECIFIED, self.addr, "/stats", ANSWER_WITHIN)?;
        let requests = serde_json::from_str::<Value>(&body).ok().and_then(|stats| stats["requests"].as_u64());
        let requests = requests.ok_or_else(|| format!("/stats was answered {status}: {body:?}"))?;
        // The one that asks is counted before it is answered.
        let others = requests - 1 - self.counted;
        self.counted = requests;
        Ok(others)
    }
}
