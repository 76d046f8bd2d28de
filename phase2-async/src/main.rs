//! phase2-async
fn main() {}
