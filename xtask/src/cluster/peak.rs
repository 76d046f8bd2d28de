//! What a program takes: its time, and the most memory that it had at once.
//!
//! The kernel keeps the largest peak of all children that have ended, so a program that is looked at is the one child of a
//! process of its own: this one, called once more.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use super::room::run;

/// What the kernel tells memory in.
const UNIT_BYTES: u64 = if cfg!(target_os = "macos") { 1 } else { 1024 };

/// What one run of a program took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Took {
    pub(super) time: Duration,
    pub(super) memory_bytes: u64,
}

/// Runs a program with these arguments, its output thrown away, and says what it took.
///
/// # Errors
/// When it does not end with 0.
pub(super) fn of(program: &Path, arguments: &[&std::ffi::OsStr]) -> Result<Took, String> {
    let this = env::current_exe().map_err(|error| format!("this program can't be found again: {error}"))?;
    let told = run(Command::new(this).args(["cluster", "--peak-of"]).arg(program).args(arguments))?;
    parse(&told).ok_or_else(|| format!("no time and memory in {told:?}"))
}

/// The other side of [`of`].
pub(super) fn tell(program: &OsString, arguments: &[OsString]) -> Result<ExitCode, String> {
    let started = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    let time = started.elapsed();
    let status = status.map_err(|error| format!("{} can't be started: {error}", program.display()))?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| format!("getrusage: {error}"))?;
    println!("{} {}", time.as_nanos(), usage.max_rss());
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn parse(told: &str) -> Option<Took> {
    let (time_ns, memory) = told.trim().split_once(' ')?;
    Some(Took {
        time: Duration::from_nanos(time_ns.parse().ok()?),
        memory_bytes: memory.parse::<u64>().ok()? * UNIT_BYTES,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Took, UNIT_BYTES, parse};

    #[test]
    fn time_comes_in_nanoseconds_and_memory_in_the_kernels_unit() {
        let took = Took { time: Duration::from_micros(5), memory_bytes: 2 * UNIT_BYTES };
        assert_eq!(parse("5000 2\n"), Some(took));
        assert_eq!(parse(""), None);
    }
}
