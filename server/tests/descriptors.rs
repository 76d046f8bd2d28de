//! The connection limit where descriptors are short. In a process of its own, because it lowers the limit
//! of the whole process.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::sync::Arc;

use handler::Stats;
use rustix::process::{Resource, Rlimit, setrlimit};
use server::{Connections, raise_limit};

#[test]
fn the_limit_leaves_descriptors_to_turn_away_with_however_many_the_workers_took() {
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), maximum: Some(64) }).expect("lowered");
    let connections = Connections::new(raise_limit(), &Arc::new(Stats::new()));
    // As eight workers take them, after the limit was set and before the first connection comes.
    let _workers: Vec<_> = (0..32).map(|_| open()).collect();
    let inside: Vec<_> =
        std::iter::from_fn(|| connections.admit()).take(64).map(|admission| (admission, open())).collect();
    assert!(inside.len() >= 8, "only {} were let in", inside.len());
    let _turned_away: Vec<_> = (0..4).map(|_| open()).collect();
}

fn open() -> File {
    File::open("/dev/null").expect("there is a descriptor for it")
}
