//! The jobs that are more than a test, each by its name: `cargo xtask JOB`.
//!
//! A job builds what it needs, says what it does as it goes, is bounded in time, and exits with 0 only
//! if all was well.

mod book;
mod cargo;
mod clients;
mod cluster;
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
    Cluster(cluster::Args),
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
        Job::Cluster(args) => cluster::run(&args),
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

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::*;

    /// The narrowest terminal that examples are written for.
    const COLUMNS: usize = 60;

    /// But for `soak`, which hands all that it is given on.
    fn each_job(look: impl Fn(&Command, &str)) {
        let program = Job::command();
        for job in program.get_subcommands().filter(|job| job.get_name() != "soak") {
            look(job, &job.get_after_help().map(ToString::to_string).unwrap_or_default());
        }
    }

    /// The lines behind `Examples:`.
    fn examples(help: &str) -> Vec<&str> {
        let (_, lines) = help.split_once("Examples:\n").expect("a help has examples");
        lines.lines().take_while(|line| !line.is_empty()).collect()
    }

    #[test]
    fn every_job_has_examples_that_it_takes() {
        each_job(|job, help| {
            let name = job.get_name();
            let joined = examples(help).join("\n").replace("\\\n", "");
            let lines: Vec<_> =
                joined.lines().filter_map(|line| line.strip_prefix("  cargo xtask ")).collect();
            assert!(!lines.is_empty(), "{name} has no example");
            for line in lines {
                let words = shlex::split(line).expect("quotes are closed");
                let all = ["cargo xtask".to_owned()].into_iter().chain(words);
                if let Err(error) = Job::try_parse_from(all) {
                    panic!("an example of {name}, '{line}', is not taken: {error}");
                }
            }
        });
    }

    /// A command that clap has wrapped is two when it is pasted.
    #[test]
    fn a_narrow_terminal_tears_no_example() {
        each_job(|job, help| {
            let shown = job.clone().term_width(COLUMNS).render_long_help().to_string();
            assert_eq!(examples(&shown), examples(help), "{}", job.get_name());
        });
    }
}
