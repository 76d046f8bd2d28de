//! When the transfer of a body or an answer must have gone on.

use std::time::{Duration, Instant};

/// How a transfer goes.
///
/// It has failed once it stands still for its timeout, or once it has taken that long altogether and
/// was slower than the minimum rate. The first alone would let a client drip forever; the second
/// alone would count what the kernel's buffers swallow at once, which is megabytes, as time that the
/// client has earned.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    started: Instant,
    progressed: Instant,
    bytes: usize,
}

impl Transfer {
    /// One that starts now.
    pub fn new(now: Instant) -> Self {
        Self { started: now, progressed: now, bytes: 0 }
    }

    /// More bytes went through.
    pub fn advance(&mut self, bytes: usize, now: Instant) {
        self.bytes += bytes;
        self.progressed = now;
    }

    /// When it started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// How many bytes went through.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// When it has failed unless more bytes go through.
    pub fn deadline(&self, timeout: Duration, bytes_per_second_min: usize) -> Instant {
        let at_the_minimum_rate = Duration::from_secs_f64(self.bytes as f64 / bytes_per_second_min as f64);
        (self.started + timeout.max(at_the_minimum_rate)).min(self.progressed + timeout)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Transfer;

    const TIMEOUT: Duration = Duration::from_secs(30);

    #[test]
    fn a_drip_does_not_push_the_deadline_back() {
        let start = Instant::now();
        let mut transfer = Transfer::new(start);
        for second in 1..30 {
            transfer.advance(1, start + Duration::from_secs(second));
            assert_eq!(transfer.deadline(TIMEOUT, 1_000), start + TIMEOUT);
        }
    }

    #[test]
    fn the_minimum_rate_earns_time() {
        let start = Instant::now();
        let mut transfer = Transfer::new(start);
        transfer.advance(40_000, start + Duration::from_secs(29));
        assert_eq!(transfer.deadline(TIMEOUT, 1_000), start + Duration::from_secs(40));
    }

    #[test]
    fn what_was_swallowed_at_once_earns_none() {
        let start = Instant::now();
        let mut transfer = Transfer::new(start);
        transfer.advance(1_000_000, start);
        assert_eq!(transfer.deadline(TIMEOUT, 1_000), start + TIMEOUT);
    }
}
