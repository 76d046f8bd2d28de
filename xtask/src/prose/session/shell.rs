//! A shell in which the commands of a block are run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Step;
use crate::group::{Group, describe};

/// A block takes this long at most, and what it runs may have to be built first.
const LIMIT: Duration = Duration::from_secs(420);
/// Between the outputs of two commands; nothing that is shown prints it.
const MARK: char = '\u{1e}';
/// The ports of the prose, which are ours for as long as a block runs.
const PORTS: std::ops::RangeInclusive<u16> = 8080..=8089;

/// What every shell has. `listens` waits for a server's first words, which cargo may have to build first.
const PRELUDE: &str = r#"exec 2>&1
logs=$(mktemp -d)
servers=
trap '[ -z "$servers" ] || kill $servers 2>/dev/null; wait; rm -rf "$logs"' EXIT
trap 'exit 1' INT TERM
listens() {
    servers="$servers $2"
    until grep -qs listening "$1"; do
        kill -0 "$2" 2>/dev/null || { cat "$1"; return 1; }
        sleep 0.05
    done
    cat "$1"
}
"#;

/// What came of a session.
pub(super) struct Played {
    /// What each command printed, as far as there was one.
    pub(super) outputs: Vec<String>,
    /// How the one that failed ended; it is the one with the last of the outputs.
    pub(super) failed: Option<String>,
}

/// Runs the steps in one shell. The first that fails is the last.
pub(super) fn play(steps: &[Step], root: &Path) -> Result<Played, String> {
    let ports = free_ports()?;
    let mut script = PRELUDE.to_owned();
    for (number, step) in steps.iter().enumerate() {
        let command = with_ports(&step.command, ports.iter().map(|(shown, free)| (*shown, *free)));
        let _ = match command.strip_suffix('&') {
            Some(other) if step.printed.is_empty() => {
                writeln!(script, "{other} >/dev/null 2>&1 &\nservers=\"$servers $!\"")
            }
            Some(server) => {
                writeln!(script, "{server} >\"$logs/{number}\" 2>&1 &\nlistens \"$logs/{number}\" $!")
            }
            None => writeln!(script, "{command}"),
        };
        let _ = writeln!(script, "status=$?\n[ $status = 0 ] || exit $status");
        let _ = writeln!(script, "printf '\\036'");
    }
    script.push_str("exit 0\n");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(&script).current_dir(root);
    for (name, value) in
        [("NO_COLOR", "1"), ("COLUMNS", "100"), ("LC_ALL", "C.UTF-8"), ("CARGO_TERM_COLOR", "never")]
    {
        shell.env(name, value);
    }
    let mut group = Group::start(&mut shell)?;
    let status = group.wait(LIMIT)?;
    let printed = with_ports(&group.output(), ports.iter().map(|(shown, free)| (*free, *shown)));
    let mut outputs: Vec<_> = printed.split(MARK).map(|output| output.trim_end().to_owned()).collect();
    let failed = match status {
        Some(status) if status.success() => {
            // What came after the last mark is the shell's own end.
            outputs.truncate(steps.len());
            None
        }
        Some(status) => Some(describe(status)),
        None => Some(format!("no end within {LIMIT:?}")),
    };
    Ok(Played { outputs, failed })
}

/// A free port for each that the prose names. They are found together, so that no two are the same.
fn free_ports() -> Result<BTreeMap<u16, u16>, String> {
    let bound: Vec<_> = PORTS
        .map(|shown| Ok((shown, TcpListener::bind("127.0.0.1:0")?)))
        .collect::<Result<_, std::io::Error>>()
        .map_err(|error| format!("there is no free port: {error}"))?;
    bound
        .iter()
        .map(|(shown, listener)| Ok((*shown, listener.local_addr()?.port())))
        .collect::<Result<_, std::io::Error>>()
        .map_err(|error| format!("there is no free port: {error}"))
}

fn with_ports(text: &str, ports: impl Iterator<Item = (u16, u16)>) -> String {
    ports.fold(text.to_owned(), |text, (from, to)| text.replace(&format!(":{from}"), &format!(":{to}")))
}
