//! What to fire: everything the engine needs to know before the first connection is opened.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cohort::Cohort;
use super::schedule::Rate;
use super::target::Target;
use super::written;

/// One attack on one server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Where the server listens.
    pub target: Target,
    /// One whole request as it goes over the wire, head and body.
    #[serde(with = "written::base64")]
    pub request: Vec<u8>,
    /// Whether that request is a HEAD, whose response has a length but no body.
    pub head: bool,
    /// What becomes of a connection after a response.
    pub mode: Mode,
    /// After so many answers the client closes a kept connection, in order, and opens another. `None`
    /// leaves that to the server.
    pub requests_per_connection: Option<u64>,
    /// Close with a reset instead of in order, where the client closes after an answer. Never asked
    /// for by itself: it leaves no port behind in `TIME_WAIT`, but no client does that to a server it likes.
    pub reset: bool,
    /// When requests are sent.
    pub pace: Pace,
    /// Connections kept open at the same time, over all threads. At least 1.
    pub connections: usize,
    /// Threads that share those connections. At least 1, at most `connections`.
    pub threads: usize,
    /// Load that is fired before anything is counted.
    #[serde(with = "written::nanos", rename = "warmup_ns")]
    pub warmup: Duration,
    /// How much is counted.
    pub amount: Amount,
    /// From the start of a request (its connect, where it needs one) to the last byte of its response; longer
    /// counts as an error. What a server takes to close after that is no part of it.
    #[serde(with = "written::nanos", rename = "timeout_ns")]
    pub timeout: Duration,
    /// What a response has to look like to count as answered.
    pub expect: Expect,
    /// Connections that are held beside the active ones, from before the first request to the end.
    pub cohorts: Vec<Cohort>,
    /// CPUs that the client's threads are pinned to, in turn. Empty: wherever the kernel puts them.
    pub cpus: Vec<usize>,
}

impl Plan {
    /// Connections that are open at the same time, those of the cohorts among them.
    pub fn connections_in_all(&self) -> usize {
        self.cohorts.iter().fold(self.connections, |all, cohort| all.saturating_add(cohort.connections))
    }

    /// One request over one connection to where nobody is.
    #[cfg(test)]
    pub(crate) fn of_a_test() -> Self {
        Self {
            target: std::net::SocketAddr::from(([127, 0, 0, 1], 9)).into(),
            request: b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            head: false,
            mode: Mode::KeepAlive { pipeline: 1 },
            requests_per_connection: None,
            reset: false,
            pace: Pace::Closed,
            connections: 1,
            threads: 1,
            warmup: Duration::ZERO,
            amount: Amount::Requests(1),
            timeout: Duration::from_secs(1),
            expect: Expect::default(),
            cohorts: Vec::new(),
            cpus: Vec::new(),
        }
    }
}

/// What becomes of a connection after a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One request per connection. The server closes first and the client reads to EOF.
    Close,
    /// Requests follow each other on a connection for as long as the server keeps it. Where it
    /// says `Connection: close` the client reads to EOF and connects again, so that a server
    /// without keep-alive is measured by the same plan.
    KeepAlive {
        /// Requests sent before the first of their answers is awaited; 1 is no pipelining.
        pipeline: usize,
    },
}

/// When requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Each connection sends its next request when the last one is answered (a closed loop), so a slow
    /// server is asked less often.
    Closed,
    /// Requests are due on a schedule (an open loop), whatever becomes of those before them. One that
    /// finds no free connection waits for one, and its latency begins when it was due.
    Open(Rate),
}

/// How much is counted, once the warm-up is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// All that completes within this time.
    #[serde(with = "written::nanos", rename = "time_ns")]
    Time(Duration),
    /// Exactly this many requests, answered or failed.
    Requests(u64),
}

/// What a response has to look like to count as answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The status; `None` takes any from 200 to 399.
    pub status: Option<u16>,
    /// The whole body; `None` takes any body whose framing is right.
    #[serde(with = "written::some_base64")]
    pub body: Option<Vec<u8>>,
}
