//! The clients, each with the script in `xtask/clients` that drives it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::installed::Program;
use super::phases::Phase;
use super::server::Server;
use super::table::{Cell, Outcome};
use crate::group::{Group, describe};

/// A client takes this long at most. Most take a few seconds; a serial server makes a browser wait,
/// which opens connections ahead of need.
const LIMIT: Duration = Duration::from_secs(120);

/// A client, and what drives it.
#[derive(Debug)]
pub(super) struct Client {
    /// What `--client` takes.
    pub(super) name: &'static str,
    /// The programs it needs, the one that runs the script first.
    programs: &'static [Program],
    script: &'static str,
}

const BASH: Program = Program { name: "bash", package: "bash" };
const CURL: Program = Program { name: "curl", package: "curl" };
const WGET: Program = Program { name: "wget", package: "wget" };
const PYTHON: Program = Program { name: "python3", package: "python3" };
pub(crate) const NODE: Program = Program { name: "node", package: "nodejs" };
pub(crate) const CHROMIUM: Program = Program { name: "chromium", package: "chromium" };
const WRK: Program = Program { name: "wrk", package: "wrk" };
const AB: Program = Program { name: "ab", package: "apache2-utils" };
const H2LOAD: Program = Program { name: "h2load", package: "nghttp2-client" };

/// All of them: those that ask, then those that only press.
pub(super) static CLIENTS: [Client; 10] = [
    Client { name: "curl", programs: &[BASH, CURL], script: "curl.sh" },
    Client { name: "wget", programs: &[BASH, WGET], script: "wget.sh" },
    Client { name: "python", programs: &[PYTHON], script: "python.py" },
    Client { name: "node-fetch", programs: &[NODE], script: "node-fetch.mjs" },
    Client { name: "node-agent", programs: &[NODE], script: "node-agent.mjs" },
    Client { name: "node-net", programs: &[NODE], script: "node-net.mjs" },
    Client { name: "chromium", programs: &[NODE, CHROMIUM], script: "chromium.mjs" },
    Client { name: "wrk", programs: &[BASH, WRK], script: "wrk.sh" },
    Client { name: "ab", programs: &[BASH, AB], script: "ab.sh" },
    Client { name: "h2load", programs: &[BASH, H2LOAD], script: "h2load.sh" },
];

/// What `--client` takes.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    CLIENTS.iter().map(|client| client.name)
}

impl Client {
    /// Runs it once, within its time.
    ///
    /// # Errors
    /// When it can't be run at all. What it finds wrong is in the cell.
    pub(super) fn run(&self, server: &Server, phase: &Phase) -> Result<Cell, String> {
        let missing = self.programs.iter().filter(|program| !program.is_installed());
        let packages: Vec<_> = missing.map(|program| program.package).collect();
        if !packages.is_empty() {
            return Ok(Cell::new(Outcome::Missing(packages.join(", "))));
        }
        // Profiles and downloads go here, and go with it.
        let folder = tempfile::tempdir().map_err(|error| format!("there is no temporary folder: {error}"))?;
        let mut command = Command::new(self.programs[0].name);
        command
            .arg(script(self.script))
            .arg(format!("http://{}", server.addr))
            .arg(if phase.keeps { "kept" } else { "closed" })
            .current_dir(&folder)
            .env("TMPDIR", folder.path());
        let started = Instant::now();
        let mut group = Group::start(&mut command)?;
        let end = match group.wait(LIMIT)? {
            Some(status) if status.success() => return Ok(Cell::took(Outcome::Good, started.elapsed())),
            Some(status) => format!("ended with {}", describe(status)),
            None => format!("did not end within {LIMIT:?}"),
        };
        let report = format!("{} {end}; it wrote:\n{}", self.script, group.output());
        Ok(Cell::took(Outcome::Failed(report), started.elapsed()))
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(name)
}

#[cfg(test)]
mod tests {
    use super::{CLIENTS, script};

    #[test]
    fn every_client_has_its_script() {
        for client in &CLIENTS {
            assert!(script(client.script).is_file(), "{}", client.name);
        }
    }
}
