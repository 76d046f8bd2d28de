//! Slurm's daemons, in the foreground as children of this job.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::super::network::Host;
use super::super::room;
use super::config;
use crate::group::{Group, describe};
use crate::interrupt;

const READY_WITHIN: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// As long as munge's own tool makes them.
const KEY_BYTES: u64 = 128;
/// What is quoted of a daemon that ended.
const LINES_QUOTED_MAX: usize = 15;

/// A cluster whose nodes are idle. The room ends it.
pub(super) struct Cluster {
    folder: PathBuf,
    daemons: Vec<(String, Group)>,
}

impl Cluster {
    /// Starts the daemons, one after another as each needs the one before it, and waits for the nodes.
    pub(super) fn start(nodes: &[Host]) -> Result<Self, String> {
        let folder = room::folder("slurm")?;
        let state = folder.join("state");
        fs::create_dir(&state).map_err(|error| format!("{}: {error}", state.display()))?;
        for (name, text) in
            [("slurm.conf", config::text(nodes, &folder)), ("cgroup.conf", config::CGROUPS.to_owned())]
        {
            let file = folder.join(name);
            fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        key(&folder)?;
        let mut cluster = Self { folder, daemons: Vec::new() };
        let socket = cluster.folder.join("munge.socket");
        let mut munged = Command::new("munged");
        munged.args(["--foreground", "--force", "--num-threads=2"]);
        for (flag, name) in [
            ("--socket", "munge.socket"),
            ("--key-file", "munge.key"),
            ("--log-file", "munged.log"),
            ("--pid-file", "munged.pid"),
            ("--seed-file", "munged.seed"),
        ] {
            munged.arg(format!("{flag}={}", cluster.folder.join(name).display()));
        }
        cluster.daemon("munged", munged)?;
        cluster.wait("munged's socket", || Ok(socket.exists()))?;
        let mut slurmctld = Command::new("slurmctld");
        slurmctld.arg("-D");
        cluster.daemon("slurmctld", slurmctld)?;
        for node in nodes {
            let mut slurmd = node.command("slurmd");
            slurmd.args(["-D", "-N", node.name]);
            cluster.daemon(&format!("slurmd on {}", node.name), slurmd)?;
        }
        let ask = cluster.sinfo();
        cluster.wait("idle nodes", || Ok(all_idle(&ask()?, nodes.len())))?;
        Ok(cluster)
    }

    fn daemon(&mut self, name: &str, mut command: Command) -> Result<(), String> {
        let group = Group::start(self.know(&mut command))?;
        self.daemons.push((name.to_owned(), group));
        Ok(())
    }

    /// Has a command know which cluster is meant.
    pub(super) fn know<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("SLURM_CONF", self.folder.join("slurm.conf"))
    }

    /// What the nodes are said to be, a line each. As long as nobody answers, none.
    fn sinfo(&self) -> impl Fn() -> Result<String, String> + use<> {
        let file = self.folder.join("slurm.conf");
        move || {
            let mut command = Command::new("sinfo");
            command.args(["--Node", "--noheader", "--format=%N %T"]).env("SLURM_CONF", &file);
            let output = command.output().map_err(|error| format!("sinfo can't be started: {error}"))?;
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
    }

    /// Waits until something is so, with an eye on the daemons.
    pub(super) fn wait(
        &mut self,
        what: &str,
        is_so: impl Fn() -> Result<bool, String>,
    ) -> Result<(), String> {
        let deadline = Instant::now() + READY_WITHIN;
        while !is_so()? {
            interrupt::check()?;
            if let Some(ended) = self.ended() {
                return Err(ended);
            }
            if Instant::now() >= deadline {
                return Err(format!("no {what} within {READY_WITHIN:?}\n{}", self.quoted()));
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Of the first daemon that has ended, what it said.
    fn ended(&mut self) -> Option<String> {
        self.daemons.iter_mut().find_map(|(name, group)| {
            let status = describe(group.status()?);
            Some(format!("{name} ended with {status}:\n{}", last_lines(&group.output())))
        })
    }

    /// What all of them said last, for whoever looks for a fault.
    pub(super) fn quoted(&self) -> String {
        let quote = |(name, group): &(String, Group)| format!("-- {name}\n{}\n", last_lines(&group.output()));
        self.daemons.iter().map(quote).collect()
    }
}

/// A key for munge that nobody has seen.
fn key(folder: &Path) -> Result<(), String> {
    let file = folder.join("munge.key");
    let write = || {
        let mut bytes = Vec::new();
        fs::File::open("/dev/urandom")?.take(KEY_BYTES).read_to_end(&mut bytes)?;
        let mut key = fs::File::create(&file)?;
        key.set_permissions(Permissions::from_mode(0o600))?;
        key.write_all(&bytes)
    };
    write().map_err(|error| format!("{}: {error}", file.display()))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES_QUOTED_MAX)..].join("\n")
}

/// Whether so many nodes are idle, of as many lines as `sinfo` has.
fn all_idle(told: &str, nodes: usize) -> bool {
    let states: Vec<_> = told.lines().filter_map(|line| line.split_once(' ')).collect();
    states.len() == nodes && states.iter().all(|(_, state)| *state == "idle")
}

#[cfg(test)]
mod tests {
    use super::{all_idle, last_lines};

    #[test]
    fn a_node_that_does_not_answer_is_not_idle() {
        assert!(all_idle("n0 idle\nn1 idle\n", 2));
        assert!(!all_idle("n0 idle\nn1 idle*\n", 2));
        assert!(!all_idle("n0 idle\n", 2));
        assert!(!all_idle("", 2));
    }

    #[test]
    fn of_much_the_end_is_quoted() {
        let text = (0..30).map(|line| line.to_string()).collect::<Vec<_>>().join("\n");
        assert!(last_lines(&text).starts_with("15\n"), "{}", last_lines(&text));
        assert_eq!(last_lines("a\n"), "a");
    }
}
