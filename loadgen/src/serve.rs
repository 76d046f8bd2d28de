//! `loadgen serve PHASE`: one phase as a server, in this very binary.

use std::process::ExitCode;

use crate::cli::Failure;
use crate::lab::{Leash, rows};

/// Which phase serves, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    phase: Phase,
}

#[derive(Debug, clap::Subcommand)]
enum Phase {
    /// One thread, one connection at a time
    #[command(name = "phase0-serial")]
    Serial(Serve<phase0_serial::Options>),
    /// A thread pool behind the accept loop
    #[command(name = "phase1-threads")]
    Threads(Serve<phase1_threads::Options>),
    /// A tokio task per connection
    #[command(name = "phase2-async")]
    Async(Serve<phase2_async::Options>),
    /// Its own event loop, with pools instead of allocations
    #[command(name = "phase3-pooled")]
    Pooled(Serve<phase3_pooled::Options>),
    /// Keep-alive, pipelining, and requests read in place
    #[command(name = "phase4-keepalive")]
    Keepalive(Serve<phase4_keepalive::Options>),
    #[command(external_subcommand)]
    Unknown(Vec<String>),
}

#[derive(Debug, clap::Args)]
struct Serve<O: clap::Args> {
    #[command(flatten)]
    bind: server::Bind,
    #[command(flatten)]
    leash: Leash,
    #[command(flatten)]
    options: O,
}

/// Serves until it is told to stop.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    match args.phase {
        Phase::Serial(serve) => serve.run("phase0-serial", |bind, options| {
            server::run("phase0-serial", bind, options, phase0_serial::serve)
        }),
        Phase::Threads(serve) => serve.run("phase1-threads", |bind, options| {
            server::run("phase1-threads", bind, options, phase1_threads::serve)
        }),
        Phase::Async(serve) => serve.run("phase2-async", |bind, options| {
            server::run("phase2-async", bind, options, phase2_async::serve)
        }),
        Phase::Pooled(serve) => serve.run("phase3-pooled", |bind, options| {
            server::run("phase3-pooled", bind, options, phase3_pooled::serve)
        }),
        Phase::Keepalive(serve) => serve.run("phase4-keepalive", |bind, options| {
            server::run("phase4-keepalive", bind, options, phase4_keepalive::serve)
        }),
        Phase::Unknown(words) => Err(Failure::BadArguments(format!(
            "there is no phase '{}'; the phases are {}",
            words.first().map_or("", String::as_str),
            rows::phase_names()
        ))),
    }
}

impl<O: clap::Args> Serve<O> {
    fn run(self, name: &str, serve: impl FnOnce(&server::Bind, O) -> ExitCode) -> Result<ExitCode, Failure> {
        // Before any thread starts, so that all of them run where the first one does.
        self.leash.apply().map_err(|error| {
            Failure::BadArguments(format!("{name} can't run on CPUs {:?}: {error}", self.leash.cpus))
        })?;
        Ok(serve(&self.bind, self.options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_are_computed_from_the_workers_that_phase_1_really_starts() {
        let workers = phase1_threads::Options::default().workers;
        assert_eq!(rows::phase("phase1-threads").unwrap().workers, Some(u32::from(workers)));
    }
}
