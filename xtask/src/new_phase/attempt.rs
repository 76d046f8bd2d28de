//! `cargo xtask new-phase --try`: a phase made in a copy of the tree, taken back, made again, built, tested and measured there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::copy::read;
use super::name::Name;
use super::register::{self, LIST};
use super::{Refusal, default_idea, make, undo};
use crate::cargo;
use crate::group::{Group, describe};
use crate::interrupt;
use crate::scratch::Scratch;
use crate::tree;

/// A slow machine without anything built is done with a step within this.
const STEP_LIMIT: Duration = Duration::from_secs(1200);
/// The workload that is measured: the one in which a phase that fails to answer shows soonest.
const SCENARIO: &str = "plaintext";

/// Tries it, and says what came of it.
pub(super) fn run(from: &str) -> Result<ExitCode, String> {
    interrupt::can_end(|| try_it(from))
}

fn try_it(from: &str) -> Result<ExitCode, String> {
    // Where the proxy of the environment is needed: what is started below does without.
    if !cargo::command(["fetch", "--locked", "--quiet"]).status().is_ok_and(|status| status.success()) {
        return Err("what the workspace depends on can't be fetched".into());
    }
    let scratch = Scratch::new()?;
    let results = tempfile::tempdir().map_err(|error| format!("there is no temporary folder: {error}"))?;
    let said = attempt(&scratch, results.path(), from)
        .map_err(|error| format!("{error}\nThe copy is in {}", scratch.root().display()))?;
    println!("{said}");
    Ok(ExitCode::SUCCESS)
}

/// Makes a phase in the copy, takes it back, makes it again, and has it do what a phase does.
fn attempt(scratch: &Scratch, results: &Path, from: &str) -> Result<String, String> {
    scratch.renew()?;
    let tree = scratch.root();
    let name = free(tree)?;
    let make = |idea: &str| {
        make(tree, &name, from, idea).map_err(|refusal| match refusal {
            Refusal::BadArguments(message) | Refusal::Failed(message) => message,
        })
    };
    take_back(tree, &name, || make("to be taken back").map(drop))?;
    make(&default_idea(&name, from))?;
    println!("{name}, made from {from} in {}", tree.display());
    if make("once more").is_ok() {
        return Err(format!("{name} could be made twice"));
    }
    let phase = name.to_string();
    let cargo = |job: &str, args: &[&str]| {
        let mut command = scratch.cargo(job);
        command.arg("--locked").args(args);
        command
    };
    step("its tests, those of HTTP among them", &mut cargo("test", &["--package", &phase]))?;
    step("loadgen with it", &mut cargo("build", &["--package", "loadgen"]))?;
    let loadgen = |args: &[&str]| cargo("run", &[&["--quiet", "--package", "loadgen", "--"], args].concat());
    step("loadgen check", &mut loadgen(&["check", &phase, "--whole"]))?;
    let mut run =
        loadgen(&["run", "--phase", from, "--phase", &phase, "--scenario", SCENARIO, "--quick", "--out"]);
    step("loadgen run", run.arg(results))?;
    let report = folder_of("run.json", results).ok_or("loadgen run has left no run.json")?;
    is_reported(&report, &name, from)
}

/// Has the phase made in the copy, and the command run that is said to take it back; nothing may be left of it.
fn take_back(tree: &Path, name: &Name, make: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    // A repository with all that is there staged; what differs from that afterwards is what is left.
    tree::output(tree::git(tree).args(["init", "--quiet"]))?;
    tree::output(tree::git(tree).args(["add", "--all"]))?;
    make()?;
    let undo = undo(name);
    step("the command that takes it back", tree::program("sh", tree).args(["-c", &undo]))?;
    let left =
        tree::output(tree::git(tree).args(["ls-files", "--modified", "--others", "--exclude-standard"]))?;
    let repository = tree.join(".git");
    fs::remove_dir_all(&repository)
        .map_err(|error| format!("{} can't be removed: {error}", repository.display()))?;
    if left.is_empty() {
        return Ok(());
    }
    Err(format!("after '{undo}' there is left:\n{}", String::from_utf8_lossy(&left)))
}

