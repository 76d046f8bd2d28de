//! Connections beside the active ones: clients that hold a connection and do next to nothing with it.

use serde::{Deserialize, Serialize};

use super::written;

/// A group of connections that are opened before anything is counted and held for the whole run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cohort {
    /// What they do.
    pub kind: CohortKind,
    /// How many there are. At least 1.
    pub connections: usize,
    /// What they send: nothing where idle; the beginning of a head that is dripped; a head whose body is
    /// dripped; the request whose answer is read slowly.
    #[serde(with = "written::base64")]
    pub(super) request: Vec<u8>,
}

/// What a cohort does with its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CohortKind {
    /// Nothing at all.
    Idle,
    /// Sends a head that never ends, a byte a second.
    SlowHead,
    /// Sends a head and then the body that it announces, a byte a second.
    SlowBody,
    /// Sends a request and reads the answer a few bytes a second, through a small receive buffer. When the run ends
    /// the kernel resets these connections, because not all was read.
    SlowReader,
}

impl CohortKind {
    /// The name in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::SlowHead => "slow-head",
            Self::SlowBody => "slow-body",
            Self::SlowReader => "slow-reader",
        }
    }
}

/// The body that a slow body announces: the most that many servers take, and weeks of dripping.
const SLOW_BODY_BYTES: usize = 1 << 20;

impl Cohort {
    /// Connections that ask `host` for `path`, as far as they come. A slow body is sent by POST, so the server should take
    /// one there; what a slow reader asks for should be larger than the buffers between the two, some megabytes.
    pub fn new(kind: CohortKind, connections: usize, host: &str, path: &str) -> Self {
        let request = match kind {
            CohortKind::Idle => String::new(),
            // The field's value goes on for as long as the server waits for its end.
            CohortKind::SlowHead => format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Slow: "),
            CohortKind::SlowBody => {
                format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {SLOW_BODY_BYTES}\r\n\r\n")
            }
            CohortKind::SlowReader => format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        };
        Self { kind, connections, request: request.into_bytes() }
    }
}

/// What became of a cohort, over the whole run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortOutcome {
    /// What they did.
    pub kind: CohortKind,
    /// Connections that were asked for.
    pub asked: usize,
    /// Connections established at the same time, at most.
    pub established_max: usize,
    /// Connections established when the run ended.
    pub established_at_end: usize,
    /// Connections that were established, for the first time or again.
    pub opened: u64,
    /// Connections that the server closed or reset; each is opened again within a second.
    pub closed_by_server: u64,
    /// Answers of status 408: the server had waited long enough.
    pub timeouts_408: u64,
    /// Other answers to connections that had not finished their request.
    pub answers: u64,
    /// Connects that failed.
    pub failed_connects: u64,
    /// Why the last of them did, for people to read.
    pub why: Option<String>,
}

impl CohortOutcome {
    /// One of so many connections, of which none is open yet.
    pub(super) fn of(kind: CohortKind, asked: usize) -> Self {
        Self {
            kind,
            asked,
            established_max: 0,
            established_at_end: 0,
            opened: 0,
            closed_by_server: 0,
            timeouts_408: 0,
            answers: 0,
            failed_connects: 0,
            why: None,
        }
    }

    /// Adds what another process held at the same time.
    pub(super) fn merge(&mut self, other: &Self) {
        self.asked += other.asked;
        self.established_max += other.established_max;
        self.established_at_end += other.established_at_end;
        self.opened += other.opened;
        self.closed_by_server += other.closed_by_server;
        self.timeouts_408 += other.timeouts_408;
        self.answers += other.answers;
        self.failed_connects += other.failed_connects;
        if self.why.is_none() {
            self.why.clone_from(&other.why);
        }
    }
}
