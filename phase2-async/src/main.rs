//! `phase2-async`: the server as a program of its own.

use std::process::ExitCode;

use clap::Parser;

/// Phase 2 of the lab: a tokio task per connection
///
/// A waiting request costs some memory instead of a thread, so a thousand can wait at the same
/// time on a thread per processor.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    bind: server::Bind,
    #[command(flatten)]
    options: phase2_async::Options,
}

const EXAMPLES: &str = "\
Try it:
  phase2-async &
  curl 'http://127.0.0.1:8080/wait?ms=3000' &
  time curl http://127.0.0.1:8080/
  ls /proc/$(pidof phase2-async)/task | wc -l
      its threads, whatever the load";

fn main() -> ExitCode {
    let cli = Cli::parse();
    server::run("phase2-async", &cli.bind, cli.options, phase2_async::serve)
}
