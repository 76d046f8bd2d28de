//! `loadgen run`: from flags to an agenda, from what was measured to files and a table.

mod args;
pub(crate) mod launch;
mod sharded;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::Failure;
use crate::engine;
use crate::lab::cpus;
use crate::lab::scenario::Scenario;
use crate::lab::{self, interrupt, limits};
use crate::measure::{self, Build, Machine, Source};
use crate::report::{self, Bars, Baselines, Conditions, Document, Folder, Written};
use crate::shard::run::{Lead, Naming};
use crate::shard::{Gathering, Output, tell};

pub use args::Args;
pub(crate) use args::EXAMPLES;

/// How a run starts its servers, fires at them, and looks on.
struct How<'a> {
    launch: lab::Launch<'a>,
    fire: lab::Fire<'a>,
    /// The hosts of the processes that fire, where there are several of them.
    hosts: Vec<String>,
    lead: Option<&'a Lead<'a>>,
}

/// Measures, writes, prints. One of several processes meets the others before.
pub fn run(args: &Args) -> Result<(), Failure> {
    match args.shards.seat().map_err(Failure::BadArguments)? {
        Some(seat) if seat.part().count > 1 => sharded::run(args, &seat),
        seat => {
            // One process alone is the lab as ever.
            if seat
                .is_some_and(|seat| seat.output != Output::Folder(None) || seat.gathering != Gathering::Alone)
            {
                tell("one process alone begins at once and leaves no shard: its results have all of it");
            }
            measure(args, &How { launch: &launch::launch, fire: &fire, hosts: Vec::new(), lead: None })
        }
    }
}

fn measure(args: &Args, how: &How<'_>) -> Result<(), Failure> {
    let agenda = args.agenda()?;
    let connections = agenda.scenarios.iter().map(Scenario::connections_in_all).max().unwrap_or(0);
    limits::make_room(connections).map_err(Failure::BadArguments)?;
    let machine = Machine::here();
    let workspace = workspace();
    let root = args.out.clone().unwrap_or_else(|| results(workspace.as_deref()));
    let folder = Folder::prepare(&root, &machine.slug()).map_err(Failure::BadArguments)?;
    let build = Build::here();
    let command = args.command_line(&build, workspace.is_some());
    let (source, unknown) = workspace.as_deref().map(Source::of_this_program).unwrap_or_default();
    if let Some(why) = unknown {
        eprintln!("! {why}");
    }
    let mut conditions = Conditions {
        machine,
        build,
        source,
        command,
        trials_planned: agenda.trials(),
        floor: None,
        hosts: how.hosts.clone(),
    };
    if how.lead.is_none() {
        install_ctrl_c()?;
    }
    // What this process does beside firing is not to disturb the server.
    let _ = cpus::pin(&agenda.split.client);
    let bars = Bars::new(agenda.trials());
    bars.line(&format!("{}, about {}", trials(agenda.trials()), about(agenda.estimate())));
    conditions.floor = lab::floor::measure(&agenda.split)
        .inspect_err(|error| {
            if !interrupt::requested() {
                bars.line(&format!("the floor could not be measured: {error}"));
            }
        })
        .ok();
    // A server that goes into the background is ended with the others.
    measure::adopt_orphans();
    let mut measured = match how.lead {
        Some(lead) => lab::run(&agenda, how.launch, how.fire, &Naming { lead, watch: &bars }),
        None => lab::run(&agenda, how.launch, how.fire, &bars),
    };
    if !measured.interrupted {
        bars.line("counting allocations and system calls, apart from the trials");
    }
    // What is counted one thing at a time needs no more than this process.
    lab::inspect(&agenda, &mut measured, &launch::launch, &fire);
    measured.interrupted = interrupt::requested();
    bars.finish();
    if measured.scenarios.is_empty() {
        folder.leave();
        return Err(Failure::Interrupted);
    }
    let document = report::document(&measured, &conditions);
    let written = folder.write(&document, &measured);
    // Before anything is printed, which may take as long as whoever reads likes.
    let remembered = written.as_ref().map_or(Ok(()), |written| written.remember(&document));
    let printed = print(&document, written.as_ref().ok());
    let saved = written.as_ref().map_or(Ok(()), |written| {
        args.save_baseline.as_ref().map_or(Ok(()), |name| save(name, &root, written, &document, &measured))
    });
    let complaint = written.map_err(Failure::Failed)?.complaint;
    match printed {
        // Whoever reads may have read enough, as with `| head`; the exit code tells the rest.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("the table could not be printed: {error}; the files are written")))
        }
        _ => complaint
            .map_or(remembered, Err)
            .map_err(Failure::Failed)
            .and_then(|()| verdict(&measured))
            .and(saved.map_err(Failure::Failed)),
    }
}

