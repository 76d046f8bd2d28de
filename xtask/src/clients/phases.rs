//! What is served.

use std::time::Duration;

/// A phase, and the way it is run.
#[derive(Debug)]
pub(super) struct Phase {
    /// What a report calls it, and what `--phase` takes.
    pub(super) label: &'static str,
    /// What stands above its column.
    pub(super) short: &'static str,
    /// What follows `loadgen serve`.
    pub(super) args: &'static [&'static str],
    /// It keeps connections. All others close after each answer, and say so.
    pub(super) keeps: bool,
    /// How many connections it reads from at a time; `None` where only their number limits that.
    pub(super) places: Option<usize>,
    /// The deadlines that it has when nobody sets others.
    pub(super) deadlines: Deadlines,
}

/// How long a head, a body and the writing of an answer may take.
#[derive(Debug)]
pub(super) struct Deadlines {
    pub(super) head: Duration,
    pub(super) body: Duration,
    pub(super) write: Duration,
}

/// Where a silent client is in others' way.
const SHORT: Deadlines =
    Deadlines { head: Duration::from_secs(2), body: Duration::from_secs(5), write: Duration::from_secs(5) };
/// Where it is not.
const LONG: Deadlines = Deadlines {
    head: Duration::from_secs(10),
    body: Duration::from_secs(30),
    write: Duration::from_secs(30),
};

/// All of them, in the order of the climb.
pub(super) static PHASES: [Phase; 6] = [
    Phase {
        label: "phase0-serial",
        short: "0-serial",
        args: &["phase0-serial"],
        keeps: false,
        places: Some(1),
        deadlines: SHORT,
    },
    Phase {
        label: "phase1-threads",
        short: "1-threads",
        args: &["phase1-threads"],
        keeps: false,
        places: Some(10),
        deadlines: SHORT,
    },
    Phase {
        label: "phase1-threads --spawn",
        short: "1-spawn",
        args: &["phase1-threads", "--spawn"],
        keeps: false,
        places: None,
        deadlines: SHORT,
    },
    Phase {
        label: "phase2-async",
        short: "2-async",
        args: &["phase2-async"],
        keeps: false,
        places: None,
        deadlines: LONG,
    },
    Phase {
        label: "phase3-pooled",
        short: "3-pooled",
        args: &["phase3-pooled"],
        keeps: false,
        places: None,
        deadlines: LONG,
    },
    Phase {
        label: "phase4-keepalive",
        short: "4-keepalive",
        args: &["phase4-keepalive"],
        keeps: true,
        places: None,
        deadlines: LONG,
    },
];

/// What `--phase` takes.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PHASES.iter().map(|phase| phase.label)
}

/// Those that `--phase` named, by label or by the crate's name; all of them if it named none.
pub(super) fn chosen(names: &[String]) -> Vec<&'static Phase> {
    let is_chosen = |phase: &Phase| names.iter().any(|name| name == phase.label || name == phase.args[0]);
    PHASES.iter().filter(|phase| names.is_empty() || is_chosen(phase)).collect()
}

#[cfg(test)]
mod tests {
    use super::chosen;

    fn labels(names: &[&str]) -> Vec<&'static str> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        chosen(&names).into_iter().map(|phase| phase.label).collect()
    }

    #[test]
    fn a_crate_name_means_every_way_to_run_it() {
        assert_eq!(labels(&["phase1-threads"]), ["phase1-threads", "phase1-threads --spawn"]);
        assert_eq!(labels(&["phase1-threads --spawn"]), ["phase1-threads --spawn"]);
        assert_eq!(labels(&[]).len(), 6);
    }
}
