//! Shards as processes that this job starts.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::group::{Group, describe};

/// Of four shards that have a host each.
pub(super) const CONNECTIONS: &str = "18";
/// Of the same in the open loop, for two seconds. Neither divides by four, so that a count that each rounds is off.
pub(super) const RATE_PER_SEC: f64 = 4_001.0;
pub(super) const REQUESTS_BY_RATE: u64 = 8_002;

/// What says which shard a process is, whoever sets it. Cleared, since this job may run in a job.
const RANK_VARIABLES: [&str; 14] = [
    "SLURM_PROCID",
    "SLURM_NTASKS",
    "SLURM_JOB_ID",
    "SLURM_JOBID",
    "SLURM_STEP_ID",
    "SLURM_STEPID",
    "SLURM_STEP_NUM_TASKS",
    "SLURM_STEP_NODELIST",
    "OMPI_COMM_WORLD_RANK",
    "OMPI_COMM_WORLD_SIZE",
    "PMI_RANK",
    "PMI_SIZE",
    "JOB_COMPLETION_INDEX",
    "LOADGEN_SHARDS",
];

/// Has a command know nothing of a rank.
pub(super) fn without_rank(command: &mut Command) -> &mut Command {
    for variable in RANK_VARIABLES {
        command.env_remove(variable);
    }
    command
}

/// Runs all of them at once, and waits until each has ended well. What each has written.
///
/// # Errors
/// What a shard wrote that did not end well or in time.
pub(super) fn run_all(commands: Vec<Command>, limit: Duration) -> Result<Vec<String>, String> {
    let deadline = Instant::now() + limit;
    let started: Result<Vec<_>, _> =
        commands.into_iter().map(|mut command| Group::start(&mut command)).collect();
    let ended = started?.into_iter().enumerate().map(|(index, mut group)| {
        let status = group.wait(deadline.saturating_duration_since(Instant::now()))?;
        let output = group.output();
        match status {
            Some(status) if status.success() => Ok(output),
            Some(status) => Err(format!("shard {index} ended with {}:\n{output}", describe(status))),
            None => Err(format!("shard {index} did not end within {limit:?}; it wrote:\n{output}")),
        }
    });
    ended.collect()
}

/// A port of 127.0.0.1 that nobody listens at, for shards to meet at.
pub(super) fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let addr = listener.and_then(|listener| listener.local_addr());
    addr.map(|addr| addr.port()).map_err(|error| format!("no port is free: {error}"))
}
