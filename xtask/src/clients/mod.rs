//! `cargo xtask clients`: the clients that the world uses, against every phase.
//!
//! The conformance suite says what the lab believes HTTP to be, in bytes that the lab wrote. A client
//! that other people wrote believes something of its own, and reads answers as it pleases. Each has a
//! script in `xtask/clients` that drives it and checks what it got; what is here starts a server for
//! each phase, runs the scripts against it within a time, and looks afterwards at what they left behind.
//!
//! # Layout
//! - `phases`, `installed` and `client`: what is run.
//! - `server`: what they are run against.
//! - `rest`: what a server must look like when all clients have gone.
//! - `table`: what came of it.
//! - `slow`: `--slow`, clients that are slow on purpose.

pub(crate) mod client;
pub(crate) mod installed;
mod phases;
pub(crate) mod request;
mod rest;
pub(crate) mod server;
mod slow;
mod table;

use std::path::Path;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;

use crate::cargo;
use crate::interrupt;
use client::CLIENTS;
use phases::Phase;
use server::Server;
use table::{Cell, Table};

/// Clients that the world uses, against every phase: curl, Python, Node, a browser, load generators
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask clients
      all that are installed, against every phase
  cargo xtask clients --client curl --phase phase4-keepalive
      one against one
  cargo xtask clients --slow
      heads and bodies that never end")]
pub(crate) struct Args {
    /// Only this phase; may be given more than once. phase1-threads is both of its ways to run
    #[arg(long, value_name = "PHASE", value_parser = PossibleValuesParser::new(phases::names()))]
    phase: Vec<String>,
    /// Only this client; may be given more than once
    #[arg(long, value_name = "CLIENT", value_parser = PossibleValuesParser::new(client::names()))]
    client: Vec<String>,
    /// Fail if a client is not installed
    #[arg(long)]
    require: bool,
    /// Run slowhttptest in place of the clients, under short deadlines: about seven minutes
    #[arg(long, conflicts_with = "client")]
    slow: bool,
    /// With --slow: only this attack; may be given more than once
    #[arg(long, value_name = "ATTACK", requires = "slow")]
    attack: Vec<slow::Attack>,
    /// With --slow: leave the servers their own deadlines, which takes about twelve minutes
    #[arg(long, requires = "slow")]
    default_deadlines: bool,
}

/// Builds the server, runs what was asked for, and prints what came of it.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    interrupt::can_end(|| {
        let phases = phases::chosen(&args.phase);
        let loadgen = cargo::loadgen(&[])?;
        let all_good = if args.slow {
            let choice = slow::Choice::new(&args.attack, args.default_deadlines);
            slow::run(&loadgen, &phases, &choice, args.require)?
        } else {
            run_clients(&loadgen, &phases, &args.client, args.require)?
        };
        Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// Every chosen client against every chosen phase. The result is whether all was well.
fn run_clients(
    loadgen: &Path,
    phases: &[&'static Phase],
    chosen: &[String],
    require: bool,
) -> Result<bool, String> {
    let clients: Vec<_> = CLIENTS
        .iter()
        .filter(|client| chosen.is_empty() || chosen.iter().any(|c| c == client.name))
        .collect();
    let mut table = Table::new(clients.iter().map(|client| client.name).chain([rest::NAME]));
    for phase in phases {
        println!("{}", phase.label);
        let server = Server::start(loadgen, phase, &[])?;
        let mut cells = Vec::new();
        for client in &clients {
            let cell = client.run(&server, phase)?;
            println!("    {:10} {}", client.name, cell.describe());
            cells.push(cell);
        }
        let cell = Cell::from(rest::check(server));
        println!("    {:10} {}", rest::NAME, cell.describe());
        cells.push(cell);
        table.add(phase, cells);
    }
    print!("\n{table}");
    Ok(table.is_good(require))
}
