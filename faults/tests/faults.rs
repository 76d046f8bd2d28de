//! Each fault on each phase to which it applies, in its short form. `--nocapture` shows the figures;
//! `cargo xtask soak` is the same with all the numbers as they are stated.
#![cfg(target_os = "linux")]

use std::path::PathBuf;

use faults::{FAULTS, Phase, Setting, Size};

fn check(name: &str) {
    // Both ends of a connection are counted, the tests run side by side, and a thousand clients are a
    // thousand descriptors.
    server::raise_limit();
    let setting = Setting { program: PathBuf::from(env!("CARGO_BIN_EXE_faults")), size: Size::Short };
    let fault = FAULTS.iter().find(|fault| fault.name == name).expect("a fault of that name");
    println!("{name}: {}", fault.outcome);
    let mut failures = Vec::new();
    for phase in Phase::all().into_iter().filter(|phase| (fault.applies)(*phase)) {
        match (fault.check)(&setting, phase) {
            Ok(figures) => println!("  {phase:<23}  {figures}"),
            Err(failure) => failures.push(format!("{phase}: {failure}")),
        }
    }
    assert!(failures.is_empty(), "{name}\n{}", failures.join("\n"));
}

macro_rules! tests {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )+

        #[test]
        fn every_fault_has_a_test() {
            assert_eq!(FAULTS.map(|fault| fault.name), [$(stringify!($name)),+]);
        }
    };
}

tests! {
    half_close
    abort
    abort_while_delayed
    out_of_descriptors
    few_descriptors
    no_descriptor_at_all
    thousand_at_once
    above_the_limit
    slow_heads
    slow_bodies
    minimum_rate
    deaf_readers
    silent_clients
    panics
    stop_under_load
    suspended
    gone_before_accepted
    refused_while_uploading
    endless_upload
    thousand_pipelined
    stalled_reader
    many_idle
}
