//! When the request that is being read must have gone on.

use std::time::Instant;

use http1::Stage;

use crate::{Options, Transfer};

/// The deadline of the part of a request that is to come next.
///
/// It is absolute for each part: it starts when the part does, and a client that sends a byte now
/// and then does not push it back. Only a body that comes at the minimum rate may take longer.
#[derive(Clone, Copy, Debug)]
pub struct ReadDeadline {
    stage: Stage,
    transfer: Transfer,
}

impl ReadDeadline {
    /// For a connection that is silent from `now` on.
    pub fn new(now: Instant) -> Self {
        Self { stage: Stage::Idle, transfer: Transfer::new(now) }
    }

    /// Follows the parser, after it was given `bytes` that came at `now`.
    pub fn advance(&mut self, stage: Stage, bytes: usize, now: Instant) {
        if stage != self.stage {
            *self = Self { stage, transfer: Transfer::new(now) };
        } else if stage == Stage::Body && bytes > 0 {
            self.transfer.advance(bytes, now);
        }
    }

    /// When the part must be whole.
    pub fn at(&self, options: &Options) -> Instant {
        match self.stage {
            Stage::Idle => self.transfer.started() + options.idle_timeout,
            Stage::Head => self.transfer.started() + options.head_timeout,
            Stage::Body => self.transfer.deadline(options.body_timeout, options.min_rate),
        }
    }

    /// Whether the client is silent: no byte of a request has come.
    pub fn is_idle(&self) -> bool {
        self.stage == Stage::Idle
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use http1::Stage;

    use super::ReadDeadline;
    use crate::{Options, default_options};

    #[test]
    fn a_byte_now_and_then_does_not_push_the_head_deadline_back() {
        let options: Options = default_options();
        let start = Instant::now();
        let after = |secs| start + Duration::from_secs(secs);
        let mut deadline = ReadDeadline::new(start);
        assert_eq!(deadline.at(&options), after(15));
        for second in 3..9 {
            deadline.advance(Stage::Head, 1, after(second));
            assert_eq!(deadline.at(&options), after(3 + 10));
        }
    }

    #[test]
    fn a_body_that_stands_still_meets_its_deadline() {
        let options: Options = default_options();
        let start = Instant::now();
        let mut deadline = ReadDeadline::new(start);
        deadline.advance(Stage::Body, 300, start);
        // Being looked at is no progress.
        deadline.advance(Stage::Body, 0, start + Duration::from_secs(20));
        assert_eq!(deadline.at(&options), start + Duration::from_secs(30));
    }
}
