//! `phase4-keepalive`: the server as a program of its own.

use std::process::ExitCode;

use clap::Parser;

/// Phase 4 of the lab: keep-alive, pipelining and a zero-copy parser
///
/// A connection carries as many requests as its client likes; those that come together are answered
/// in one write; and a request is read where it lies in the buffer. Each of these can be turned off.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    bind: server::Bind,
    #[command(flatten)]
    options: phase4_keepalive::Options,
}

const EXAMPLES: &str = "\
Try it:
  phase4-keepalive &
  curl -v http://127.0.0.1:8080/ http://127.0.0.1:8080/json
  phase4-keepalive --addr 127.0.0.1:8081 --close
  phase4-keepalive --addr 127.0.0.1:8082 --read-every-head
  phase4-keepalive --addr 127.0.0.1:8083 --parser textbook
      the last three, each with one idea turned off";

fn main() -> ExitCode {
    let cli = Cli::parse();
    server::run("phase4-keepalive", &cli.bind, cli.options, phase4_keepalive::serve)
}
