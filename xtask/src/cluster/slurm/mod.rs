//! A Slurm cluster of four nodes, each a host of its own network, and jobs on it by the script that users are given.

mod config;
mod daemons;
mod job;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::merged::merge;
use super::network::{self, Host};
use super::server::Server;
use super::shards::{CONNECTIONS, RATE_PER_SEC, REQUESTS_BY_RATE};
use super::{equal, heading, room, seen};
use crate::interrupt;
use daemons::Cluster;
use job::{Ended, Job};

const NODES: [Host; 4] = [Host::new("n0", 10), Host::new("n1", 11), Host::new("n2", 12), Host::new("n3", 13)];
const SERVER: Host = Host::new("server", 1);

/// Does not divide by four.
const REQUESTS: u64 = 40_002;
/// Whose task is killed.
const VICTIM: u64 = 2;
/// It has been firing for a while by then, and has a while to go.
const KILLED_AFTER: Duration = Duration::from_secs(2);
const FOUND_WITHIN: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Starts a cluster and a server, and runs the jobs.
pub(super) fn run(loadgen: &Path) -> Result<(), String> {
    heading("Slurm: four nodes, each a host of its own");
    network::plug(&NODES.into_iter().chain([SERVER]).collect::<Vec<_>>())?;
    let started = Instant::now();
    let mut lab = Lab {
        cluster: Cluster::start(&NODES)?,
        server: Server::on(SERVER, loadgen)?,
        loadgen,
        folder: room::folder("home")?,
    };
    seen(&format!(
        "munged, slurmctld and four slurmd: all nodes idle after {:.1} s",
        started.elapsed().as_secs_f64()
    ));
    lab.counted()?;
    lab.by_rate()?;
    lab.with_a_target()?;
    lab.with_a_task_killed()
}

struct Lab<'a> {
    cluster: Cluster,
    server: Server,
    loadgen: &'a Path,
    /// Where jobs are submitted from. All nodes see it.
    folder: PathBuf,
}

