//! Descriptors: every connection needs one on each side.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a process needs besides its connections: listener, poll, timers, files, some air.
const RESERVE: u64 = 64;

/// Makes room for `connections` in this process and in those that it starts, or says what to do.
///
/// The soft limit is raised as far as the hard one allows; servers inherit it.
pub fn make_room(connections: usize) -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    let needed = (connections as u64).saturating_add(RESERVE);
    check(connections, limit.maximum)?;
    if limit.current.is_some_and(|current| current < needed) {
        let raised = Rlimit { current: limit.maximum.or(Some(needed)), maximum: limit.maximum };
        setrlimit(Resource::Nofile, raised)
            .map_err(|error| format!("could not raise the limit of open files to {needed}: {error}"))?;
    }
    Ok(())
}

/// Holds `connections` against the hard limit; `None` is no limit.
fn check(connections: usize, hard: Option<u64>) -> Result<(), String> {
    let needed = (connections as u64).saturating_add(RESERVE);
    match hard {
        Some(hard) if hard < needed => Err(format!(
            "{connections} connections need {needed} open files, but the hard limit is {hard} (ulimit -Hn), and \
             only root can raise that: prlimit --pid $$ --nofile={needed}; otherwise use -c {}",
            hard.saturating_sub(RESERVE).max(1)
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn too_many_connections_are_told_how_many_would_fit() {
        let message = check(5000, Some(1024)).unwrap_err();
        assert!(
            message.contains("hard limit is 1024") && message.contains("=5064") && message.contains("-c 960"),
            "{message}"
        );
        assert!(check(960, Some(1024)).is_ok() && check(usize::MAX / 2, None).is_ok());
    }
}
