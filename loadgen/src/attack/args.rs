//! The flags, and the plan that they make.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::AttackError;
use super::cohorts::CohortArgs;
use super::ending::EndingArgs;
use super::expect::ExpectArgs;
use super::files::Files;
use super::max_rate::STEP;
use super::open_loop;
use super::request::Parts;
use super::summary::Title;
use super::url::Url;
use crate::engine::{Amount, DURATION_MAX, Mode, PIPELINE_MAX, Plan, Target};
use crate::shard::ShardArgs;

/// Counted time where neither a time nor a number of requests is asked for.
const DURATION_DEFAULT: Duration = Duration::from_secs(10);
/// Warm-up of a timed run.
const WARMUP_DEFAULT: Duration = Duration::from_secs(1);

const EXAMPLES: &str = "\
Examples:
  loadgen attack http://127.0.0.1:8080/
      64 kept connections for 10 s
  loadgen attack http://127.0.0.1:8080/ -c 1000 -d 30s
      more of them, for longer
  loadgen attack http://127.0.0.1:8080/ --close
      what a connection per request costs
  loadgen attack http://127.0.0.1:8080/ --pipeline 16
      many requests in one segment
  loadgen attack http://127.0.0.1:8080/ -n 100000 --json
      exactly so many, for a script
  loadgen attack http://127.0.0.1:8080/ -d 60s --csv run.csv
      a line for each second, for a plot
  loadgen attack http://localhost/ \\
    --unix-socket /run/app.sock
  loadgen attack http://127.0.0.1:8080/echo \\
    -b @body.json -H 'Content-Type: application/json'
  loadgen attack http://127.0.0.1:8080/none \\
    --expect-status 404 --expect-body @none.html
  generate | loadgen attack http://127.0.0.1:8080/echo \\
    -m PUT -b @-
  loadgen attack http://127.0.0.1:8080/ -R 5000
      so many per second, ready or not
  loadgen attack http://127.0.0.1:8080/ --max-rate \\
    --slo p99=5ms
      how many it can take
  srun -N 8 --ntasks-per-node=1 --exclusive \\
    --cpu-bind=none \\
    loadgen attack http://server:8080/ -c 4096
      from eight hosts together

Who knows wrk finds -c, -t, -d, -H and --latency here, and Requests/sec: and Transfer/sec: at the end \
of the text; only requests that were answered with a status from 200 to 399 are in that rate.

Exit codes: 0 answered, 1 nothing answered (or --max-rate found no rate) or the server died, \
2 bad arguments, 130 interrupted.";

/// Fire at one URL and measure what comes back.
///
/// Every connection sends its next request when the last one is answered (a closed loop), so a slow
/// server is asked less often: compare servers by requests per second and by CPU, and take the
/// latency for what it is. With -R requests are sent on a schedule instead (an open loop).
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Args {
    /// Where to fire; HOST is a name, an IPv4 address, or an IPv6 address in brackets
    ///
    /// Of a name with several addresses the first is taken that takes a connection, which is one more than the
    /// result counts; it says so.
    #[arg(value_name = "http://HOST[:PORT][/PATH]")]
    url: String,
    /// Connect to this unix socket instead of the URL's host, as curl does
    ///
    /// The URL still gives the path and the Host field.
    #[arg(long, value_name = "PATH")]
    unix_socket: Option<PathBuf>,
    /// Connections kept open at the same time
    ///
    /// More of them load the server more, up to the point where they only wait longer.
    #[arg(short, long, value_name = "N", default_value_t = 64)]
    connections: usize,
    /// Threads that share the connections [default: half of the CPUs]
    ///
    /// One thread saturates most servers; the other CPUs are better left to the server.
    #[arg(short, long, value_name = "N")]
    threads: Option<usize>,
    /// How long to count, 24h at most: 10s, 500ms, 2m; a bare number is in seconds [default: 10s]
    #[arg(short, long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// Count exactly this many requests instead of a time
    #[arg(short = 'n', long, value_name = "N", conflicts_with = "duration")]
    requests: Option<u64>,
    /// Load that is fired first and not counted [default: 1s; 0s with -n, 500ms for each rate of --max-rate]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    warmup: Option<Duration>,
    /// Send so many requests before the first of their answers is awaited
    ///
    /// Saves system calls on both sides. Browsers don't do it, so don't compare it with what they see.
    #[arg(long, value_name = "K", default_value_t = 1, conflicts_with = "close")]
    pipeline: usize,
    /// Open a connection for each request, and have the server close it
    #[arg(long)]
    close: bool,
    #[command(flatten)]
    ending: EndingArgs,
    #[command(flatten)]
    cohorts: CohortArgs,
    #[command(flatten)]
    pub(super) open_loop: open_loop::OpenLoopArgs,
    /// Request method [default: GET; POST with a body]
    #[arg(short, long)]
    method: Option<String>,
    /// Another header line, such as 'Accept: text/html'; may be given several times
    #[arg(short = 'H', long = "header", value_name = "K: V")]
    headers: Vec<String>,
    /// Request body, @FILE to read it from a file, or @- from standard input
    ///
    /// With -H 'Transfer-Encoding: chunked' it is sent in chunks of 16 KiB.
    #[arg(short, long, value_name = "BODY|@FILE|@-")]
    body: Option<String>,
    #[command(flatten)]
    expect: ExpectArgs,
    /// A request that takes longer has failed
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    timeout: Duration,
    /// Print more of the latency's distribution, and the times to connect and to the first byte
    #[arg(long)]
    pub(super) latency: bool,
    /// Print one JSON object (schema phase-lab/attack/1, phase-lab/max-rate/1) instead of text
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) files: Files,
    /// Show no progress on standard error, only errors
    #[arg(short, long)]
    pub(super) quiet: bool,
    // The last, because its heading is for all that follow.
    #[command(flatten)]
    pub(super) shards: ShardArgs,
}

