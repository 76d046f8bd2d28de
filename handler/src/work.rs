//! Busy work of a known amount.

/// Steps that take about a microsecond together: a multiplication waits for the one before it, so
/// that neither a wide processor nor a clever compiler gets ahead of the chain.
const STEPS_PER_MICRO: u64 = 340;

/// Computes for about `micros` microseconds on a processor of about 3 GHz, and returns what came
/// out. The amount of work is fixed rather than the time: a handler reads no clock, and a server
/// that runs slower must show it.
pub(crate) fn busy(micros: u64) -> u64 {
    busy_nanos(micros * 1_000)
}

/// The same for so many nanoseconds.
pub(crate) fn busy_nanos(nanos: u64) -> u64 {
    (0..nanos * STEPS_PER_MICRO / 1_000).fold(0x9e37_79b9_7f4a_7c15, |state: u64, step| {
        (state ^ (state >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9).wrapping_add(step)
    })
}

#[cfg(test)]
mod tests {
    use super::{busy, busy_nanos};

    #[test]
    fn the_same_amount_of_work_gives_the_same_result() {
        assert_eq!(busy(3), busy(3));
        assert_ne!(busy(3), busy(4));
        assert_eq!(busy(3), busy_nanos(3_000));
    }
}
