//! One test in a binary of its own, because the count is that of the whole process. It counts what this
//! thread does while the harness's waits.

use std::hint::black_box;

use allocations::{Counting, count, start};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn every_allocation_counts_once_it_is_asked_for_and_none_before() {
    let early = black_box(vec![1_u8; 100]);
    assert_eq!(count(), 0);
    assert!(start(), "it is this program's allocator");

    let before = count();
    let mut bytes: Vec<u8> = black_box(Vec::with_capacity(10));
    assert_eq!(count() - before, 1, "an allocation");
    bytes.reserve_exact(black_box(1_000));
    assert_eq!(count() - before, 2, "growing is one, too");
    let zeroes = black_box(vec![0_u64; black_box(1_000)]);
    assert_eq!(count() - before, 3, "and so is what comes as zeroes");
    drop((early, bytes, zeroes));
    assert_eq!(count() - before, 3, "freeing is none");
}
