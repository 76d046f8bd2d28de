//! `run.json`. Names are stable; times are integers in nanoseconds; `null` is "not measured here".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::held::Held;
use crate::lab::beside::Beside;
pub use crate::measure::Weather;
use crate::measure::{Build, Machine};

/// The schema that this version writes, and the only one that it reads.
pub const SCHEMA: &str = "phase-lab/run/1";

/// One run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// Whether trials are missing that were asked for.
    pub partial: bool,
    /// When the first trial began, RFC 3339 in UTC.
    pub started_at: String,
    /// The command that measures the same again.
    pub command: String,
    /// The commit of the workspace it was run in, if it was run in one.
    pub commit: Option<String>,
    /// Whether files differed from that commit.
    pub dirty: Option<bool>,
    /// What it ran on.
    pub machine: Machine,
    /// Who ran where.
    pub cpus: Cpus,
    /// How server and client were compiled; they are the same binary.
    pub build: Build,
    /// What this kernel can do without HTTP; `null` where it was not measured.
    pub floor: Option<Floor>,
    /// The hosts of the processes that fired, the one that ran the servers first; empty where that one fired alone.
    #[serde(default)]
    pub client_hosts: Vec<String>,
    /// The workloads, in the order in which they ran.
    pub scenarios: Vec<Scenario>,
}

/// CPUs of server and client; both empty where they shared what there was.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Cpus {
    /// The server's.
    pub server: Vec<usize>,
    /// The client's.
    pub client: Vec<usize>,
}

/// What this kernel can do without HTTP, between one thread that asks and one that answers, each on its CPUs.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Floor {
    /// A TCP connection opened, one byte there and one back, closed by both.
    pub connection_cycle: Option<Bare>,
    /// One byte there and one back on a connection that stays.
    pub exchange: Option<Bare>,
    /// How late a timer of a millisecond wakes a thread.
    pub timer_late_ns: Option<Latency>,
}

/// What something costs that is done over and over by two threads.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Bare {
    /// How often per second.
    pub per_sec: f64,
    /// CPU time of both sides together, in microseconds each time.
    pub cpu_us: f64,
}

/// One workload.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it shows, in a sentence.
    pub shows: String,
    /// The phase that should win it, and why, in a sentence.
    #[serde(default)]
    pub wins: Option<String>,
    /// How it was run.
    pub params: Params,
    /// Its servers, in the order of the table.
    pub rows: Vec<Row>,
}

/// How a scenario was run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Params {
    /// The request's method.
    pub method: String,
    /// The request's path and query.
    pub path: String,
    /// How long the answer waits by design.
    pub wait_ns: Option<u64>,
    /// Connections open at the same time.
    pub connections: usize,
    /// `close` (one request per connection) or `keepalive`.
    pub mode: String,
    /// Requests in flight per connection.
    pub pipeline: usize,
    /// Connections held beside those that are measured; `null` where there are none.
    #[serde(default)]
    pub beside: Option<Beside>,
    /// Load before anything was counted, at least.
    pub warmup_ns: u64,
    /// How long a trial counted.
    pub duration_ns: u64,
    /// Trials per row that were asked for.
    pub trials: usize,
}

impl Params {
    /// What a server faces. How long and how often is not part of it.
    pub(crate) fn load(&self) -> String {
        let beside = self.beside.map_or_else(String::new, |b| format!(", {} beside", b.connections()));
        format!(
            "{} {}, {} connections, {}, {} in flight on each{beside}",
            self.method, self.path, self.connections, self.mode, self.pipeline
        )
    }
}

