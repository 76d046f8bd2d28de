//! `phase3-pooled`: the server as a program of its own.

use std::process::ExitCode;

use clap::Parser;

/// Phase 3 of the lab: an event loop of its own, and nothing allocated per request
///
/// Each worker is a thread with its own poll. Connections stand in a slab, and what a request needs
/// (buffers, request, response) comes out of a pool and goes back to it.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    bind: server::Bind,
    #[command(flatten)]
    options: phase3_pooled::Options,
}

const EXAMPLES: &str = "\
Try it:
  phase3-pooled &
  curl http://127.0.0.1:8080/stats
  phase3-pooled --addr 127.0.0.1:8081 --fresh-buffers
      what the pools buy";

fn main() -> ExitCode {
    let cli = Cli::parse();
    server::run("phase3-pooled", &cli.bind, cli.options, phase3_pooled::serve)
}
