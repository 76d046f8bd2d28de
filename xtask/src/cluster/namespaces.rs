//! Shards on hosts of their own, so that what they send crosses a network.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::merged::{Merged, merge};
use super::network::{self, Host};
use super::server::Server;
use super::shards::{CONNECTIONS, RATE_PER_SEC, REQUESTS_BY_RATE, run_all, without_rank};
use super::{equal, heading, room, seen};

const SERVER: Host = Host::new("server", 1);
const CLIENTS: [Host; 4] =
    [Host::new("c0", 20), Host::new("c1", 21), Host::new("c2", 22), Host::new("c3", 23)];

/// Does not divide by four.
const REQUESTS: u64 = 40_003;
/// No request and no answer takes fewer on a cable.
const BYTES_MIN: u64 = 66;
const ENDED_WITHIN: Duration = Duration::from_secs(60);

/// Fires from four hosts, by count and by rate, and from three of four.
pub(super) fn run(loadgen: &Path) -> Result<(), String> {
    heading("four shards in network namespaces, and a server in a fifth");
    let hosts: Vec<_> = CLIENTS.into_iter().chain([SERVER]).collect();
    network::plug(&hosts)?;
    let folder = room::folder("namespaces")?;
    let mut server = Server::on(SERVER, loadgen)?;
    let lab = Lab { loadgen, folder: &folder };

    let count = REQUESTS.to_string();
    let before = SERVER.crossed()?;
    let merged = lab.fire("counted", &CLIENTS, &server, &["-n", &count])?;
    seen(&merged.agrees(CLIENTS.len(), REQUESTS, &mut server)?);
    seen(&format!("{}, on hosts {}", merged.timing(), merged.hosts().join(", ")));
    let after = SERVER.crossed()?;
    let [to_client, to_server] = [after.sent - before.sent, after.received - before.received];
    seen(&format!("over the server's cable went {to_server} bytes to it, and {to_client} back"));
    if to_server < REQUESTS * BYTES_MIN || to_client < REQUESTS * BYTES_MIN {
        return Err("that is too little for so many requests: they took another way".to_owned());
    }

    let [rate, requests] = [RATE_PER_SEC.to_string(), REQUESTS_BY_RATE.to_string()];
    let merged = lab.fire("open", &CLIENTS, &server, &["-R", &rate, "-n", &requests])?;
    let counted = merged.agrees(CLIENTS.len(), REQUESTS_BY_RATE, &mut server)?;
    seen(&format!("{}; {counted}", merged.keeps(RATE_PER_SEC)?));

    let some = &CLIENTS[..CLIENTS.len() - 1];
    let merged = lab.fire("absent", some, &server, &["-n", &count, "--meet-within", "2s"])?;
    let missing = merged.lacks_only(some.len() as u64)?;
    equal("requests that the server has counted", server.requests()?, merged.ok())?;
    seen(&format!(
        "without {} it is partial: {} requests, and {missing} is missing",
        CLIENTS[some.len()].name,
        merged.ok()
    ));
    Ok(())
}

struct Lab<'a> {
    loadgen: &'a Path,
    folder: &'a Path,
}

impl Lab<'_> {
    /// Has a shard fire from each of `hosts`, which may be fewer than there should be.
    fn fire(&self, name: &str, hosts: &[Host], server: &Server, flags: &[&str]) -> Result<Merged, String> {
        let folder: PathBuf = self.folder.join(name);
        let attack = |(index, host): (usize, &Host)| -> Command {
            let mut command = host.command(self.loadgen);
            command.args(["attack", &server.url(), "-c", CONNECTIONS, "--threads", "1"]).args(flags);
            command.args(["--meet", &format!("{}:7070", CLIENTS[0].name)]);
            command.args(["--shard", &format!("{index}/{}", CLIENTS.len())]);
            command.arg("--shard-dir").arg(&folder);
            without_rank(&mut command);
            command
        };
        // A shard that missed another says so by its exit code, which merge does, too.
        run_all(hosts.iter().enumerate().map(attack).collect(), ENDED_WITHIN)?;
        merge(self.loadgen, [&folder])
    }
}
