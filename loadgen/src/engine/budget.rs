//! How many requests a thread may still send and count.

/// Without end, until the clock says stop.
const UNLIMITED: u64 = u64::MAX;

/// A thread's share of the requests.
///
/// Whatever was taken and can't be answered on its connection is given back, so that what is in
/// flight and what may be sent always add up to what is still to be counted.
#[derive(Debug)]
pub(super) struct Budget {
    to_send: u64,
    to_count: u64,
}

impl Budget {
    pub(super) fn unlimited() -> Self {
        Self { to_send: UNLIMITED, to_count: UNLIMITED }
    }

    /// Exactly `requests`, of which `in_flight` have been sent already.
    pub(super) fn of(requests: u64, in_flight: u64) -> Self {
        Self { to_send: requests.saturating_sub(in_flight), to_count: requests }
    }

    /// Counts `requests`; a schedule says which of them are sent.
    pub(super) fn of_schedule(requests: u64) -> Self {
        Self { to_send: UNLIMITED, to_count: requests }
    }

    /// Takes leave to send up to `wanted` requests.
    pub(super) fn take(&mut self, wanted: usize) -> usize {
        if self.to_send == UNLIMITED {
            return wanted;
        }
        let taken = self.to_send.min(wanted as u64);
        self.to_send -= taken;
        usize::try_from(taken).unwrap_or(wanted)
    }

    /// Gives back leave for requests that will not be answered where they were sent.
    pub(super) fn give_back(&mut self, requests: usize) {
        if self.to_send != UNLIMITED {
            self.to_send += requests as u64;
        }
    }

    /// Whether one more completion counts; if so, it is taken off.
    pub(super) fn count_one(&mut self) -> bool {
        if self.to_count == 0 {
            return false;
        }
        if self.to_count != UNLIMITED {
            self.to_count -= 1;
        }
        true
    }

    /// Everything has been counted.
    pub(super) fn is_spent(&self) -> bool {
        self.to_count == 0
    }
}

/// The share of `whole` that falls to number `index` of `parts`, as even as it gets.
pub(super) fn share(whole: u64, index: usize, parts: usize) -> u64 {
    let (index, parts) = (index as u64, parts as u64);
    whole / parts + u64::from(index < whole % parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_differ_by_one_at_most() {
        for (whole, parts) in [(10, 3), (2, 4), (0, 2), (7, 7), (1_000_001, 16)] {
            let shares: Vec<u64> = (0..parts).map(|index| share(whole, index, parts)).collect();
            assert_eq!(shares.iter().sum::<u64>(), whole);
            assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
        }
    }

    #[test]
    fn requests_in_flight_are_part_of_the_count() {
        let mut budget = Budget::of(5, 3);
        assert_eq!(budget.take(8), 2);
        budget.give_back(1);
        assert_eq!(budget.take(8), 1);
        assert!((0..5).all(|_| budget.count_one()));
        assert!(!budget.count_one());
        assert!(budget.is_spent());
    }
}
