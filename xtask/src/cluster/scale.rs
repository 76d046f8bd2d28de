//! What merging takes, from one shard to 64: small processes on this machine, each with some requests.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::heading;
use super::merged::merge;
use super::peak::{self, Took};
use super::server::Server;
use super::shards::{free_port, run_all, without_rank};

const COUNTS: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Each merged so many times, and the median told.
const MERGES: usize = 7;
const ENDED_WITHIN: Duration = Duration::from_secs(180);

/// Fires with more and more shards, merges each time, and prints a table.
pub(super) fn run(loadgen: &Path, requests_each: u64) -> Result<(), String> {
    heading(&format!("1 to 64 shards of {requests_each} requests each, merged {MERGES} times"));
    let scratch = tempfile::tempdir().map_err(|error| format!("no folder can be made: {error}"))?;
    let mut server = Server::here(loadgen)?;
    println!("   shards    requests    files     merged in   per shard   peak memory");
    for shards in COUNTS {
        let folder = scratch.path().join(shards.to_string());
        let requests = shards * requests_each;
        fire(loadgen, &folder, shards, requests, &server)?;
        let count = usize::try_from(shards).expect("at most 64");
        merge(loadgen, [&folder])?.agrees(count, requests, &mut server)?;
        let took = merging(loadgen, &folder)?;
        let per_shard_ms = took.time.as_secs_f64() * 1e3 / shards as f64;
        println!(
            "   {shards:6} {requests:11} {:5.0} KiB {:9.1} ms {per_shard_ms:8.2} ms {:9.1} MiB",
            size(&folder)? as f64 / 1024.0,
            took.time.as_secs_f64() * 1e3,
            took.memory_bytes as f64 / (1024.0 * 1024.0),
        );
    }
    Ok(())
}

/// A connection for each shard, and a thread.
fn fire(loadgen: &Path, folder: &Path, shards: u64, requests: u64, server: &Server) -> Result<(), String> {
    let meet = format!("127.0.0.1:{}", free_port()?);
    let attack = |index: u64| {
        let mut command = Command::new(loadgen);
        command.args(["attack", &server.url(), "-n", &requests.to_string(), "-c", &shards.to_string()]);
        command.args(["--threads", "1", "--quiet", "--meet", &meet]);
        command.args(["--shard", &format!("{index}/{shards}"), "--shard-dir"]).arg(folder);
        without_rank(&mut command);
        command
    };
    run_all((0..shards).map(attack).collect(), ENDED_WITHIN).map(drop)
}

/// The median time of several merges, and the largest peak.
fn merging(loadgen: &Path, folder: &Path) -> Result<Took, String> {
    let arguments = [OsStr::new("merge"), OsStr::new("--json"), folder.as_os_str()];
    let merges: Result<Vec<_>, _> = (0..MERGES).map(|_| peak::of(loadgen, &arguments)).collect();
    let merges = merges?;
    let mut times: Vec<_> = merges.iter().map(|took| took.time).collect();
    times.sort();
    let memory = merges.iter().map(|took| took.memory_bytes).max();
    Ok(Took { time: times[MERGES / 2], memory_bytes: memory.unwrap_or(0) })
}

fn size(folder: &Path) -> Result<u64, String> {
    let sizes = fs::read_dir(folder)
        .and_then(|files| files.map(|file| Ok(file?.metadata()?.len())).sum::<std::io::Result<u64>>());
    sizes.map_err(|error| format!("{}: {error}", folder.display()))
}
