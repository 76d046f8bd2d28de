//! A request through phase 0: connected, answered, closed.

use benching::{Serve, phase};

const SERVERS: &[(&str, Serve)] = &[("phase0-serial", phase!(phase0_serial))];

fn main() {
    benching::run(|criterion| benching::closing(criterion, SERVERS));
}