/// One server in one scenario.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Row {
    /// The phase and the options it was started with.
    pub name: String,
    /// `phase`; `ablation`, a phase with mechanisms turned off; `floor`, a server of canned bytes; or
    /// `target`, a server of the user's.
    pub kind: String,
    /// The mechanisms that an ablation is without, in words, ` and ` between them.
    #[serde(default)]
    pub without: Option<String>,
    /// The idea that it shows.
    pub idea: String,
    /// What the original report set out to reach, in requests per second.
    pub target_qps: Option<f64>,
    /// What the original report says it reached.
    pub original_qps: Option<f64>,
    /// Requests answered as expected per second, over the trials that count.
    pub qps: Option<Spread>,
    /// Its median over that of phase 0 in the same scenario.
    pub speedup: Option<f64>,
    /// Its median over that of the canned server in the same scenario; where the client was the bottleneck of both,
    /// the canned server's CPU time per request over its own.
    #[serde(default)]
    pub share_of_floor: Option<f64>,
    /// From connect (where there was one) to the last byte, all trials that count merged.
    pub latency_ns: Option<Latency>,
    /// The same by quantile, evenly spaced by the number of nines, as far as there were requests for it.
    #[serde(default)]
    pub latency_curve: Vec<Point>,
    /// Requests of all trials, those that don't count too.
    pub requests: Requests,
    /// Failed requests by kind.
    pub errors: BTreeMap<String, u64>,
    /// What the server spent.
    pub server: Server,
    /// Why something of it is missing, and what would help.
    #[serde(default)]
    pub missing: Vec<String>,
    /// What the client spent.
    pub client: Client,
    /// What is known to bound it from above.
    pub ceiling: Option<Ceiling>,
    /// Every trial.
    pub trials: Vec<Trial>,
}

/// A median over trials and an interval for it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Spread {
    /// The middle trial; with an even number the mean of the two in the middle.
    pub median: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
    /// How often such an interval holds the true median; `null` for a single trial.
    pub confidence: Option<f64>,
}

/// A distribution of durations.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each is the percentile of its name")]
pub struct Latency {
    pub mean: u64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
}

/// A quantile of a distribution of durations.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Point {
    /// From 0 to 1.
    pub quantile: f64,
    /// The duration that this share of them does not exceed.
    pub ns: u64,
}

/// How many requests were answered as expected and how many were not.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "said above")]
pub struct Requests {
    pub ok: u64,
    pub failed: u64,
}

impl Requests {
    /// The share that was answered as expected; `None` where there were none.
    pub fn success(self) -> Option<f64> {
        let all = self.ok + self.failed;
        (all > 0).then(|| self.ok as f64 / all as f64)
    }
}

/// What a server spent per request.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Server {
    /// CPU time of all its threads and processes, exact; `null` where a process ended and left its time to nobody.
    pub cpu_us_per_request: Option<f64>,
    /// The part in user mode: the exact total, split by how often the server was met there.
    pub user_us_per_request: Option<f64>,
    /// The part in the kernel, split in the same way.
    pub sys_us_per_request: Option<f64>,
    /// How often it was looked where the server is; a share p of user mode is off by sqrt(p (1 - p) / this).
    #[serde(default)]
    pub split_samples: Option<u64>,
    /// Heap allocations, counted in a pass of its own.
    pub allocs_per_request: Option<f64>,
    /// System calls under the scenario's load, counted in a pass of its own where the kernel allows that.
    pub syscalls_per_request: Option<f64>,
    /// System calls of a server that is at rest between the steps of one request at a time, which are the same
    /// each time, while a busy one does more with each.
    #[serde(default)]
    pub syscalls_at_rest_per_request: Option<f64>,
    /// Instructions in user mode, counted by valgrind in a pass of its own if the run was asked to.
    #[serde(default)]
    pub instructions_per_request: Option<f64>,
    /// Context switches, wanted or not; of a server whose threads end, from the same pass as system calls.
    pub context_switches_per_request: Option<f64>,
    /// The most threads seen at a time.
    pub threads_max: Option<u64>,
    /// The most memory that was resident, of each process since it started, added up: what processes share counts
    /// for each of them. The phases are loadgen's own binary, so a few MiB of it are code.
    pub rss_peak_bytes: Option<u64>,
    /// Memory that is no file's, at the end of the counted part less that when half of it was over; of a row, the
    /// most in any of its trials.
    #[serde(default)]
    pub rss_growth_bytes: Option<i64>,
    /// Memory that a connection costs which is held beside the active ones.
    #[serde(default)]
    pub bytes_per_held_connection: Option<f64>,
}

