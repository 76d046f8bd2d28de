//! `loadgen export`: a run or a gate in the formats of tools that people have.
//!
//! `bench` brings both to one shape, a server under a load with its trials; `go`, `github`, `bencher` and `table` write
//! it down. What was not measured is left out, never 0.

mod bench;
mod bencher;
mod github;
mod go;
mod table;

use std::path::PathBuf;

use crate::cli::Failure;
use crate::redraw::{draw, print};
use crate::report::{self, Drawing};
use crate::saved::{self, Saved};

use self::bench::{Bench, Source};

/// What to write, and as what.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen export gate --as go-bench --side base > base.txt
  loadgen export gate --as go-bench --side candidate \\
    > candidate.txt
      for `benchstat base.txt candidate.txt`
  loadgen export results/reference --as csv --out trials.csv
      a line for each trial
  loadgen export gate --as bencher > bmf.json
      for Bencher's adapter `json`
  loadgen export gate --as github-benchmark > costs.json
      for customSmallerIsBetter
  loadgen export gate --as github-benchmark-rates \\
    > rates.json
      for customBiggerIsBetter: one file can't be both

ns/op is 1e9 over the rate: the time between two answers of a server that is always asked, not how long one takes. \
What was not measured is left out, and so are trials that failed, but for csv. loadgen/GATE.md says more.

Exit codes: 0 good, 1 it could not be written, 2 bad arguments, also a file with nothing to export.")]
pub struct Args {
    /// A run.json or gate.json, or the folder that it is in
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The format
    #[arg(long = "as", value_name = "FORMAT", value_enum)]
    format: Format,
    /// Which side of a gate: the candidate where none is named, of csv all
    #[arg(long, value_enum)]
    side: Option<Side>,
    /// Write to this file, whole or not at all, in place of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Go benchmark text, a line for each trial, for benchstat
    GoBench,
    /// What is better smaller, for github-action-benchmark: CPU time, p99, counts
    GithubBenchmark,
    /// What is better bigger, for the same: requests per second
    GithubBenchmarkRates,
    /// Bencher Metric Format
    Bencher,
    /// A line for each trial
    Csv,
    /// gate.md or report.md
    Markdown,
}

/// Who in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Side {
    /// What it is held against
    Base,
    /// What is judged
    Candidate,
    /// The base once more
    Control,
}

/// Reads, writes.
pub fn run(args: &Args) -> Result<(), Failure> {
    let saved = saved::read(&args.file).map_err(Failure::BadArguments)?;
    let text = text(args, &saved)
        .map_err(|why| Failure::BadArguments(format!("{}: {why}", saved::file_of(&args.file).display())))?;
    let Some(file) = &args.out else { return print(&text) };
    report::replace(file, &text).map_err(|error| {
        Failure::Failed(format!("could not write {}: {error}; choose another file", file.display()))
    })
}

fn text(args: &Args, saved: &Saved) -> Result<String, String> {
    let is_run = matches!(saved, Saved::Run(_));
    if is_run && args.side.is_some() {
        return Err("a run has no sides; leave out --side".into());
    }
    let source = Source::of(saved);
    let wanted = args.side.or((!is_run && args.format != Format::Csv).then_some(Side::Candidate));
    let benches: Vec<&Bench<'_>> =
        source.benches.iter().filter(|bench| wanted.is_none() || bench.side == wanted).collect();
    if args.format != Format::Markdown && benches.iter().all(|bench| bench.is_empty()) {
        return Err("there are no trials and no counts in it, so there is nothing to export".into());
    }
    let text = match args.format {
        Format::GoBench => go::text(&source, &benches),
        Format::GithubBenchmark => github::text(&source, &benches, false),
        Format::GithubBenchmarkRates => github::text(&source, &benches, true),
        Format::Bencher => bencher::text(&benches),
        Format::Csv => table::text(&source, &benches),
        Format::Markdown => Ok(Some(draw(saved, Drawing::Md).1)),
    };
    text?.ok_or_else(|| "nothing was measured in it that this format takes".into())
}
