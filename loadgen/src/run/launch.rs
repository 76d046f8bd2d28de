//! How each kind of server is started: by this very file, or by another `loadgen`, in a process of its own.

use std::process::Command;

use crate::lab::Launched;
use crate::lab::rows::{Phase, Row};
use crate::lab::scenario::{Keep, Scenario};
use crate::lab::target::Target;

/// A free port for this host alone, and one for whoever can reach it.
const LOCAL: &str = "127.0.0.1:0";
const EVERYWHERE: &str = "0.0.0.0:0";
const EVERYWHERE_IPV6: &str = "[::]:0";
/// The servers' own default, which scenarios with few connections keep to.
const MAX_CONNECTIONS_MIN: usize = 16_384;

/// The server of a row, for the scenario that it is to face.
pub(crate) fn launch(row: &Row, scenario: &Scenario, cpus: &[usize]) -> Result<Launched, String> {
    launch_at(LOCAL, None, row, scenario, cpus)
}

/// The same where others than this host are to reach it.
pub(crate) fn launch_for_all(row: &Row, scenario: &Scenario, cpus: &[usize]) -> Result<Launched, String> {
    launch_at(EVERYWHERE, None, row, scenario, cpus)
}

/// The same where they reach it by IPv6.
pub(crate) fn launch_for_ipv6(row: &Row, scenario: &Scenario, cpus: &[usize]) -> Result<Launched, String> {
    launch_at(EVERYWHERE_IPV6, None, row, scenario, cpus)
}

/// The same by another program that has `serve`, unless it is `None`. A server of the user's is no business of
/// that program: this one starts it.
pub(crate) fn launch_by(
    program: Option<Command>,
    row: &Row,
    scenario: &Scenario,
    cpus: &[usize],
) -> Result<Launched, String> {
    launch_at(LOCAL, program, row, scenario, cpus)
}

fn launch_at(
    addr: &str,
    program: Option<Command>,
    row: &Row,
    scenario: &Scenario,
    cpus: &[usize],
) -> Result<Launched, String> {
    match row {
        Row::Phase { phase: which, options } => {
            let command = program.unwrap_or_else(this_file);
            let command = phase_by(command, addr, which, options, cpus, scenario.connections_in_all());
            Ok(Launched { command, addr: None })
        }
        Row::Canned => Ok(Launched {
            command: canned(program.unwrap_or_else(this_file), addr, scenario, cpus),
            addr: None,
        }),
        Row::Target(target) => {
            let addr = Target::free_address().map_err(|error| format!("no port is free: {error}"))?;
            let mut command = this_file();
            command.arg("exec");
            leash(&mut command, cpus);
            command.arg("--").args(target.words(addr.port()));
            Ok(Launched { command, addr: Some(addr) })
        }
    }
}

/// A phase that is to take so many connections.
pub(crate) fn phase(phase: &Phase, options: &[String], cpus: &[usize], connections: usize) -> Command {
    phase_by(this_file(), LOCAL, phase, options, cpus, connections)
}

fn phase_by(
    mut command: Command,
    addr: &str,
    phase: &Phase,
    options: &[String],
    cpus: &[usize],
    connections: usize,
) -> Command {
    command.args(["serve", phase.name, "--addr", addr]);
    leash(&mut command, cpus);
    // A limit below what the scenario asks for would measure refusals. What the client has closed, the
    // server may not have noticed yet.
    command.args(["--max-connections", &(connections * 2).max(MAX_CONNECTIONS_MIN).to_string()]);
    command.args(options);
    command
}

/// It gives the answer that the scenario expects.
fn canned(mut command: Command, addr: &str, scenario: &Scenario, cpus: &[usize]) -> Command {
    command.args(["serve", "canned", "--addr", addr]);
    leash(&mut command, cpus);
    command.args(scenario.body.as_ref().map(|body| format!("--body={body}")));
    command.args((scenario.mode == Keep::Close).then_some("--close"));
    command
}

/// This very file: on Linux even if a new build has taken its name meanwhile.
fn this_file() -> Command {
    let by_name = || std::env::current_exe().unwrap_or_else(|_| "loadgen".into());
    Command::new(if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { by_name() })
}

fn leash(command: &mut Command, cpus: &[usize]) {
    command.arg("--with-parent");
    if !cpus.is_empty() {
        let list: Vec<_> = cpus.iter().map(usize::to_string).collect();
        command.args(["--cpus", &list.join(",")]);
    }
}
