//! `loadgen serve PHASE`: one phase as a server, in this very binary.

use std::net::SocketAddr;

use anyhow::Context;

use crate::lab::Leash;

/// Which phase serves, and where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The phase, such as phase0-serial
    pub phase: String,
    /// Where to listen; port 0 takes any that is free
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub addr: SocketAddr,
    #[command(flatten)]
    leash: Leash,
    /// The phase's own options
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub options: Vec<String>,
}

/// Serves until it is told to stop.
pub fn run(args: &Args) -> anyhow::Result<()> {
    args.leash.apply().context("could not run where --cpus asks for")?;
    anyhow::bail!("{} can't be served yet", args.phase)
}
