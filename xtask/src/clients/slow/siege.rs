//! One attack on one phase.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::super::phases::Phase;
use super::super::rest;
use super::super::server::Server;
use super::attack::{Attack, Choice};
use super::figures::{Figures, LATE_MAX};
use super::stranger::Stranger;
use super::watch::Watch;
use crate::group::Group;
use crate::interrupt;

/// How often the connections are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Beyond what all connections should take, a siege lasts this long before it is given up.
const GRACE: Duration = Duration::from_secs(15);

/// Starts the phase, attacks it, and looks on. The inner error is the server's, the outer one is ours.
pub(super) fn lay(
    loadgen: &Path,
    phase: &Phase,
    attack: Attack,
    choice: &Choice,
) -> Result<Result<Figures, String>, String> {
    let deadline = choice.deadline(attack, phase);
    let connections = choice.connections(phase);
    let rounds = phase.places.map_or(1, |places| connections.div_ceil(places));
    let arrival = Duration::from_secs((connections / attack.connections_per_second()) as u64);
    let limit = arrival + (deadline + LATE_MAX) * u32::try_from(rounds).unwrap_or(u32::MAX) + GRACE;

    let server = Server::start(loadgen, phase, &choice.flags(phase))?;
    let mut watch = Watch::new(server.addr);
    let stranger = Stranger::start(server.addr, limit);
    let mut slow = start(attack, &server, connections, limit)?;
    let until = Instant::now() + limit;
    loop {
        watch.look()?;
        interrupt::check()?;
        let all_came = watch.held_for(deadline).len() >= connections || slow.status().is_some();
        if (all_came && watch.open() == 0) || Instant::now() >= until {
            break;
        }
        thread::sleep(LOOK_INTERVAL);
    }
    drop(slow);
    let memory_peak_mib = memory_peak_mib(&server);
    let stranger = stranger.stop();
    let addr = server.addr;
    let stats = match rest::at_rest(addr).and_then(|stats| server.stop().map(|()| stats)) {
        Ok(stats) => stats,
        Err(fault) => return Ok(Err(fault)),
    };
    Ok(Ok(Figures {
        connections,
        places: phase.places,
        deadline,
        held: watch.held_for(deadline),
        span: watch.span(),
        left: watch.open(),
        stranger,
        timeouts: stats["errors"]["timeout"].as_u64().unwrap_or(0),
        memory_peak_mib,
        blind: watch.blind(),
    }))
}

/// Starts slowhttptest. It ends by itself after `limit`, or when it sees that all was closed.
fn start(attack: Attack, server: &Server, connections: usize, limit: Duration) -> Result<Group, String> {
    Group::start(
        Command::new("slowhttptest")
            .arg(attack.flag())
            .args(["-u", &format!("http://{}{}", server.addr, attack.target())])
            .args(["-c", &connections.to_string()])
            .args(["-r", &attack.connections_per_second().to_string()])
            // A few bytes every second.
            .args(["-i", "1"])
            .args(["-l", &limit.as_secs().to_string()]),
    )
}

fn memory_peak_mib(server: &Server) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024)
}
