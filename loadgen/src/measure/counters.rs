//! What the kernel counts of a server at its own events: system calls and context switches.
//!
//! A counter is attached to the process that is to become the server, before it does, and every thread
//! and process that comes of it inherits the counter. So nothing is missed that begins or ends while it
//! counts, which looking at `/proc` from time to time can't promise: a thread takes its numbers along
//! when it ends.
//!
//! Counting costs the server about 0.12 µs for each system call, and everybody else on the machine
//! 0.03 µs, which is 1 to 3 % of a cheap request; a thread that inherits counters takes longer to start.
//! That is little, but more than nothing: it happens in a pass of its own and never in a trial whose
//! time is taken.

use std::fs;
use std::io;

use perf_event::events::{Event, Software, Tracepoint};
use perf_event::{Builder, Counter};

use super::usage::Counts;

/// Where the id of the system call event is told, in the order in which it is looked for.
const TRACEFS: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/// Counters of one server, from its first instruction on. What could not be had is missing, and why
/// is told.
#[derive(Debug, Default)]
pub struct Counters {
    syscalls: Option<Counter>,
    switches: Option<Counter>,
    /// Why system calls can't be counted here, and what would help; for people.
    pub no_syscalls: Option<String>,
    /// The same of context switches.
    pub no_switches: Option<String>,
}

impl Counters {
    /// Counts all that process `pid` and its descendants do from now on. It must have no thread but its
    /// first.
    pub fn attach(pid: u32) -> Self {
        let mut counters = Self::default();
        let pid = pid.cast_signed();
        match syscall_event().and_then(|event| counter(event, pid).map_err(|error| refused(&error))) {
            Ok(counter) => counters.syscalls = Some(counter),
            Err(why) => counters.no_syscalls = Some(format!("system calls can't be counted: {why}")),
        }
        match counter(Software::CONTEXT_SWITCHES, pid) {
            Ok(counter) => counters.switches = Some(counter),
            Err(error) => {
                counters.no_switches =
                    Some(format!("context switches can't be counted: {}", refused(&error)));
            }
        }
        counters
    }

    /// Whether there is nothing that can be counted here.
    pub fn nothing(&self) -> bool {
        self.syscalls.is_none() && self.switches.is_none()
    }

    /// All that has been counted since it was attached.
    pub fn read(&mut self) -> Counts {
        let read = |counter: &mut Option<Counter>| counter.as_mut()?.read().ok();
        Counts { syscalls: read(&mut self.syscalls), switches: read(&mut self.switches) }
    }
}

fn counter(event: impl Event, pid: i32) -> io::Result<Counter> {
    Builder::new(event).observe_pid(pid).include_kernel().inherit(true).enabled(true).build()
}

/// The event at which every system call passes by, or why it can't be had.
fn syscall_event() -> Result<Tracepoint, String> {
    let mut denied = false;
    for root in TRACEFS {
        match fs::read_to_string(format!("{root}/events/raw_syscalls/sys_enter/id")) {
            Ok(id) => {
                let id = id.trim().parse().map_err(|_| format!("{root} tells no id but '{}'", id.trim()))?;
                return Ok(Tracepoint::with_id(id));
            }
            Err(error) => denied |= error.kind() == io::ErrorKind::PermissionDenied,
        }
    }
    Err(if denied {
        "only root may read the kernel's list of events; run it as root".into()
    } else {
        format!(
            "the kernel's list of events is not mounted; as root: mount -t tracefs tracefs {}",
            TRACEFS[0]
        )
    })
}

fn refused(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "the kernel does not allow it; run it as root, or: sysctl kernel.perf_event_paranoid=1".into()
        }
        io::ErrorKind::NotFound | io::ErrorKind::Unsupported => {
            format!("this kernel has no such event ({error})")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_not_there_counts_nothing_and_says_why() {
        // Linux gives no process an id above 2^22.
        let mut counters = Counters::attach((1 << 22) + 1);
        assert_eq!(counters.read(), Counts::default());
        assert!(counters.no_syscalls.is_some() && counters.no_switches.is_some(), "{counters:?}");
    }

    #[test]
    fn a_refusal_says_what_would_help() {
        let why = refused(&io::ErrorKind::PermissionDenied.into());
        assert!(why.contains("perf_event_paranoid"), "{why}");
    }
}
