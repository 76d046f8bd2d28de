//! The climb: the one list of phases. The subcommands of `serve`, the lab's rows, the names in messages, and whom `faults`,
//! `cargo xtask clients` and the fuzz targets try, come from it.

/// Hands the list to the macro of that name: the phases, slowest first, each by its crate and its name, which is the
/// package's and the argument of `loadgen serve`. `help` is what `serve --help` says of it and `idea` what reports do;
/// `workers` is how many requests it can wait for at a time when it is started without options, `None` where only the
/// number of connections limits that; `keeps` is whether it answers more than one request on a connection, and `thread_each`
/// the option that gives each connection a thread of its own, where there is one.
///
/// `cargo xtask new-phase` adds to it.
#[macro_export]
macro_rules! phases {
    ($to:ident) => {
        $to! {
            phase0_serial = "phase0-serial" {
                help: "One thread, one connection at a time",
                idea: "one connection at a time",
                workers: Some(1),
                keeps: false,
                thread_each: None,
            }
            phase1_threads = "phase1-threads" {
                help: "A thread pool behind the accept loop",
                idea: "a pool of ten threads",
                workers: Some(10),
                keeps: false,
                thread_each: Some("--spawn"),
            }
            phase2_async = "phase2-async" {
                help: "A tokio task per connection",
                idea: "a tokio task per connection",
                workers: None,
                keeps: false,
                thread_each: None,
            }
            phase3_pooled = "phase3-pooled" {
                help: "Its own event loop, with pools instead of allocations",
                idea: "its own event loop, pooled buffers",
                workers: None,
                keeps: false,
                thread_each: None,
            }
            phase4_keepalive = "phase4-keepalive" {
                help: "Keep-alive, pipelining, and requests read in place",
                idea: "keep-alive, pipelining, zero-copy",
                workers: None,
                keeps: true,
                thread_each: None,
            }
        }
    };
}
