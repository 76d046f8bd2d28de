//! What a scenario holds beside the connections that it measures.

use serde::{Deserialize, Serialize};

use crate::engine::{Cohort, CohortKind};

/// Where a slow body is sent to: every phase takes one there.
const BODY_PATH: &str = "/echo";
/// What a slow reader asks for: more than the kernel's buffers on both sides take.
const LARGE_PATH: &str = "/bytes?n=16777216";

/// How many connections do next to nothing, by what little they do.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Beside {
    /// Send nothing.
    pub idle: usize,
    /// Send a head at a byte a second.
    pub slow_head: usize,
    /// Send a body at a byte a second.
    pub slow_body: usize,
    /// Read a large answer at a few bytes a second.
    pub slow_reader: usize,
}

impl Beside {
    /// All of them.
    pub fn connections(&self) -> usize {
        [self.slow_head, self.slow_body, self.slow_reader].into_iter().fold(self.idle, usize::saturating_add)
    }

    /// The same as the engine wants it, for a server at `host`.
    pub(super) fn cohorts(&self, host: &str, path: &str) -> Vec<Cohort> {
        let all = [
            (CohortKind::Idle, self.idle, path),
            (CohortKind::SlowHead, self.slow_head, path),
            (CohortKind::SlowBody, self.slow_body, BODY_PATH),
            (CohortKind::SlowReader, self.slow_reader, LARGE_PATH),
        ];
        let wanted = all.into_iter().filter(|&(_, connections, _)| connections > 0);
        wanted.map(|(kind, connections, path)| Cohort::new(kind, connections, host, path)).collect()
    }
}
