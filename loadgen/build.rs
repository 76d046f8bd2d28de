//! Tells the binary how it was compiled, so that a report can say so.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTFLAGS");
    for (name, from) in [("LOADGEN_PROFILE", "PROFILE"), ("LOADGEN_OPT_LEVEL", "OPT_LEVEL")] {
        println!("cargo::rustc-env={name}={}", env::var(from).unwrap_or_default());
    }
    // Those of RUSTFLAGS and of all configuration, as cargo has put them together.
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default().replace('\x1f', " ");
    println!("cargo::rustc-env=LOADGEN_RUSTFLAGS={flags}");
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    if let Ok(output) = Command::new(rustc).arg("--version").output()
        && output.status.success()
    {
        println!("cargo::rustc-env=LOADGEN_RUSTC={}", String::from_utf8_lossy(&output.stdout).trim());
    }
}
