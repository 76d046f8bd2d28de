//! What a server process does about the lab that started it.

use std::io;

use super::cpus;

/// Options of `loadgen serve` that only the lab uses.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Leash {
    /// Run on these CPUs only, such as 0,2
    #[arg(long, hide = true, value_delimiter = ',', value_name = "CPU,…")]
    pub cpus: Vec<usize>,
    /// End when the process that started this one ends; only Linux sees to that
    #[arg(long, hide = true)]
    pub with_parent: bool,
}

impl Leash {
    /// Must run before any thread starts: threads inherit both from the one that starts them.
    pub fn apply(&self) -> io::Result<()> {
        if self.with_parent {
            end_with_parent()?;
        }
        cpus::pin(&self.cpus)
    }
}

#[cfg(target_os = "linux")]
fn end_with_parent() -> io::Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};
    Ok(set_parent_process_death_signal(Some(Signal::TERM))?)
}

/// A lab that is killed leaves its server running; one that ends does not.
#[cfg(not(target_os = "linux"))]
fn end_with_parent() -> io::Result<()> {
    Ok(())
}
