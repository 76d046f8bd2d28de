//! `loadgen`: measures the five phases, serves one of them, or attacks any HTTP/1.1 server.

use std::process::ExitCode;

/// The system's, with a counter that is off unless `serve --count-allocations` turns it on.
#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

fn main() -> ExitCode {
    loadgen::cli::main()
}
