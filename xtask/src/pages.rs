//! `cargo xtask pages`: the pages that `loadgen` draws, and the book, in a browser.
//!
//! Tests can say what is in a page, not how it looks. A headless Chromium opens the reference run, a run
//! that has everything, runs that are odd in one way each (`cases`), the same of gates (`gates`), and a history, on a phone, a laptop and
//! paper, light and dark; it looks for words that are cut or cover each other, for tables that a laptop has no
//! room for, for anything that is asked of the network, and for complaints. The book's chapters are looked at the same way, and
//! its search has to find something.

mod cases;
mod gates;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::book;
use crate::cargo;
use crate::clients::client::{CHROMIUM, NODE};
use crate::group::{Group, describe};
use crate::interrupt;

/// A page is looked at for this long at most; most take a few seconds.
const LIMIT: Duration = Duration::from_secs(180);

/// The pages that loadgen draws, and the book, in headless Chromium: on phone, laptop and paper, light and dark
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask pages
      whether words are cut or cover each other
  cargo xtask pages --pictures /tmp/pages
      and pictures, to look at oneself")]
pub(crate) struct Args {
    /// Take a picture of each view, and a PDF of each page, into this folder
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
    /// Fail if there is no browser
    #[arg(long)]
    require: bool,
}

/// Draws the pages, has them looked at, and says what came of it.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    let missing: Vec<_> = [NODE, CHROMIUM].into_iter().filter(|program| !program.is_installed()).collect();
    if !missing.is_empty() {
        // That it can be built needs no browser.
        book::build(None)?;
        let packages: Vec<_> = missing.iter().map(|program| program.package).collect();
        println!("SKIPPED: no page was looked at; install {}", packages.join(" and "));
        return Ok(if args.require { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    interrupt::install()?;
    let loadgen = cargo::loadgen(&[])?;
    let folder = tempfile::tempdir().map_err(|error| format!("there is no temporary folder: {error}"))?;
    let pictures = args.pictures.as_deref().map(prepare).transpose()?;
    let mut all_good = true;
    let mut pages: Vec<_> =
        draw(&loadgen, folder.path())?.into_iter().map(|page| (page, "report.mjs")).collect();
    pages.push((book::build(Some(&folder.path().join("book")))?, "book.mjs"));
    for (page, script) in pages {
        let name = page.strip_prefix(folder.path()).unwrap_or(&page).display().to_string();
        let end = look(&page, script, folder.path(), pictures.as_deref())?;
        println!(
            "{name}: {}",
            end.as_ref().map_or_else(|report| format!("FAILED, {report}"), |()| "ok".into())
        );
        all_good &= end.is_ok();
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn prepare(folder: &Path) -> Result<PathBuf, String> {
    let made = fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
    made.map_err(|error| format!("{} can't be written to: {error}", folder.display()))
}

/// Draws every kind of page there is into `folder`.
fn draw(loadgen: &Path, folder: &Path) -> Result<Vec<PathBuf>, String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask is in no workspace")?;
    let full = workspace.join("loadgen/tests/data/full.run.json");
    let mut runs = vec![("reference", workspace.join("results/reference/run.json")), ("full", full.clone())];
    for (name, run) in cases::cases(&json(&full)?) {
        let path = folder.join(name).with_extension("json");
        write(&path, run.to_string().as_bytes())?;
        runs.push((name, path));
    }
    let gate = workspace.join("loadgen/tests/data/full.gate.json");
    for (name, gate) in gates::cases(&json(&gate)?) {
        let path = folder.join(name).with_extension("json");
        write(&path, gate.to_string().as_bytes())?;
        runs.push((name, path));
    }
    let mut pages = Vec::new();
    for (name, run) in runs {
        let page = output(Command::new(loadgen).arg("report").arg(run).args(["--stdout", "html"]))?;
        let path = folder.join(name).with_extension("html");
        write(&path, &page)?;
        pages.push(path);
    }
    let history = folder.join("history.html");
    output(
        Command::new(loadgen)
            .arg("history")
            .arg(workspace.join("loadgen/tests/data/history"))
            .args(["--changes", "--html"])
            .arg(&history),
    )?;
    pages.push(history);
    Ok(pages)
}

fn json(path: &Path) -> Result<serde_json::Value, String> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{} is no JSON: {error}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("{} can't be written: {error}", path.display()))
}

fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.output().map_err(|error| format!("loadgen can't be started: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("{command:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr)))
}

/// Has a browser look at a page. The inner result is what it finds wrong.
fn look(
    page: &Path,
    script: &str,
    folder: &Path,
    pictures: Option<&Path>,
) -> Result<Result<(), String>, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("pages").join(script);
    let mut command = Command::new(NODE.name);
    command.arg(script).arg(format!("file://{}", page.display())).args(pictures);
    // The browser's profile goes here, and goes with it.
    let mut group = Group::start(command.current_dir(folder).env("TMPDIR", folder))?;
    let end = match group.wait(LIMIT)? {
        Some(status) if status.success() => return Ok(Ok(())),
        Some(status) => describe(status),
        None => format!("not done within {LIMIT:?}"),
    };
    Ok(Err(format!("{end}; it wrote:\n{}", group.output())))
}
