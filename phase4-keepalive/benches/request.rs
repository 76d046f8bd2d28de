//! A request through phase 4, on a connection that it keeps, and sixteen at once.
//!
//! What a head said is remembered in the pools, so fresh buffers are compared to the row that reads every head.

use benching::{Serve, phase};

const SERVERS: &[(&str, Serve)] = &[
    ("phase4-keepalive", phase!(phase4_keepalive)),
    ("phase4-keepalive --read-every-head", phase!(phase4_keepalive, read_every_head)),
    (
        "phase4-keepalive --read-every-head --fresh-buffers",
        phase!(phase4_keepalive, read_every_head, fresh_buffers),
    ),
];

fn main() {
    benching::run(|criterion| benching::keeping(criterion, SERVERS));
}
