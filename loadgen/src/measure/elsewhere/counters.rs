//! Where there are no tracepoints, nothing is counted, and why is told.

use crate::measure::Counts;

/// No counters.
#[derive(Debug, Default)]
pub struct Counters {
    /// Why system calls can't be counted here; for people.
    pub no_syscalls: Option<String>,
    /// The same of context switches.
    pub no_switches: Option<String>,
}

impl Counters {
    /// Attaches nothing.
    pub fn attach(_pid: u32) -> Self {
        let no = |what: &str| Some(format!("{what} can't be counted: only on Linux they can"));
        Self { no_syscalls: no("system calls"), no_switches: no("context switches") }
    }

    /// Whether there is nothing that can be counted here.
    pub fn nothing(&self) -> bool {
        true
    }

    /// Nothing.
    pub fn read(&mut self) -> Counts {
        Counts::default()
    }
}
