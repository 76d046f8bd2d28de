//! `loadgen merge`: from the files of several shards to one result.
//!
//! Files are read one after the other and added up (`gather`), so that it takes as long as they are long and
//! no more memory for many than for a few. What is missing is said, and what does not belong together is refused. The
//! result is told as that of an attack is (`text`, `json`).

mod gather;
mod json;
mod missing;
mod text;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::Failure;
use crate::report;
use crate::report::{hgrm, whole as file};
use crate::shard::tell;
use gather::{Gathered, Source};

/// Shards that can't be put together.
const EXIT_REFUSED: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  loadgen merge shards/slurm-17.0
      all shards of a Slurm step
  loadgen merge a/shard-0-of-2.json b/shard-1-of-2.json \\
    --latency
      files from two hosts, and more of the latency
  loadgen merge shards/slurm-17.0 --json
      for a script
  kubectl logs -l job-name=attack --tail=-1 \\
    | loadgen merge -
      the shards among the lines of some logs

Latencies are merged from histograms without loss: quantiles can't be averaged. The rate is that \
of all answers, from the first shard's first counted moment to the last one's last.

Exit codes: 0 whole, 1 partial (a shard is missing, broken or was interrupted; the result says \
what is missing), invalid (a client lost its schedule) or nothing answered, 2 refused: no shard, or some that \
don't belong together.";

/// Put the files of several shards together, without loss
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Folders of shards, their files, or - for standard input, of which the lines that are shards are taken
    #[arg(value_name = "DIR|FILE|-", required = true)]
    places: Vec<PathBuf>,
    /// Print one JSON object: that of an attack, and what is missing, and each shard
    #[arg(long)]
    json: bool,
    /// Print more of the latency's distribution, and the times to connect and to the first byte
    #[arg(long)]
    latency: bool,
    /// Write the merged latency's percentiles to FILE, as an .hgrm that plotters read (milliseconds)
    #[arg(long, value_name = "FILE")]
    hgrm: Option<PathBuf>,
}

/// Merges and prints.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    if let Some(path) = &args.hgrm {
        file::check(path).map_err(|error| {
            Failure::BadArguments(format!("--hgrm {}: can't write there: {error}", path.display()))
        })?;
    }
    let sources: Vec<Source> = args.places.iter().map(|place| Source::of(place)).collect();
    let gathered = match gather::gather(&sources) {
        Ok(gathered) => gathered,
        Err(why) => {
            // No flag is to blame, so that no help is offered with flags.
            tell(&format!("error: {why}"));
            return Ok(ExitCode::from(EXIT_REFUSED));
        }
    };
    if let Some(path) = &args.hgrm {
        let [only] = gathered.wholes.as_slice() else {
            let text =
                "--hgrm: these shards are of a lab's run with several trials; its results have them all";
            return Err(Failure::BadArguments(text.to_owned()));
        };
        file::write(path, hgrm::text(&only.outcome.latency_ns).as_bytes()).map_err(|error| {
            Failure::Failed(format!(
                "--hgrm {}: could not be written: {error}; is there room left?",
                path.display()
            ))
        })?;
    }
    match print(args, &gathered) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(Failure::Failed(format!("the result could not be printed: {error}")));
        }
        _ => {}
    }
    let complaint = gathered.complaint();
    if let Some(why) = &complaint {
        tell(&format!("error: {why}"));
    }
    Ok(if complaint.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(args: &Args, gathered: &Gathered) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", json::of(gathered))?;
    } else {
        text::write(&mut out, gathered, args.latency, report::width())?;
    }
    out.flush()
}
