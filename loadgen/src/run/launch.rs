//! How each kind of server is started: always by this very file, in a process of its own.

use std::process::Command;

use crate::lab::Launched;
use crate::lab::rows::{Phase, Row};
use crate::lab::scenario::{Keep, Scenario};
use crate::lab::target::Target;

/// The servers' own default, which scenarios with few connections keep to.
const MAX_CONNECTIONS_MIN: usize = 16_384;

/// The server of a row, for the scenario that it is to face.
pub(crate) fn launch(row: &Row, scenario: &Scenario, cpus: &[usize]) -> Result<Launched, String> {
    match row {
        Row::Phase { phase: which, options } => {
            Ok(Launched { command: phase(which, options, cpus, scenario.connections_in_all()), addr: None })
        }
        Row::Canned => Ok(Launched { command: canned(scenario, cpus), addr: None }),
        Row::Target(target) => {
            let addr = Target::free_address().map_err(|error| format!("no port is free: {error}"))?;
            let mut command = this_file("exec");
            leash(&mut command, cpus);
            command.arg("--").args(target.words(addr.port()));
            Ok(Launched { command, addr: Some(addr) })
        }
    }
}

/// A phase that is to take so many connections.
pub(crate) fn phase(phase: &Phase, options: &[String], cpus: &[usize], connections: usize) -> Command {
    let mut command = this_file("serve");
    command.args([phase.name, "--addr", "127.0.0.1:0"]);
    leash(&mut command, cpus);
    // A limit below what the scenario asks for would measure refusals. What the client has closed, the
    // server may not have noticed yet.
    command.args(["--max-connections", &(connections * 2).max(MAX_CONNECTIONS_MIN).to_string()]);
    command.args(options);
    command
}

/// It gives the answer that the scenario expects.
fn canned(scenario: &Scenario, cpus: &[usize]) -> Command {
    let mut command = this_file("serve");
    command.args(["canned", "--addr", "127.0.0.1:0"]);
    leash(&mut command, cpus);
    command.args(scenario.body.as_ref().map(|body| format!("--body={body}")));
    command.args((scenario.mode == Keep::Close).then_some("--close"));
    command
}

/// This very file, even if a new build has taken its name meanwhile.
fn this_file(word: &str) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg(word);
    command
}

fn leash(command: &mut Command, cpus: &[usize]) {
    command.arg("--with-parent");
    if !cpus.is_empty() {
        let list: Vec<_> = cpus.iter().map(usize::to_string).collect();
        command.args(["--cpus", &list.join(",")]);
    }
}
