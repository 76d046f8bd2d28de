//! `phase0-serial`: the server as a program of its own.

use std::process::ExitCode;

use clap::Parser;

/// Phase 0 of the lab: one thread, one connection at a time
///
/// Accept, read, parse, handle, write, close, and only then the next. While a request waits for
/// its 2 ms, everyone else waits too.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    bind: server::Bind,
    #[command(flatten)]
    options: phase0_serial::Options,
}

const EXAMPLES: &str = "\
Try it:
  phase0-serial &
  curl http://127.0.0.1:8080/
  curl 'http://127.0.0.1:8080/wait?ms=3000' &
  time curl http://127.0.0.1:8080/";

fn main() -> ExitCode {
    let cli = Cli::parse();
    server::run("phase0-serial", &cli.bind, cli.options, phase0_serial::serve)
}
