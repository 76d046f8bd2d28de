//! `cargo xtask soak`, and the servers that it attacks.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    faults::cli::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("error: faults are tried on Linux only, where /proc says what a process holds");
    ExitCode::FAILURE
}
