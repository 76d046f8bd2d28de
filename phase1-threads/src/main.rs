//! `phase1-threads`: the server as a program of its own.

use std::process::ExitCode;

use clap::Parser;

/// Phase 1 of the lab: a thread pool behind the accept loop
///
/// One thread accepts; ten workers serve, so that ten requests can wait at the same time. The
/// eleventh waits for a worker. With --spawn, each connection gets a thread of its own.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    bind: server::Bind,
    #[command(flatten)]
    options: phase1_threads::Options,
}

const EXAMPLES: &str = "\
Try it:
  phase1-threads &
  curl 'http://127.0.0.1:8080/wait?ms=3000' &
  time curl http://127.0.0.1:8080/
  phase1-threads --addr 127.0.0.1:8081 --workers 1
      as slow as phase 0
  phase1-threads --addr 127.0.0.1:8082 --spawn
      a thread per connection";

fn main() -> ExitCode {
    let cli = Cli::parse();
    server::run("phase1-threads", &cli.bind, cli.options, phase1_threads::serve)
}
