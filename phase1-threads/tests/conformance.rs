//! The rules of HTTP/1.1, held from outside.

use std::sync::Arc;
use std::time::Duration;

use conformance::{Limits, Profile, assert_conforms};
use handler::{Misbehaving, Routes};
use phase1_threads::Options;
use server::Background;

/// Deadlines that no case meets, even on a machine that stands still for a while: the defaults of this
/// phase are short.
fn patient(mut options: Options) -> Options {
    let patience = Duration::from_secs(10);
    let common = &mut options.common;
    (common.idle_timeout, common.head_timeout, common.body_timeout) = (patience, patience, patience);
    options
}

fn check(options: Options) {
    check_as(options, |_| ());
}

/// Checks it as what `describe` makes of the profile.
fn check_as(options: Options, describe: impl FnOnce(&mut Profile)) {
    let options = patient(options);
    let server = Background::start(move |listener, stats, stop| {
        let handler = Misbehaving(Routes::new(Arc::clone(stats)));
        phase1_threads::serve(listener, handler, &options, stats, stop)
    })
    .expect("a port");
    let mut profile = Profile::closing("phase1-threads");
    profile.injecting_target = Some("/inject".to_owned());
    // Far more than it takes, even on a machine with a lot else to do.
    profile.answer_limit = Duration::from_secs(15);
    describe(&mut profile);
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

#[test]
fn the_limits_are_those_of_the_flags() {
    check_as(server::options_from(Limits::ODD.lab_flags()), |profile| {
        profile.limits = Limits::ODD;
        profile.deliveries = false;
    });
}
