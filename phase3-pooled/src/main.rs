//! phase3-pooled
fn main() {}
