//! Hosts with addresses and names of their own, on one machine: each a network namespace, with a cable (veth) to a bridge.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::room::{self, run};

const BRIDGE: &str = "switch";
const PREFIX_BITS: u8 = 24;

/// Where the job itself is: in the room, with the bridge.
pub(super) const HEAD: Host = Host { name: "head", addr: Ipv4Addr::new(10, 77, 0, 254) };

/// A host of the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host {
    pub(super) name: &'static str,
    pub(super) addr: Ipv4Addr,
}

/// Bytes that a host has sent and received over its cable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossed {
    pub(super) sent: u64,
    pub(super) received: u64,
}

impl Host {
    pub(super) const fn new(name: &'static str, last: u8) -> Self {
        Self { name, addr: Ipv4Addr::new(10, 77, 0, last) }
    }

    /// A program on this host, to be started. It is this host's by the time it starts, with no process in between.
    pub(super) fn command(self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", self.name, "unshare", "--uts", "sh", "-c"]);
        command.args([r#"hostname "$0" && exec "$@""#, self.name]).arg(program);
        command
    }

    /// What has crossed its cable so far, as the other end of it counts.
    pub(super) fn crossed(self) -> Result<Crossed, String> {
        let text = run(Command::new("ip").args(["-json", "-stats", "link", "show", "dev", self.name]))?;
        crossed(&text).ok_or_else(|| format!("ip tells no counters of {}: {text}", self.name))
    }
}

/// Plugs these hosts in. A room has one network.
pub(super) fn plug(hosts: &[Host]) -> Result<(), String> {
    let folder = room::folder("network")?;
    ip(&["link", "set", "lo", "up"])?;
    run(Command::new("hostname").arg(HEAD.name))?;
    ip(&["link", "add", BRIDGE, "type", "bridge"])?;
    ip(&["addr", "add", &address(HEAD.addr), "dev", BRIDGE])?;
    ip(&["link", "set", BRIDGE, "up"])?;
    for host in hosts {
        let cable = host.name;
        ip(&["netns", "add", host.name])?;
        ip(&["link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", host.name])?;
        ip(&["link", "set", cable, "master", BRIDGE, "up"])?;
        ip(&["-n", host.name, "addr", "add", &address(host.addr), "dev", "eth0"])?;
        ip(&["-n", host.name, "link", "set", "eth0", "up"])?;
        ip(&["-n", host.name, "link", "set", "lo", "up"])?;
    }
    name(hosts, &folder)
}

/// Has all of them know each other's names, in this room alone.
fn name(hosts: &[Host], folder: &Path) -> Result<(), String> {
    let file = folder.join("hosts");
    fs::write(&file, names(hosts)).map_err(|error| format!("{}: {error}", file.display()))?;
    run(Command::new("mount").arg("--bind").arg(&file).arg("/etc/hosts")).map(drop)
}

fn names(hosts: &[Host]) -> String {
    let lines = hosts.iter().chain([&HEAD]).map(|host| format!("{} {}\n", host.addr, host.name));
    format!("127.0.0.1 localhost\n{}", lines.collect::<String>())
}

fn address(addr: Ipv4Addr) -> String {
    format!("{addr}/{PREFIX_BITS}")
}

fn ip(args: &[&str]) -> Result<String, String> {
    run(Command::new("ip").args(args))
}

/// The other end receives what the host sends.
fn crossed(text: &str) -> Option<Crossed> {
    let links: Value = serde_json::from_str(text).ok()?;
    let counters = &links.get(0)?["stats64"];
    Some(Crossed { sent: counters["rx"]["bytes"].as_u64()?, received: counters["tx"]["bytes"].as_u64()? })
}

#[cfg(test)]
mod tests {
    use super::{Host, crossed, names};

    #[test]
    fn what_the_far_end_receives_was_sent_by_the_host() {
        let text = r#"[{"ifname":"n0","stats64":{"rx":{"bytes":7,"packets":1},"tx":{"bytes":9}}}]"#;
        let crossed = crossed(text).expect("counters");
        assert_eq!((crossed.sent, crossed.received), (7, 9));
        assert!(super::crossed("[]").is_none());
    }

    #[test]
    fn every_host_has_a_name() {
        let hosts = names(&[Host::new("n0", 10)]);
        assert_eq!(hosts, "127.0.0.1 localhost\n10.77.0.10 n0\n10.77.0.254 head\n");
    }

    #[test]
    fn a_command_of_a_host_begins_with_its_namespace() {
        let command = Host::new("n0", 10).command("true");
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        assert_eq!(words[..3], ["netns", "exec", "n0"]);
        assert_eq!(words[words.len() - 2..], ["n0", "true"]);
    }
}