impl Row {
    /// What the trials that count say of something.
    pub(super) fn in_trials(&self, of: fn(&Trial) -> Option<f64>) -> Vec<f64> {
        self.trials.iter().filter(|trial| trial.failed.is_none()).filter_map(of).collect()
    }
}

/// What the client spent, and whether it held the server up.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Client {
    /// CPU time of all its threads, exact; `null` without a request, and in files of before there was this.
    #[serde(default)]
    pub cpu_us_per_request: Option<f64>,
    /// The part in user mode, split by the kernel's samples; `null` where there were too few.
    pub user_us_per_request: Option<f64>,
    /// The part in the kernel, split by the kernel's samples; `null` where there were too few.
    pub sys_us_per_request: Option<f64>,
    /// How busy its threads were, from 0 to 1.
    pub busy: Option<f64>,
    /// For which share of the time they were ready to run while others had their CPUs; `null` where the kernel
    /// does not tell.
    #[serde(default)]
    pub starved: Option<f64>,
    /// Whether it had no time left, in any trial, so that the server might be faster than this.
    pub bound: bool,
    /// Connections established at the same time, at most; the least of the trials.
    pub connections_established: Option<usize>,
}

impl Client {
    /// CPU time per request, however it was written down.
    pub fn cpu_us_per_request(&self) -> Option<f64> {
        let split = self.user_us_per_request.zip(self.sys_us_per_request);
        self.cpu_us_per_request.or(split.map(|(user, system)| user + system))
    }
}

/// A rate that this row can't exceed, and what sets it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ceiling {
    /// Requests per second.
    pub qps: f64,
    /// What sets it: `pool`, `connections`, `client`, `kernel` or `cpu`.
    pub bound: String,
    /// The reckoning in words, and how close the row came.
    #[serde(default)]
    pub why: Option<String>,
}

/// One fresh server.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Trial {
    /// From 1.
    pub number: usize,
    /// Why it does not count.
    pub failed: Option<String>,
    /// Requests answered as expected per second.
    pub qps: Option<f64>,
    /// The counted part.
    pub elapsed_ns: Option<u64>,
    /// Its requests.
    pub requests: Requests,
    /// Its failed requests by kind.
    pub errors: BTreeMap<String, u64>,
    /// Responses by status.
    pub status: BTreeMap<String, u64>,
    /// Bytes received, heads and bodies.
    pub bytes_read: u64,
    /// Requests sent and not yet answered when counting ended; they are no errors.
    pub in_flight_at_end: u64,
    /// Connections established while counting, for the first time or again.
    pub connections_opened: u64,
    /// Responses after which the server was to close and did not, so that the client did.
    pub closed_by_client: u64,
    /// Whole responses after which the server reset the connection instead of closing it.
    pub reset_after_answer: u64,
    /// Requests sent again because the server had just closed the kept connection.
    pub retried: u64,
    /// Connections on which the server sent bytes that no request had asked for, as far as that was seen.
    #[serde(default)]
    pub unasked: u64,
    /// From connect (where there was one) to the last byte.
    pub latency_ns: Option<Latency>,
    /// From connect to connected.
    pub connect_ns: Option<Latency>,
    /// From the start of a request to the first byte of its response.
    pub first_byte_ns: Option<Latency>,
    /// Little's law: rate times mean latency is how many requests were under way.
    pub concurrency: Option<f64>,
    /// What the server spent.
    pub server: Server,
    /// What the client spent.
    pub client: Client,
    /// How the machine fared meanwhile.
    #[serde(default)]
    pub weather: Weather,
    /// What became of the connections held beside the active ones.
    #[serde(default)]
    pub held: Vec<Held>,
    /// The first answers that were not as expected.
    pub samples: Vec<String>,
}
