//! The requests of one connection that have not been answered, oldest first.

use std::collections::VecDeque;

/// Batches that can be in flight at once: a refill waits until half of the last one is answered,
/// so there are two, and a few more only while the last requests of a run are handed out.
const BATCHES_EXPECTED: usize = 4;

/// Requests that were started together.
#[derive(Clone, Copy, Debug)]
struct Batch {
    started_ns: u64,
    requests: usize,
}

/// Unanswered requests with their starts.
#[derive(Debug)]
pub(super) struct InFlight {
    batches: VecDeque<Batch>,
    requests: usize,
}

impl InFlight {
    pub(super) fn new() -> Self {
        Self { batches: VecDeque::with_capacity(BATCHES_EXPECTED), requests: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.requests
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests == 0
    }

    /// `requests` more, started now.
    pub(super) fn push(&mut self, started_ns: u64, requests: usize) {
        if requests > 0 {
            self.batches.push_back(Batch { started_ns, requests });
            self.requests += requests;
        }
    }

    /// When the oldest one was started.
    pub(super) fn oldest_ns(&self) -> Option<u64> {
        self.batches.front().map(|batch| batch.started_ns)
    }

    /// Takes the oldest one off and returns its start.
    pub(super) fn pop(&mut self) -> Option<u64> {
        let batch = self.batches.front_mut()?;
        let started_ns = batch.started_ns;
        batch.requests -= 1;
        if batch.requests == 0 {
            self.batches.pop_front();
        }
        self.requests -= 1;
        Some(started_ns)
    }

    /// Takes them all off and returns how many they were.
    pub(super) fn clear(&mut self) -> usize {
        self.batches.clear();
        std::mem::take(&mut self.requests)
    }
}
