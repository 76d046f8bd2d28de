//! `loadgen history`: how each server did, run after run.

use std::path::PathBuf;

use crate::cli::Failure;
use crate::gate::policy::Policy;
use crate::redraw::print;
use crate::report::history::Metric;
use crate::report::{self, history};
use crate::run::{results, workspace};

/// Which history, and how it is drawn.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen history
      every machine in results/
  loadgen history results/linux-x86_64-2cpu-amd-epyc \\
    --html trend.html
      one machine, and a page with pictures
  loadgen history --changes
      since which run, and between which commits, a level
      is another
  loadgen history --changes --json
      the same for scripts

Every `loadgen run` adds a line for each of its rows to history.jsonl in the machine's folder.")]
pub struct Args {
    /// A machine's folder or one that holds those of several, in place of results/ in the workspace
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Write a page with pictures besides
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Say where a level changed: of rates and CPU per request as far as that is no chance, of what is counted exactly
    #[arg(long)]
    changes: bool,
    /// The changes as JSON in place of words
    #[arg(long, requires = "changes")]
    json: bool,
}

/// Reads, draws, prints.
pub fn run(args: &Args) -> Result<(), Failure> {
    let folder = args.folder.clone().unwrap_or_else(|| results(workspace().as_deref()));
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
    let mut machines = history::machines(&histories);
    let changes = if args.changes { Some(changes(&mut machines)?) } else { None };
    if let Some(file) = &args.html {
        report::replace(file, &report::history_page(&machines, changes.as_ref())).map_err(|error| {
            Failure::Failed(format!("could not write {}: {error}; choose another file", file.display()))
        })?;
    }
    let trends = history::text(&machines, report::width());
    match changes {
        None => print(&trends),
        Some(changes) if args.json => {
            let text = serde_json::to_string_pretty(&changes)
                .map_err(|error| Failure::Failed(format!("the changes can't be told as JSON: {error}")))?;
            print(&(text + "\n"))
        }
        Some(changes) => print(&format!("{trends}\n{}", history::changes_text(&changes, report::width()))),
    }
}

/// Looks for changes, and marks them in the trends. What is counted may be off by as much as the gate allows.
fn changes(machines: &mut [history::Machine]) -> Result<history::Changes, Failure> {
    let policy = Policy::built_in().map_err(Failure::Failed)?;
    let tolerance = |row: &str, metric| {
        let limits = policy.limits_of(row.split_whitespace().next().unwrap_or(row));
        if metric == Metric::Allocations {
            limits.allocations_per_request
        } else {
            limits.syscalls_at_rest_per_request
        }
    };
    let changes = history::changes(machines, &tolerance);
    history::mark(machines, &changes);
    Ok(changes)
}