impl Args {
    /// The URL as it was given.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The head of the result.
    pub(super) fn title(&self) -> Title<'_> {
        Title { method: self.method(), url: self.url(), latency: self.latency }
    }

    /// The request's method.
    pub(super) fn method(&self) -> &str {
        self.parts().method()
    }

    /// How long to count, if that was given.
    pub(super) fn duration(&self) -> Option<Duration> {
        self.duration
    }

    /// How long to fire without counting, if that was given.
    pub(super) fn warmup(&self) -> Option<Duration> {
        self.warmup
    }

    /// What the flags ask for; fails on those that make no sense. With it how many connections the server has
    /// seen by now.
    pub(super) fn plan(&self) -> Result<(Plan, u64), AttackError> {
        let url = Url::parse(&self.url)?;
        let request = self.parts().build(&url)?;
        self.check_numbers()?;
        let (amount, warmup_default) = match self.requests {
            Some(requests) => (Amount::Requests(requests), Duration::ZERO),
            None => (Amount::Time(self.duration.unwrap_or(DURATION_DEFAULT)), WARMUP_DEFAULT),
        };
        let mode = if self.close { Mode::Close } else { Mode::KeepAlive { pipeline: self.pipeline } };
        let (target, probes) = self.target(&url)?;
        let plan = Plan {
            target,
            request,
            head: self.method() == "HEAD",
            mode,
            requests_per_connection: self.ending.requests_per_connection,
            reset: self.ending.reset,
            pace: self.open_loop.pace(),
            connections: self.connections,
            threads: self.threads.unwrap_or_else(|| threads_default().min(self.connections)),
            warmup: self.warmup.unwrap_or(warmup_default),
            amount,
            timeout: self.timeout,
            expect: self.expect.expect(self.method())?,
            cohorts: self.cohorts.cohorts(&url.authority, &url.path),
            cpus: Vec::new(),
        };
        Ok((plan, probes))
    }

    /// Where to connect to, and how many connections it took to find out.
    fn target(&self, url: &Url) -> Result<(Target, u64), AttackError> {
        let Some(path) = &self.unix_socket else {
            let (address, probes) = url.resolve()?;
            return Ok((address.into(), probes));
        };
        let target = Target::Unix(path.clone());
        match target.flaw() {
            Some(flaw) => Err(AttackError::Argument(format!("--unix-socket {target}: {flaw}"))),
            None => Ok((target, 0)),
        }
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            method: self.method.as_deref(),
            headers: &self.headers,
            body: self.body.as_deref(),
            close: self.close,
        }
    }

    /// Says which flag is wrong, where the engine could only say which part of its plan.
    fn check_numbers(&self) -> Result<(), AttackError> {
        let refuse = |text: &str| Err(AttackError::Argument(text.to_owned()));
        if self.connections == 0 {
            return refuse("-c 0: at least one connection is needed");
        }
        if self.threads == Some(0) {
            return refuse("-t 0: at least one thread is needed");
        }
        if self.requests == Some(0) {
            return refuse("-n 0: at least one request is needed");
        }
        if self.pipeline == 0 {
            return refuse("--pipeline 0: 1 is no pipelining");
        }
        if self.pipeline > PIPELINE_MAX {
            let text = format!("--pipeline {}: {PIPELINE_MAX} requests are the most", self.pipeline);
            return refuse(&text);
        }
        if self.duration.is_some_and(|time| time.is_zero()) {
            return refuse("-d 0: nothing would be counted");
        }
        for (flag, time) in [("-d", self.duration), ("--warmup", self.warmup)] {
            if let Some(time) = time.filter(|&time| time > DURATION_MAX) {
                let time = humantime::format_duration(time);
                return refuse(&format!("{flag} {time}: 24 hours (24h) are the longest"));
            }
        }
        if self.timeout.is_zero() {
            return refuse("--timeout 0: no request could succeed");
        }
        self.ending.check(self.close)?;
        self.open_loop.check(self.pipeline, self.requests.is_some())?;
        self.open_loop.check_step(self.duration.unwrap_or(STEP))?;
        match self.threads {
            Some(threads) if threads > self.connections => Err(AttackError::Argument(format!(
                "-t {threads}: there are only {} connections to share; use fewer threads or more connections (-c)",
                self.connections
            ))),
            _ => Ok(()),
        }
    }
}

fn threads_default() -> usize {
    thread::available_parallelism().map_or(1, |cpus| (cpus.get() / 2).max(1))
}

/// A duration with a unit, or a number of seconds.
fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string());
    }
    humantime::parse_duration(text).map_err(|error| format!("{error}; examples: 10s, 500ms, 2m"))
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
