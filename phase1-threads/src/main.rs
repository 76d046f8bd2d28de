//! phase1-threads
fn main() {}
