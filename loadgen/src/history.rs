//! `loadgen history`: how each server did, run after run.

use std::path::PathBuf;

use crate::cli::Failure;
use crate::redraw::print;
use crate::report::{self, history};
use crate::run::workspace;

/// Which history, and how it is drawn.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen history                            every machine in results/
  loadgen history results/linux-x86_64-2cpu-amd-epyc --html trend.html

Every `loadgen run` adds a line for each of its rows to history.jsonl in the machine's folder.")]
pub struct Args {
    /// A machine's folder or one that holds those of several, in place of results/ in the workspace
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Write a page with pictures besides
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Reads, draws, prints.
pub fn run(args: &Args) -> Result<(), Failure> {
    let folder = args.folder.clone().unwrap_or_else(|| workspace().unwrap_or_default().join("results"));
    if args.folder.is_none() && !folder.is_dir() {
        return Err(Failure::BadArguments(
            "there is no results/ here, and no workspace of the lab's around: `loadgen run` makes one, or name the \
             folder that its --out named"
                .into(),
        ));
    }
    let histories = history::read(&folder).map_err(Failure::BadArguments)?;
    for complaint in histories.iter().flat_map(|history| &history.complaints) {
        eprintln!("! {complaint}");
    }
    if histories.iter().all(history::History::is_empty) {
        return Err(Failure::Failed(format!(
            "there is no run in the history in {} yet; every `loadgen run` adds one",
            folder.display()
        )));
    }
    let machines = history::machines(&histories);
    if let Some(file) = &args.html {
        report::replace(file, &report::history_page(&machines)).map_err(|error| {
            Failure::Failed(format!("could not write {}: {error}; choose another file", file.display()))
        })?;
    }
    print(&history::text(&machines, report::width()))
}
