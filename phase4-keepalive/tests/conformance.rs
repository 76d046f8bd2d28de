//! The rules of HTTP/1.1, held from outside.

use std::sync::Arc;
use std::time::Duration;

use conformance::{Limits, PATIENT_LAB_FLAGS, Profile, assert_conforms};
use handler::{Misbehaving, Routes};
use phase4_keepalive::{Options, ParserKind};
use server::Background;

/// What these flags set, with deadlines that no case meets.
fn patient(flags: impl IntoIterator<Item = String>) -> Options {
    server::options_from(PATIENT_LAB_FLAGS.map(str::to_owned).into_iter().chain(flags))
}

fn check(options: Options) {
    check_as(options, |_| ());
}

/// Checks it as what `describe` makes of the profile.
fn check_as(options: Options, describe: impl FnOnce(&mut Profile)) {
    let server = Background::start(move |listener, stats, stop| {
        let handler = Misbehaving(Routes::new(Arc::clone(stats)));
        phase4_keepalive::serve(listener, handler, &options, stats, stop)
    })
    .expect("a port");
    let mut profile = Profile::persistent("phase4-keepalive");
    profile.injecting_target = Some("/inject".to_owned());
    // Far more than it takes, even on a machine with a lot else to do.
    profile.answer_limit = Duration::from_secs(15);
    describe(&mut profile);
    assert_conforms(server.addr(), &profile);
}

#[test]
fn every_case_passes() {
    check(patient([]));
}

#[test]
fn every_case_passes_with_the_textbook_parser() {
    check(Options { parser: ParserKind::Textbook, ..patient([]) });
}

#[test]
fn the_limits_are_those_of_the_flags() {
    check_as(patient(Limits::ODD.lab_flags()), |profile| {
        profile.limits = Limits::ODD;
        profile.deliveries = false;
    });
}
