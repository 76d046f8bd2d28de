//! What a process holds and spends, read from outside.

use std::time::Duration;
use std::{fmt, fs};

use nix::time::ClockId;
use nix::unistd::Pid;
use procfs::process::Process;

use crate::Failure;

/// What a process holds at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Open files and sockets.
    pub descriptors: usize,
    /// Threads.
    pub threads: u64,
    /// Memory that is resident.
    pub resident_bytes: u64,
    /// The most memory that ever was.
    pub peak_bytes: u64,
}

impl Figures {
    /// Those of the process with this id.
    ///
    /// # Errors
    /// It is gone.
    pub fn of(pid: u32) -> Result<Self, Failure> {
        let gone = |error| Failure::new(format!("the server's process can't be looked at: {error}"));
        let process = Process::new(pid.cast_signed()).map_err(gone)?;
        let status = process.status().map_err(gone)?;
        let kib = |kib: Option<u64>| kib.unwrap_or(0) * 1024;
        Ok(Self {
            descriptors: open_files(pid)?.len(),
            threads: status.threads,
            resident_bytes: kib(status.vmrss),
            peak_bytes: kib(status.vmhwm),
        })
    }
}

/// The numbers of the descriptors that are open. The kernel's own count has one more for each thread
/// that waits in `accept`: its number is given out before there is a connection.
///
/// # Errors
/// The process is gone.
pub fn open_files(pid: u32) -> Result<Vec<u64>, Failure> {
    let gone = |error| Failure::new(format!("the server's open files can't be listed: {error}"));
    let names = fs::read_dir(format!("/proc/{pid}/fd")).map_err(gone)?;
    Ok(names.filter_map(|name| name.ok()?.file_name().to_str()?.parse().ok()).collect())
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { descriptors, threads, resident_bytes, .. } = self;
        write!(f, "{descriptors} descriptors, {threads} threads, {}", mib(*resident_bytes))
    }
}

/// CPU time that the process has spent since it began, its threads that have ended too.
///
/// # Errors
/// It is gone.
pub fn cpu_time(pid: u32) -> Result<Duration, Failure> {
    let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(pid.cast_signed()));
    let spent = clock.and_then(ClockId::now);
    spent.map(Duration::from).map_err(|error| Failure::new(format!("no CPU time of the server: {error}")))
}

/// A number of bytes for people.
pub fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_holds_something_and_has_spent_something() {
        let figures = Figures::of(std::process::id()).expect("it runs");
        assert!(figures.descriptors >= 3 && figures.threads >= 1, "{figures}");
        assert!(figures.resident_bytes > 100_000 && figures.peak_bytes >= figures.resident_bytes);
        assert!(cpu_time(std::process::id()).expect("it runs") > Duration::ZERO);
    }
}
