//! What a server process does about the lab that started it.

use std::io;

use rustix::process::{Signal, set_parent_process_death_signal};

use super::cpus;

/// Options of `loadgen serve` that only the lab uses.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Leash {
    /// Run on these CPUs only, such as 0,2
    #[arg(long, hide = true, value_delimiter = ',', value_name = "CPU,…")]
    pub cpus: Vec<usize>,
    /// End when the process that started this one ends
    #[arg(long, hide = true)]
    pub with_parent: bool,
}

impl Leash {
    /// Must run before any thread starts: threads inherit both from the one that starts them.
    pub fn apply(&self) -> io::Result<()> {
        if self.with_parent {
            set_parent_process_death_signal(Some(Signal::TERM))?;
        }
        cpus::pin(&self.cpus)
    }
}