/// Runs one step, within its time, and says how long it took.
fn step(what: &str, command: &mut Command) -> Result<(), String> {
    let started = Instant::now();
    let mut group = Group::start(command)?;
    let end = match group.wait(STEP_LIMIT)? {
        Some(status) if status.success() => {
            println!("  {what}: good, {:.0} s", started.elapsed().as_secs_f64());
            return Ok(());
        }
        Some(status) => format!("ended with {}", describe(status)),
        None => format!("did not end within {STEP_LIMIT:?}"),
    };
    Err(format!("{what} {end}; {command:?} wrote:\n{}", group.output()))
}

/// The name that a learner would take.
fn free(tree: &Path) -> Result<Name, String> {
    let known = register::listed(&read(&tree.join(LIST))?);
    Name::first_free("mine", &known).ok_or_else(|| "there are as many phases as there can be".into())
}

/// The folder below this one that has a file of that name.
fn folder_of(name: &str, folder: &Path) -> Option<PathBuf> {
    if folder.join(name).is_file() {
        return Some(folder.to_owned());
    }
    let folders = fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    folders.filter(|path| path.is_dir()).find_map(|path| folder_of(name, &path))
}

/// Whether a run's files tell of both phases as they should, and that all requests were answered.
fn is_reported(folder: &Path, name: &Name, from: &str) -> Result<String, String> {
    let run: Value = serde_json::from_str(&read(&folder.join("run.json"))?)
        .map_err(|error| format!("run.json is no JSON: {error}"))?;
    let answered = [from, &name.to_string()].map(|phase| answered(&run, phase));
    let [theirs, ours] = answered;
    let said =
        format!("{SCENARIO}: {} requests by {from}, {} by {name}, all of them answered", theirs?, ours?);
    // Those with a number of two digits share their colours.
    let colour = (name.number < 10).then(|| format!("\"f-p{}\"", name.number));
    let sought = [
        ("report.md", Some(format!("`{name}`"))),
        ("report.html", Some(name.to_string())),
        ("report.html", colour),
    ];
    for (file, sought) in sought.into_iter().filter_map(|(file, sought)| Some((file, sought?))) {
        let file = folder.join(file);
        if !read(&file)?.contains(&sought) {
            return Err(format!("{} does not have {sought}", file.display()));
        }
    }
    Ok(said)
}

/// How many requests a phase has answered, in a run in which it answered all.
fn answered(run: &Value, phase: &str) -> Result<u64, String> {
    let rows = run["scenarios"].as_array().into_iter().flatten();
    let mut rows = rows.flat_map(|scenario| scenario["rows"].as_array().into_iter().flatten());
    let row = rows.find(|row| row["name"] == phase).ok_or_else(|| format!("run.json has no row {phase}"))?;
    match (row["kind"].as_str(), row["requests"]["ok"].as_u64(), row["requests"]["failed"].as_u64()) {
        (Some("phase"), Some(ok @ 1..), Some(0)) => Ok(ok),
        found => Err(format!("run.json says of {phase}: kind, answered and failed are {found:?}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::answered;

    #[test]
    fn a_phase_that_answered_everything_is_told_from_one_that_did_not() {
        let row = |name: &str, kind: &str, ok: u64, failed: u64| json!({ "name": name, "kind": kind, "requests": { "ok": ok, "failed": failed } });
        let rows = [
            row("phase5-mine", "phase", 12, 0),
            row("phase6-mine", "phase", 12, 1),
            row("phase7-mine", "phase", 0, 0),
            row("phase8-mine", "target", 12, 0),
        ];
        let run = json!({ "scenarios": [{ "rows": [] }, { "rows": rows }] });
        assert_eq!(answered(&run, "phase5-mine"), Ok(12));
        for phase in ["phase6-mine", "phase7-mine", "phase8-mine", "phase9-mine"] {
            assert!(answered(&run, phase).unwrap_err().contains(phase));
        }
    }
}
