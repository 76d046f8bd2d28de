//! phase4-keepalive
fn main() {}
