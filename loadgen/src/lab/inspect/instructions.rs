//! Instructions of a server per request in user mode: the processor's own measure of work, without its moods.
//!
//! The server runs under valgrind's callgrind, which executes it instruction by instruction and counts. It is
//! started twice, and the two are fired at alike but for the number of requests: what the one count exceeds the
//! other by is what these requests took, and starting, warming up and leaving cancel out.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::few::{CONNECTIONS_MAX, Few};
use super::held_back::wrap;
use crate::lab::Launched;
use crate::lab::scenario::Scenario;
use crate::lab::server::Server;

/// The requests of the server that is fired at less, and of the other.
const REQUESTS: (u64, u64) = (400, 2_400);
/// The same for a scenario whose requests wait.
const WAITING: (u64, u64) = (24, 84);
/// Writing down what was counted takes a server this long at most, once it was asked to leave.
const LEAVE_WITHIN: Duration = Duration::from_secs(20);
/// What each process of the server writes its counts to, in a folder for each server.
const COUNTS_PREFIX: &str = "counts.";

/// Starts what `launch` gives, twice, and tells how many instructions a request takes.
pub(super) fn count(
    scenario: &Scenario,
    launch: &dyn Fn() -> Result<Launched, String>,
) -> Result<f64, String> {
    is_installed()?;
    let (fewer, more) = if scenario.wait.is_some() { WAITING } else { REQUESTS };
    let (few, with_few) = count_of(scenario, &launch()?, fewer)?;
    let (many, with_many) = count_of(scenario, &launch()?, more)?;
    Ok(with_many.saturating_sub(with_few) as f64 / (many - few).max(1) as f64)
}

fn is_installed() -> Result<(), String> {
    let found =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    match found {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("valgrind does not run ({status})")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err("valgrind is not installed; your system's package of that name has it".into())
        }
        Err(error) => Err(format!("valgrind does not run: {error}")),
    }
}

/// Starts a server under valgrind, fires so many requests at it, and returns how many it were and how many
/// instructions the server executed in its life.
fn count_of(scenario: &Scenario, launched: &Launched, requests: u64) -> Result<(u64, u64), String> {
    let folder = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
    let launched = Launched { command: counted(&launched.command, folder.path()), addr: launched.addr };
    let mut server = Server::start(launched, |addr| scenario.request(addr))?;
    let connections = scenario.connections.clamp(1, CONNECTIONS_MAX);
    let fired = Few::of(scenario, server.addr, connections).fire(requests)?;
    if !server.leaves(LEAVE_WITHIN) {
        return Err(format!("the server did not leave within {LEAVE_WITHIN:?} of SIGTERM under valgrind"));
    }
    Ok((fired, counts_in(folder.path())?))
}

/// `command` under callgrind, and whatever it becomes or starts.
fn counted(command: &Command, folder: &Path) -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--quiet", "--tool=callgrind", "--trace-children=yes"])
        .arg(format!("--callgrind-out-file={}/{COUNTS_PREFIX}%p", folder.display()));
    wrap(valgrind, command)
}

/// The sum over all processes.
fn counts_in(folder: &Path) -> Result<u64, String> {
    let read = || -> io::Result<Vec<u64>> {
        let files = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        let texts = files.iter().map(|file| fs::read_to_string(file.path()));
        texts.map(|text| total(&text?).ok_or_else(|| io::ErrorKind::InvalidData.into())).collect()
    };
    match read() {
        Ok(totals) if totals.is_empty() => Err("valgrind counted nothing".into()),
        Ok(totals) => Ok(totals.iter().sum()),
        Err(error) => Err(format!("valgrind's counts can't be read: {error}")),
    }
}

/// What a file of callgrind's has as its sum: the first number of the line `totals:`.
fn total(text: &str) -> Option<u64> {
    let line = text.lines().rev().find_map(|line| line.strip_prefix("totals:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_found_whatever_else_is_counted() {
        assert_eq!(total("version: 1\nevents: Ir\nfn=(1)\n1 20\n\ntotals: 8234\n"), Some(8234));
        assert_eq!(total("events: Ir Dr\ntotals: 8234 17"), Some(8234));
        assert_eq!(total("events: Ir\n"), None);
    }

    #[test]
    fn the_counts_of_all_processes_are_added_and_none_is_an_error() {
        let folder = TempDir::new().unwrap();
        assert!(counts_in(folder.path()).unwrap_err().contains("nothing"));
        for (pid, total) in [(17, 100), (18, 11)] {
            let file = folder.path().join(format!("{COUNTS_PREFIX}{pid}"));
            fs::write(file, format!("totals: {total}\n")).unwrap();
        }
        assert_eq!(counts_in(folder.path()), Ok(111));
        fs::write(folder.path().join("counts.19"), "cut sh").unwrap();
        assert!(counts_in(folder.path()).is_err());
    }
}
