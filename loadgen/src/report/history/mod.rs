//! `history.jsonl`: a line for each server and scenario of each run of a machine, and the trend they make.

mod changes;
mod changes_text;
mod level;
mod text;
mod trend;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::document::{Document, Spread};

pub(super) use changes::{Change, OfMachine};
pub use changes::{Changes, Metric, changes, mark};
pub use changes_text::changes_text;
pub(super) use changes_text::{since, values};
pub use text::text;
pub use trend::{Machine, Trend, machines};

/// The schema of a line.
const SCHEMA: &str = "phase-lab/history/1";
/// The name of the file in a machine's folder.
const NAME: &str = "history.jsonl";
/// A larger file is taken for something else.
const BYTES_MAX: u64 = 256 << 20;

/// What a run says of one server in one scenario.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Entry {
    schema: String,
    /// The run's folder, beside this file.
    run: String,
    started_at: String,
    commit: Option<String>,
    dirty: Option<bool>,
    /// The build's profile.
    profile: String,
    /// Whether trials are missing in that run.
    partial: bool,
    /// Whether it had fewer trials than an interval takes.
    quick: bool,
    scenario: String,
    /// What the servers faced; lines of before there was this have none.
    #[serde(default)]
    load: Option<String>,
    row: String,
    kind: String,
    qps: Option<Spread>,
    speedup: Option<f64>,
    p99_ns: Option<u64>,
    cpu_us_per_request: Option<f64>,
    /// Lines of before there was this have none, as here.
    #[serde(default)]
    allocs_per_request: Option<f64>,
    #[serde(default)]
    syscalls_per_request: Option<f64>,
    #[serde(default)]
    syscalls_at_rest_per_request: Option<f64>,
}

/// Trials below which a run is a quick look.
const TRIALS_MIN: usize = 3;

fn entries(document: &Document, run: &str) -> Vec<Entry> {
    let rows = document.scenarios.iter().flat_map(|s| s.rows.iter().map(move |row| (s, row)));
    rows.map(|(scenario, row)| Entry {
        schema: SCHEMA.into(),
        run: run.into(),
        started_at: document.started_at.clone(),
        commit: document.commit.clone(),
        dirty: document.dirty,
        profile: document.build.profile.clone(),
        partial: document.partial,
        quick: scenario.params.trials < TRIALS_MIN,
        scenario: scenario.name.clone(),
        load: Some(scenario.params.load()),
        row: row.name.clone(),
        kind: row.kind.clone(),
        qps: row.qps,
        speedup: row.speedup,
        p99_ns: row.latency_ns.map(|latency| latency.p99),
        cpu_us_per_request: row.server.cpu_us_per_request,
        allocs_per_request: row.server.allocs_per_request,
        syscalls_per_request: row.server.syscalls_per_request,
        syscalls_at_rest_per_request: row.server.syscalls_at_rest_per_request,
    })
    .collect()
}

/// Adds a run to the history of the machine in whose folder it is.
///
/// All its lines go out in one write at the end of the file, so that another run that ends at the same
/// moment gets its lines before or behind these and never among them.
pub(super) fn append(document: &Document, run: &Path) -> io::Result<()> {
    let name = run.file_name().unwrap_or_default().to_string_lossy();
    let path = run.parent().unwrap_or(Path::new("")).join(NAME);
    let mut text = String::new();
    // Whoever was cut off in mid-line is not to take this run's first line along.
    if ends_in_mid_line(&path)? {
        text.push('\n');
    }
    for entry in entries(document, &name) {
        text += &serde_json::to_string(&entry)?;
        text.push('\n');
    }
    let mut file = File::options().create(true).append(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn ends_in_mid_line(path: &Path) -> io::Result<bool> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes.last().is_some_and(|last| *last != b'\n')),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A history that was read, with what could not be.
#[derive(Clone, Debug)]
pub struct History {
    /// The machine's folder.
    pub(super) machine: String,
    pub(super) entries: Vec<Entry>,
    /// Which lines say nothing, and why.
    pub complaints: Vec<String>,
}

/// The histories in `folder`: its own, or one for each machine that has a folder in it.
///
/// # Errors
/// A sentence that says where there is none, or what can't be read.
pub fn read(folder: &Path) -> Result<Vec<History>, String> {
    let own = folder.join(NAME);
    let mut files: Vec<PathBuf> = if own.is_file() {
        vec![own]
    } else {
        let list = fs::read_dir(folder).map_err(|error| {
            format!(
                "{}: can't be read: {error}; name a folder that a run has written results to",
                folder.display()
            )
        })?;
        list.flatten().map(|entry| entry.path().join(NAME)).filter(|path| path.is_file()).collect()
    };
    files.sort();
    if files.is_empty() {
        return Err(format!(
            "{}: there is no {NAME} in it, nor in a folder of it; `loadgen run` writes one",
            folder.display()
        ));
    }
    files.iter().map(|file| read_file(file)).collect()
}

fn read_file(file: &Path) -> Result<History, String> {
    let wrong = |why: String| format!("{}: {why}", file.display());
    if fs::metadata(file).is_ok_and(|found| found.len() > BYTES_MAX) {
        return Err(wrong(format!("has more than {} MiB, so it is no history", BYTES_MAX >> 20)));
    }
    let bytes = fs::read(file).map_err(|error| wrong(format!("can't be read: {error}")))?;
    let text = String::from_utf8_lossy(&bytes);
    let folder = file.parent().and_then(|folder| fs::canonicalize(folder).ok());
    let machine = folder.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let mut history = History { machine: machine.into_owned(), entries: Vec::new(), complaints: Vec::new() };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (index, line) in lines {
        match serde_json::from_str::<Entry>(line) {
            Ok(entry) if entry.schema == SCHEMA => history.entries.push(entry),
            Ok(entry) => history.complain(file, index, &format!("has the schema {}", entry.schema)),
            Err(error) if error.is_eof() => history.complain(file, index, "is only half written"),
            Err(error) => history.complain(file, index, &format!("is no line of a history ({error})")),
        }
    }
    // The time is written so that the order of the letters is that of the moments.
    history.entries.sort_by(|a, b| (&a.started_at, &a.run).cmp(&(&b.started_at, &b.run)));
    Ok(history)
}

impl History {
    /// Whether no line of it tells of a run.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn complain(&mut self, file: &Path, index: usize, what: &str) {
        self.complaints.push(format!("{}, line {}: {what}; it is left out", file.display(), index + 1));
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
pub(super) mod tests;

#[cfg(test)]
pub(super) use changes::tests as changes_tests;
