//! The jobs that are more than a test, each by its name: `cargo xtask JOB`.
//!
//! A job builds what it needs, says what it does as it goes, is bounded in time, and exits with 0 only
//! if all was well.

mod book;
mod cargo;
mod clients;
mod exercise;
mod fuzz;
mod group;
mod interrupt;
mod new_phase;
mod pages;
mod peers;
mod pictures;
mod prose;
mod scratch;
mod soak;
mod tree;

use std::process::ExitCode;

use clap::Parser;

/// The jobs that are more than a test.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
enum Job {
    Book(book::Args),
    Check(prose::Args),
    Clients(clients::Args),
    Exercise(exercise::Args),
    Fuzz(fuzz::Args),
    NewPhase(new_phase::Args),
    Pages(pages::Args),
    Peers(peers::Args),
    // Its help is told by what it runs.
    Soak(soak::Args),
}

fn main() -> ExitCode {
    let result = match Job::parse() {
        Job::Book(args) => book::run(&args),
        Job::Check(args) => prose::run(&args),
        Job::Clients(args) => clients::run(&args),
        Job::Exercise(args) => exercise::run(&args),
        Job::Fuzz(args) => fuzz::run(&args),
        Job::NewPhase(args) => new_phase::run(&args),
        Job::Pages(args) => pages::run(&args),
        Job::Peers(args) => peers::run(&args),
        Job::Soak(args) => soak::run(&args),
    };
    result.unwrap_or_else(|message| {
        eprintln!("error: {message}");
        ExitCode::FAILURE
    })
}
