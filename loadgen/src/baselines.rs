//! `loadgen baselines`: the runs that are kept under a name.

use std::fmt::Write;
use std::path::PathBuf;

use crate::cli::Failure;
use crate::redraw::print;
use crate::report::{Baselines, Document};
use crate::run::{results, workspace};

/// Which ones.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen run --scenario plaintext --save-baseline before
      measure one, and keep it
  loadgen baselines
      which there are
  loadgen gate --against before
      what this build counts, held against it

A baseline is the run.json of a run, in results/baselines/NAME.")]
pub struct Args {
    /// The folder of results, in place of results/ in the workspace
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Lists them.
pub fn run(args: &Args) -> Result<(), Failure> {
    let folder = args.folder.clone().unwrap_or_else(|| results(workspace().as_deref()));
    let all = Baselines::of(&folder).all();
    if all.is_empty() {
        return Err(Failure::Failed(format!(
            "there is no baseline in {}; `loadgen run --save-baseline NAME` saves one",
            folder.join("baselines").display()
        )));
    }
    print(&table(&all))
}

fn table(all: &[(String, Result<Document, String>)]) -> String {
    let mut rows = vec![["name", "measured", "commit", "machine", "scenarios"].map(str::to_owned)];
    let mut complaints = String::new();
    for (name, run) in all {
        match run {
            Ok(run) => {
                let commit = run.commit.as_deref().unwrap_or("not known");
                let dirty = if run.dirty == Some(true) { " with changes" } else { "" };
                let scenarios: Vec<&str> =
                    run.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
                rows.push([
                    name.clone(),
                    run.started_at.clone(),
                    format!("{commit}{dirty}"),
                    run.machine.slug(),
                    scenarios.join(", "),
                ]);
            }
            Err(why) => {
                let _ = writeln!(complaints, "! {name}: {why}");
            }
        }
    }
    let widest = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4].map(widest);
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect::<String>() + &complaints
}
