//! What is served: every phase of the climb, in each way that it is run.

use std::sync::LazyLock;
use std::time::Duration;

use loadgen::lab::Way;
use loadgen::serve;

/// A phase, and the way it is run.
#[derive(Debug)]
pub(super) struct Phase {
    /// What a report calls it, and what `--phase` takes.
    pub(super) label: String,
    /// What stands above its column.
    pub(super) short: String,
    /// What follows `loadgen serve`.
    pub(super) args: Vec<&'static str>,
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

/// All of them, in the order of the climb.
static PHASES: LazyLock<Vec<Phase>> =
    LazyLock::new(|| Way::all().into_iter().filter_map(Phase::run_as).collect());

impl Phase {
    fn run_as(way: Way) -> Option<Self> {
        let options = serve::defaults(way.phase().name)?;
        let label = way.to_string();
        Some(Self {
            short: short(&label),
            label,
            args: way.words().collect(),
            keeps: way.persists(),
            places: (!way.serves_others_meanwhile()).then(|| way.at_once()),
            deadlines: Deadlines {
                head: options.head_timeout,
                body: options.body_timeout,
                write: options.write_timeout,
            },
        })
    }
}

/// A column has no room for more than the number and a word: of an option where there is one.
fn short(label: &str) -> String {
    let name = label.strip_prefix("phase").unwrap_or(label);
    match (name.split_once('-'), label.split_once(" --")) {
        (Some((number, _)), Some((_, option))) => format!("{number}-{option}"),
        _ => name.to_owned(),
    }
}

/// What `--phase` takes.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PHASES.iter().map(|phase| phase.label.as_str())
}

/// Those that `--phase` named, by label or by the crate's name; all of them if it named none.
pub(super) fn chosen(names: &[String]) -> Vec<&'static Phase> {
    let is_chosen = |phase: &Phase| names.iter().any(|name| *name == phase.label || name == phase.args[0]);
    PHASES.iter().filter(|phase| names.is_empty() || is_chosen(phase)).collect()
}

#[cfg(test)]
mod tests {
    use super::{chosen, short};

    fn labels(names: &[&str]) -> Vec<&'static str> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        chosen(&names).into_iter().map(|phase| phase.label.as_str()).collect()
    }

    #[test]
    fn a_crate_name_means_every_way_to_run_it() {
        assert_eq!(labels(&["phase1-threads"]), ["phase1-threads", "phase1-threads --spawn"]);
        assert_eq!(labels(&["phase1-threads --spawn"]), ["phase1-threads --spawn"]);
        assert!(labels(&[]).len() >= 6);
    }

    #[test]
    fn a_column_is_headed_by_a_number_and_a_word() {
        assert_eq!(["phase0-serial", "phase1-threads --spawn"].map(short), ["0-serial", "1-spawn"]);
    }
}
