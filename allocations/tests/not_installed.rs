//! In a binary whose allocator is the usual one.

#[test]
fn a_program_with_another_allocator_is_told_that_nothing_is_counted() {
    assert!(!allocations::start());
    assert_eq!(allocations::count(), 0);
}
