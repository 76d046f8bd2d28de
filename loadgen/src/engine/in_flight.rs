//! The requests of one connection that have not been answered, oldest first.

use std::collections::VecDeque;

/// Batches that can be in flight at once: a refill waits until half of the last one is answered,
/// so there are two, and a few more only while the last requests of a run are handed out.
const BATCHES_EXPECTED: usize = 4;

/// Requests that were started together.
#[derive(Clone, Copy, Debug)]
struct Batch {
    start: Start,
    requests: usize,
}

/// When a request began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    /// From when on its latency counts: when it was sent, or in an open loop when it was due.
    pub(super) started_ns: u64,
    /// When it was first sent.
    pub(super) sent_ns: u64,
    /// It was due on the schedule of an open loop's warm-up.
    pub(super) of_warmup: bool,
}

impl Start {
    /// A request that nobody made wait.
    pub(super) fn now(now_ns: u64) -> Self {
        Self { started_ns: now_ns, sent_ns: now_ns, of_warmup: false }
    }
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

    /// `requests` more, which began together.
    pub(super) fn push(&mut self, start: Start, requests: usize) {
        if requests > 0 {
            self.batches.push_back(Batch { start, requests });
            self.requests += requests;
        }
    }

    /// When the oldest one began.
    pub(super) fn oldest(&self) -> Option<Start> {
        self.batches.front().map(|batch| batch.start)
    }

    /// Takes the oldest one off and returns when it began.
    pub(super) fn pop(&mut self) -> Option<Start> {
        let batch = self.batches.front_mut()?;
        let start = batch.start;
        batch.requests -= 1;
        if batch.requests == 0 {
            self.batches.pop_front();
        }
        self.requests -= 1;
        Some(start)
    }

    /// Takes them all off and returns how many they were.
    pub(super) fn clear(&mut self) -> usize {
        self.batches.clear();
        std::mem::take(&mut self.requests)
    }
}
