//! `loadgen`: measures the five phases, serves one of them, or attacks any HTTP/1.1 server.

use std::process::ExitCode;

fn main() -> ExitCode {
    loadgen::cli::main()
}
