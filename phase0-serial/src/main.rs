//! phase0-serial
fn main() {}
