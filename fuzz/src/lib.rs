//! What must hold for any bytes, one module for each target of cargo-fuzz.
//!
//! Each module has a `check` that takes the bytes and panics if something does not hold. libFuzzer
//! calls it for minutes with bytes that it makes up; `tests/seeds.rs` calls it on every toolchain with
//! the bytes that are known, so that no target rots between two sessions.
//!
//! | module | what is fed | what must hold |
//! |---|---|---|
//! | [`parsers`] | a connection's bytes, cut anywhere | the properties of `http1/tests/properties` |
//! | [`chunked`] | a chunked body, cut anywhere | bounded, the same in pieces, the same for another reader |
//! | [`encoding`] | calls of a handler | one response with what the handler wrote, or a 500 |
//! | [`server`] | a connection's bytes, in pieces | every phase answers what the parsers predict |
//!
//! [`seeds`] has the first inputs of each, made of the conformance cases; [`script`] is how bytes and
//! the places where they are cut share one input.

pub mod chunked;
pub mod encoding;
pub mod parsers;
pub mod script;
pub mod seeds;
pub mod server;

#[cfg(fuzzing)]
#[doc(hidden)]
pub use libfuzzer_sys;

/// What a target feeds, and where it starts.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As `fuzz_targets` and `cargo fuzz run` have it.
    pub name: &'static str,
    /// Panics if what must hold does not.
    pub check: fn(&[u8]),
    /// The first inputs, each with a name.
    pub seeds: fn() -> Vec<seeds::Seed>,
}

/// Every target.
pub const TARGETS: [Target; 4] = [
    Target { name: "parsers", check: parsers::check, seeds: seeds::parsers },
    Target { name: "chunked", check: chunked::check, seeds: seeds::chunked },
    Target { name: "encoding", check: encoding::check, seeds: seeds::encoding },
    Target { name: "server", check: server::check, seeds: seeds::server },
];

/// The body of a target: what libFuzzer calls, or, built without it, a program that checks the files
/// named as its arguments, so that an input that failed is seen failing on any toolchain.
#[macro_export]
macro_rules! target {
    ($check:path) => {
        #[cfg(fuzzing)]
        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| $check(data));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            for path in std::env::args_os().skip(1) {
                $check(&std::fs::read(path)?);
            }
            Ok(())
        }
    };
}