fn install_ctrl_c() -> Result<(), Failure> {
    interrupt::install().map_err(|error| Failure::Failed(format!("can't listen for Ctrl-C: {error}")))
}

fn print(document: &Document, written: Option<&Written>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let width = report::width();
    writeln!(out, "\n{}", report::table(document, width))?;
    for warning in report::warnings(document) {
        for (index, line) in report::wrap(&warning, width.min(100) - 2).into_iter().enumerate() {
            writeln!(out, "{} {line}", if index == 0 { '!' } else { ' ' })?;
        }
    }
    if let Some(Written { folder, files, .. }) = written {
        // On a line of its own, and whole, so that it can be copied.
        writeln!(out, "\n{} files in\n{}", files.len(), folder.display())?;
    }
    out.flush()
}

/// Keeps a run that is whole under a name. Whatever is held against half a run would miss the other half.
fn save(
    name: &str,
    root: &Path,
    written: &Written,
    document: &Document,
    measured: &lab::Measured,
) -> Result<(), String> {
    if document.partial || measured.failed_requests() > 0 {
        let why = if document.partial { "the run is partial" } else { "requests failed" };
        eprintln!("baseline {name} is not saved, and what had that name before is left: {why}");
        return Ok(());
    }
    let said = Baselines::of(root).save(name, &written.folder)?;
    eprintln!("{said}");
    Ok(())
}

fn verdict(measured: &lab::Measured) -> Result<(), Failure> {
    if measured.interrupted {
        return Err(Failure::Interrupted);
    }
    let failures = measured.failures();
    if !failures.is_empty() {
        let which: Vec<_> = failures.into_iter().map(|(which, _)| which).collect();
        return Err(Failure::Failed(format!(
            "{} failed: {}; why is said above, and what was measured beside is kept",
            trials(which.len()),
            which.join("; ")
        )));
    }
    match measured.failed_requests() {
        0 => Ok(()),
        failed => {
            Err(Failure::Failed(format!("{failed} requests failed; the table says where, and of what")))
        }
    }
}

fn fire(plan: &engine::Plan, progress: &engine::Progress) -> Result<engine::Outcome, String> {
    engine::run(plan, progress).map_err(|error| error.to_string())
}

/// The folder of results that is meant where none is named: that of the workspace, or one here.
pub(crate) fn results(workspace: Option<&Path>) -> PathBuf {
    workspace.unwrap_or(Path::new("")).join("results")
}

/// The workspace that this is run in: it holds the scenarios. Elsewhere there is none, and no
/// commit to speak of either.
pub(crate) fn workspace() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().find(|path| path.join("loadgen/scenarios.toml").is_file()).map(Path::to_owned)
}

fn trials(count: usize) -> String {
    if count == 1 { "1 trial".into() } else { format!("{count} trials") }
}

/// A duration to the second, or to ten where it is a minute and more.
fn about(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().ceil();
    if seconds < 60.0 {
        return format!("{seconds:.0} s");
    }
    let seconds = (seconds / 10.0).round() * 10.0;
    format!("{:.0} min {:02.0} s", (seconds / 60.0).floor(), seconds % 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_round() {
        assert_eq!(about(Duration::from_millis(19_400)), "20 s");
        assert_eq!(about(Duration::from_secs(118)), "2 min 00 s");
    }
}