impl Lab<'_> {
    fn attack(&self, flags: &[&str]) -> Result<Job, String> {
        let url = self.server.url();
        let words = [&["attack", &url, "-c", CONNECTIONS, "--threads", "1", "--quiet"], flags].concat();
        Job::submit(&self.cluster, self.loadgen, &self.folder, &words)
    }

    /// What the shards of a job have left.
    fn shards_of(&self, job: &Ended) -> PathBuf {
        self.folder.join(format!("shards/slurm-{}.0", job.id))
    }

    /// So many requests: the merged count, the server's and the one asked for are the same.
    fn counted(&mut self) -> Result<(), String> {
        let job = self.attack(&["-n", &REQUESTS.to_string()])?.wait(&self.cluster)?.with_code(0)?;
        let merged = merge(self.loadgen, [self.shards_of(&job)])?;
        seen(&format!("job {}: {}", job.id, merged.agrees(NODES.len(), REQUESTS, &mut self.server)?));
        seen(&format!("{}, on nodes {}", merged.timing(), merged.hosts().join(", ")));
        quote(&job);
        Ok(())
    }

    /// So many at so many a second: the same three counts, and about that rate.
    fn by_rate(&mut self) -> Result<(), String> {
        let [rate, requests] = [RATE_PER_SEC.to_string(), REQUESTS_BY_RATE.to_string()];
        let job = self.attack(&["-R", &rate, "-n", &requests])?.wait(&self.cluster)?.with_code(0)?;
        let merged = merge(self.loadgen, [self.shards_of(&job)])?;
        let counted = merged.agrees(NODES.len(), REQUESTS_BY_RATE, &mut self.server)?;
        let kept = merged.keeps(RATE_PER_SEC).map_err(|error| job.with_output(&error))?;
        seen(&format!("job {}: {kept}; {counted}", job.id));
        Ok(())
    }

    /// A server that shard 0 starts for each trial, and all of them fire at.
    fn with_a_target(&mut self) -> Result<(), String> {
        let target = "mine=loadgen serve phase4-keepalive --addr 0.0.0.0:{port}";
        let words =
            ["run", "--scenario", "plaintext", "--phase", "phase4-keepalive", "--quick", "--target", target];
        let job = Job::submit(&self.cluster, self.loadgen, &self.folder, &words)?;
        let job = job.wait(&self.cluster)?.with_code(0)?;
        let file = newest_run(&self.folder.join("results"))?;
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let run: Value =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        let row = mine(&run)
            .ok_or_else(|| format!("run.json has no row 'mine'; job {} printed:\n{}", job.id, job.output))?;
        equal("requests of the target that failed", row["requests"]["failed"].as_u64().unwrap_or(0), 0)?;
        if run["client_hosts"] != json!(NODES.map(|node| node.name)) {
            return Err(format!(
                "clients were on {} by run.json, and should be on all nodes",
                run["client_hosts"]
            ));
        }
        let rate = row["qps"]["median"].as_f64().unwrap_or(0.0);
        seen(&format!(
            "job {}: run --target, {rate:.0} requests a second of a server that shard 0 started",
            job.id
        ));
        Ok(())
    }

    /// A task is killed while it fires: the others go on, and the result is partial and says that this one is missing, and
    /// no other.
    fn with_a_task_killed(&mut self) -> Result<(), String> {
        let job = self.attack(&["-d", "5s"])?;
        let victim = self.victim()?;
        interrupt::check()?;
        thread::sleep(KILLED_AFTER);
        kill_process(victim, Signal::KILL)
            .map_err(|error| format!("task {VICTIM} can't be killed: {error}"))?;
        let job = job.wait(&self.cluster)?.with_code(1)?;
        let merged = merge(self.loadgen, [self.shards_of(&job)])?;
        let missing = merged.lacks_only(VICTIM).map_err(|error| job.with_output(&error))?;
        seen(&format!("job {}: task {VICTIM} was killed; partial, and {missing} is missing", job.id));
        quote(&job);
        Ok(())
    }

    /// The process of the task that is to be killed, once it is there.
    fn victim(&mut self) -> Result<Pid, String> {
        let deadline = Instant::now() + FOUND_WITHIN;
        loop {
            if let Some(victim) = find_victim() {
                return Ok(victim);
            }
            interrupt::check()?;
            if Instant::now() >= deadline {
                return Err(format!("no task {VICTIM} within {FOUND_WITHIN:?}\n{}", self.cluster.quoted()));
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// The task that is to be killed, if it runs. Processes outside of the room are not seen.
fn find_victim() -> Option<Pid> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes
        .map(|entry| entry.path())
        .find(|folder| is_victim(folder))
        .and_then(|folder| Pid::from_raw(folder.file_name()?.to_str()?.parse().ok()?))
}

/// Whether a process attacks and has the rank.
fn is_victim(folder: &Path) -> bool {
    // Words and variables end with a NUL each.
    let has = |name: &str, wanted: &str| {
        let bytes = fs::read(folder.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).split('\0').any(|word| word == wanted)
    };
    has("cmdline", "attack") && has("environ", &format!("SLURM_PROCID={VICTIM}"))
}

/// The results folder has one for the machine, and below it one for each run.
fn newest_run(results: &Path) -> Result<PathBuf, String> {
    let folders = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let runs =
        folders(results).into_iter().flat_map(|machine| folders(&machine)).map(|run| run.join("run.json"));
    let newest = runs.filter(|run| run.exists()).max();
    newest.ok_or_else(|| format!("no run.json below {}", results.display()))
}

fn mine(run: &Value) -> Option<&Value> {
    let scenarios = run["scenarios"].as_array()?;
    scenarios
        .iter()
        .filter_map(|scenario| scenario["rows"].as_array())
        .flatten()
        .find(|row| row["name"] == "mine")
}

/// What a job printed, as its user would read it.
fn quote(job: &Ended) {
    for line in job.output.lines() {
        println!("   | {line}");
    }
}
