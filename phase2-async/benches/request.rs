//! A request through phase 2: connected, answered by a task, closed.

use benching::{Serve, phase};

const SERVERS: &[(&str, Serve)] = &[("phase2-async", phase!(phase2_async))];

fn main() {
    benching::run(|criterion| benching::closing(criterion, SERVERS));
}
