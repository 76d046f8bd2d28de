//! What came back: counts and histograms of one attack, mergeable without loss.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::errors::Errors;

/// What one attack measured, the warm-up left out.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// From the end of the warm-up to the last event that was counted.
    pub elapsed: Duration,
    /// Requests answered as expected.
    pub ok: u64,
    /// Requests that failed, by kind. Their sum is what failed.
    pub errors: Errors,
    /// Responses by status, the unexpected ones too.
    pub statuses: BTreeMap<u16, u64>,
    /// Bytes received, heads and bodies.
    pub bytes_read: u64,
    /// Nanoseconds from the start of a request (its connect, where it needed one) to the last
    /// byte of its response, of answered requests only.
    pub latency_ns: Histogram<u64>,
    /// Nanoseconds from connect to connected.
    pub connect_ns: Histogram<u64>,
    /// Nanoseconds from the start of a request to the first byte of its response.
    pub first_byte_ns: Histogram<u64>,
    /// Connections that were established at the same time, at most, over all threads.
    pub connections_established: usize,
    /// What the client itself spent.
    pub client: ClientCost,
    /// The first few responses or failures that were not as expected, for people to read.
    pub samples: Vec<String>,
    /// The attack was stopped before it had counted all that the plan asked for.
    pub interrupted: bool,
}

/// CPU time of the client's own threads, over the counted part.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientCost {
    /// In user mode.
    pub user: Duration,
    /// In the kernel on its behalf.
    pub system: Duration,
    /// Threads that fired.
    pub threads: usize,
}
