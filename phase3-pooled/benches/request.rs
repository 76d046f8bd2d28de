//! A request through phase 3: connected, answered, closed; and without its pools, which shows what those are worth.

use benching::{Serve, phase};

const SERVERS: &[(&str, Serve)] = &[
    ("phase3-pooled", phase!(phase3_pooled)),
    ("phase3-pooled --fresh-buffers", phase!(phase3_pooled, fresh_buffers)),
];

fn main() {
    benching::run(|criterion| benching::closing(criterion, SERVERS));
}
