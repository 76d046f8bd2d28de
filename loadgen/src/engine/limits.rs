//! Descriptors: enough of them before the first connection, or a refusal that says what to do.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::errors::EngineError;
use super::plan::Plan;
use super::unasked::BESIDE_MAX;

/// Descriptors for what is opened beside the connections: the threads' epolls, files read in passing.
const RESERVE: u64 = 16;
/// Descriptors that one thread needs beside its connections.
const PER_THREAD: u64 = 4 + BESIDE_MAX as u64;

/// Raises the soft limit on descriptors as far as the plan needs, and refuses a plan beyond the hard one.
pub(super) fn make_room(plan: &Plan) -> Result<(), EngineError> {
    let open = fs::read_dir("/proc/self/fd").map_or(RESERVE, |entries| entries.count() as u64);
    let connections = plan.connections_in_all();
    let needed = (connections as u64).saturating_add(plan.threads as u64 * PER_THREAD + open + RESERVE);
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|soft| soft >= needed) {
        return Ok(());
    }
    if let Some(hard) = limit.maximum
        && hard < needed
    {
        return Err(EngineError::Descriptors { connections, needed, limit: hard });
    }
    // The whole way up to the hard limit: a second run in this process must not have to ask again.
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised)
        .map_err(|error| EngineError::Setup { what: "raising the limit on open files", source: error.into() })
}
