//! A request through phase 1: connected, answered by a pool or by a thread of its own, closed.

use benching::{Serve, phase};

const SERVERS: &[(&str, Serve)] =
    &[("phase1-threads", phase!(phase1_threads)), ("phase1-threads --spawn", phase!(phase1_threads, spawn))];

fn main() {
    benching::run(|criterion| benching::closing(criterion, SERVERS));
}
