//! A program without the test harness, whose own thread allocates when it likes: the count is that of the
//! whole process.

use std::hint::black_box;

use allocations::{Counting, count, start};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    every_allocation_counts_once_it_is_asked_for_and_none_before();
    println!("test every_allocation_counts_once_it_is_asked_for_and_none_before ... ok");
}

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
