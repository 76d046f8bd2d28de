//! `cargo xtask cluster`: shards for real. Under Slurm, across network namespaces, under the rank variables alone, and up
//! to 64 of them.
//!
//! Each part starts a phase 4 server, has shards fire at it, merges what they left, and holds the merged count against
//! the server's own, which has to be the same to the request. The first two parts need a network and a cluster, which are
//! made of namespaces (`room`): whatever is started, mounted or plugged in there ends with the job, however it ends.
//!
//! # Layout
//! - `needs` and `room`: what has to be installed, and where it all happens.
//! - `network`: hosts with addresses and names of their own on one machine.
//! - `slurm`: a cluster of four nodes, and jobs on it.
//! - `server`, `shards` and `merged`: the server, those who fire at it, and what came of it.
//! - `ranks`, `namespaces` and `scale`: the other parts.

mod merged;
mod namespaces;
mod needs;
mod network;
mod peak;
mod ranks;
mod room;
mod scale;
mod server;
mod shards;
mod slurm;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use crate::cargo;
use crate::interrupt;

const EXAMPLES: &str = "\
Examples:
  cargo xtask cluster
      all parts, in about a minute, as root
  cargo xtask cluster --slurm
      a Slurm cluster of four nodes on this machine
  cargo xtask cluster --ranks
      two shards under each scheduler's variables, in some
      seconds
  cargo xtask cluster --scale --requests 30000
      how merging scales, with larger histograms

The first two parts take root, and slurm-wlm, munge and iproute2 as Debian has them. Nothing is left behind.";

/// Shards for real: under Slurm, across network namespaces, under rank variables, and up to 64 of them
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Args {
    /// A Slurm cluster on this machine: attacks, an open loop, a `run --target`, and a task that is killed
    #[arg(long)]
    slurm: bool,
    /// Shards in network namespaces of their own, with a bridge between them and the server
    #[arg(long)]
    namespaces: bool,
    /// Two shards that know their rank from the variables of Slurm, Open MPI, PMI or Kubernetes
    #[arg(long)]
    ranks: bool,
    /// 1 to 64 shards, and what merging them takes
    #[arg(long)]
    scale: bool,
    /// With --scale: how many requests each shard sends
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    requests: u64,
    /// This process is in the room, and this is loadgen
    #[arg(long, hide = true, value_name = "LOADGEN")]
    inside: Option<PathBuf>,
    /// Run this, and say what it took
    #[arg(long, hide = true, num_args = 1.., allow_hyphen_values = true, value_name = "PROGRAM")]
    peak_of: Vec<OsString>,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Ranks,
    Namespaces,
    Slurm,
    Scale,
}

impl Part {
    const ALL: [Self; 4] = [Self::Ranks, Self::Namespaces, Self::Slurm, Self::Scale];

    fn flag(self) -> &'static str {
        match self {
            Self::Ranks => "--ranks",
            Self::Namespaces => "--namespaces",
            Self::Slurm => "--slurm",
            Self::Scale => "--scale",
        }
    }

    /// Whether it makes networks and mounts, for which it goes to a room of its own.
    fn takes_a_room(self) -> bool {
        matches!(self, Self::Namespaces | Self::Slurm)
    }
}

impl Args {
    /// Those that were named; all of them if none was.
    fn parts(&self) -> Vec<Part> {
        let named = |part: &Part| match part {
            Part::Ranks => self.ranks,
            Part::Namespaces => self.namespaces,
            Part::Slurm => self.slurm,
            Part::Scale => self.scale,
        };
        let chosen: Vec<_> = Part::ALL.into_iter().filter(named).collect();
        if chosen.is_empty() { Part::ALL.to_vec() } else { chosen }
    }
}

/// Runs what was asked for. It is good only if every count agreed.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    if let Some((program, arguments)) = args.peak_of.split_first() {
        return peak::tell(program, arguments);
    }
    let Some(loadgen) = &args.inside else {
        return interrupt::can_end(|| from_outside(args).map(|()| ExitCode::SUCCESS));
    };
    interrupt::install()?;
    let result = args.parts().into_iter().try_for_each(|part| play(part, loadgen, args));
    // Whoever is outside says so.
    if interrupt::requested() {
        return Ok(ExitCode::FAILURE);
    }
    result.map(|()| ExitCode::SUCCESS)
}

fn from_outside(args: &Args) -> Result<(), String> {
    let parts = args.parts();
    // Before anything is built.
    needs::check(&parts)?;
    let loadgen = cargo::loadgen(&["--locked"])?;
    let started = Instant::now();
    for part in parts {
        if part.takes_a_room() { room::enter(&loadgen, part)? } else { play(part, &loadgen, args)? }
    }
    println!("\nall counts agreed, in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn play(part: Part, loadgen: &Path, args: &Args) -> Result<(), String> {
    match part {
        Part::Ranks => ranks::run(loadgen),
        Part::Namespaces => namespaces::run(loadgen),
        Part::Slurm => slurm::run(loadgen),
        Part::Scale => scale::run(loadgen, args.requests),
    }
    .map_err(|error| format!("{}: {error}", part.flag()))
}

/// Says what a part is about.
fn heading(text: &str) {
    println!("\n== {text}");
}

/// Says what was seen.
fn seen(text: &str) {
    println!("   {text}");
}

/// An error unless two counts are the same.
fn equal(what: &str, is: u64, wanted: u64) -> Result<(), String> {
    if is == wanted { Ok(()) } else { Err(format!("{what}: {is}, and it should be {wanted}")) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Args, Part};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn parts(words: &[&str]) -> Vec<Part> {
        Line::parse_from([&["cluster"], words].concat()).args.parts()
    }

    #[test]
    fn all_parts_are_played_unless_some_are_named() {
        assert_eq!(parts(&[]), Part::ALL);
        assert_eq!(parts(&["--slurm", "--ranks"]), [Part::Ranks, Part::Slurm]);
        for part in Part::ALL {
            assert_eq!(parts(&[part.flag()]), [part]);
        }
    }
}
