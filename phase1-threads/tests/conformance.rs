//! The rules of HTTP/1.1, held from outside.

use std::sync::Arc;
use std::time::Duration;

use conformance::{Profile, assert_conforms};
use handler::{Misbehaving, Routes};
use phase1_threads::Options;
use server::Background;

fn check(options: Options) {
    let server = Background::start(move |listener, stats, stop| {
        let handler = Misbehaving(Routes::new(Arc::clone(stats)));
        phase1_threads::serve(listener, handler, &options, stats, stop)
    })
    .expect("a port");
    let mut profile = Profile::closing("phase1-threads");
    profile.injecting_target = Some("/inject".to_owned());
    // Far more than it takes, even on a machine with a lot else to do.
    profile.answer_limit = Duration::from_secs(15);
    assert_conforms(server.addr(), &profile);
}

#[test]
fn every_case_passes() {
    check(Options::default());
}

#[test]
fn every_case_passes_with_a_thread_per_connection() {
    check(Options { spawn: true, ..Options::default() });
}
