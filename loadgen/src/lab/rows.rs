//! The servers that can face a scenario: the phases, phases with one mechanism changed, the canned
//! one, and the user's own.

use std::fmt;
use std::net::SocketAddr;

use super::scenario::Scenario;
use super::target::Target;
use crate::engine::Plan;

/// One step of the climb.
#[derive(Debug, PartialEq, Eq)]
pub struct Phase {
    /// The crate's name, which is also the argument of `loadgen serve`.
    pub name: &'static str,
    /// The one idea that it adds.
    pub idea: &'static str,
    /// How many requests it can wait for at a time when started without options; `None` where only
    /// the number of connections limits that.
    pub workers: Option<u32>,
    /// Whether it answers more than one request on a connection.
    pub keeps: bool,
    /// The option that gives each connection a thread of its own, where there is one.
    pub thread_each: Option<&'static str>,
}

macro_rules! climb {
    ($($phase:ident = $name:literal { help: $help:literal, $($field:ident: $value:expr,)+ })+) => {
        /// The climb, slowest first.
        pub const PHASES: &[Phase] = &[$(Phase { name: $name, $($field: $value),+ }),+];
    };
}
crate::phases!(climb);

/// The name of the server that answers with canned bytes.
pub const CANNED: &str = "canned";

/// Stands between the mechanisms of a row that is without several.
pub const AND: &str = " and ";

/// What an option takes away from a phase, in words.
const MECHANISMS: [(&str, &str); 6] = [
    ("--workers 1", "all workers but one"),
    ("--spawn", "the pool"),
    ("--fresh-buffers", "pooled buffers"),
    ("--close", "keep-alive"),
    ("--read-every-head", "remembered heads"),
    ("--parser textbook", "the zero-copy parser"),
];

/// The phase of that name.
pub fn phase(name: &str) -> Option<&'static Phase> {
    PHASES.iter().find(|phase| phase.name == name)
}

/// The phases' names in one line, for messages.
pub fn phase_names() -> String {
    PHASES.iter().map(|phase| phase.name).collect::<Vec<_>>().join(", ")
}

/// What a row stands for. The names are part of `run.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A phase as it starts without options.
    Phase,
    /// A phase with one mechanism turned off or changed, so that its gain can be told apart.
    Ablation,
    /// The canned server: what can be done at the most.
    Floor,
    /// One of the user's.
    Target,
}

impl Kind {
    /// The name in `run.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phase => "phase",
            Self::Ablation => "ablation",
            Self::Floor => "floor",
            Self::Target => "target",
        }
    }
}

/// One line of a scenario's table: a server, and how it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// One of the lab's.
    Phase {
        /// Which.
        phase: &'static Phase,
        /// What follows the phase's name on its command line.
        options: Vec<String>,
    },
    /// The canned server.
    Canned,
    /// One of the user's.
    Target(Target),
}

impl Row {
    /// Reads a row as scenarios write it: a phase's name, then the options it is started with, or `canned`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default();
        if name == CANNED {
            // Whether it closes and what it answers is the scenario's to say.
            return match words.next() {
                None => Ok(Self::Canned),
                Some(option) => Err(format!("{CANNED} takes no options here, and there is {option}")),
            };
        }
        let phase = phase(name)
            .ok_or_else(|| format!("there is no phase '{name}'; the phases are {}", phase_names()))?;
        Ok(Self::Phase { phase, options: words.map(str::to_owned).collect() })
    }

    /// The phase that it is, or that it is a variant of.
    pub fn phase(&self) -> Option<&'static Phase> {
        if let Self::Phase { phase, .. } = self { Some(phase) } else { None }
    }

    fn options(&self) -> &[String] {
        if let Self::Phase { options, .. } = self { options } else { &[] }
    }

    /// What it stands for.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Phase { options, .. } if options.is_empty() => Kind::Phase,
            Self::Phase { .. } => Kind::Ablation,
            Self::Canned => Kind::Floor,
            Self::Target(_) => Kind::Target,
        }
    }

    /// The idea that this row shows.
    pub fn idea(&self) -> String {
        match self {
            Self::Canned => "canned bytes and nothing else".to_owned(),
            Self::Target(target) => target.to_string(),
            Self::Phase { phase, options } => match options.as_slice() {
                [] => phase.idea.to_owned(),
                [only] if only == "--spawn" => "a thread for each connection".to_owned(),
                _ => self.without().map_or_else(
                    || format!("{}, with {}", phase.idea, options.join(" ")),
                    |mechanism| format!("without {mechanism}"),
                ),
            },
        }
    }

    /// The mechanisms that an ablation is without, in the order of its options, where all are known by name.
    pub fn without(&self) -> Option<String> {
        let options = self.options().join(" ");
        let mut rest = options.as_str();
        let mut mechanisms = Vec::new();
        while !rest.is_empty() {
            let mut known = MECHANISMS.iter();
            let (after, mechanism) = known.find_map(|(option, mechanism)| {
                let after = rest.strip_prefix(option)?;
                (after.is_empty() || after.starts_with(' ')).then_some((after, mechanism))
            })?;
            mechanisms.push(*mechanism);
            rest = after.trim_start();
        }
        (!mechanisms.is_empty()).then(|| mechanisms.join(AND))
    }

    /// What is fired at it.
    pub(super) fn plan(&self, scenario: &Scenario, addr: SocketAddr, cpus: &[usize]) -> Plan {
        let mut plan = scenario.plan(addr, cpus);
        if matches!(self, Self::Target(_)) {
            // What it answers is its own affair; the status is checked.
            plan.expect.body = None;
        }
        plan
    }

    /// How many requests it can wait for at a time; `None` where only connections limit that.
    pub fn workers(&self) -> Option<u32> {
        let workers = self.phase()?.workers?;
        let options = self.options();
        let own = options.iter().position(|option| option == "--workers").map(|at| options.get(at + 1));
        match own {
            // Whoever can't be read is refused by the server itself.
            Some(number) => number?.parse().ok(),
            None if options.iter().any(|option| option == "--spawn") => None,
            None => Some(workers),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phase { phase, options } => {
                formatter.write_str(phase.name)?;
                options.iter().try_for_each(|option| write!(formatter, " {option}"))
            }
            Self::Canned => formatter.write_str(CANNED),
            Self::Target(target) => formatter.write_str(&target.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_and_prints_as_its_command_line() {
        let row = Row::parse("phase1-threads  --spawn").unwrap();
        assert_eq!(row.to_string(), "phase1-threads --spawn");
        assert_eq!((row.kind(), row.workers()), (Kind::Ablation, None));
        let workers = |text: &str| Row::parse(text).unwrap().workers();
        assert_eq!((workers("phase1-threads"), workers("phase1-threads --workers 1")), (Some(10), Some(1)));
        assert_eq!((workers("phase3-pooled --workers 2"), workers("canned")), (None, None));
        assert_eq!(Row::parse("phase0-serial").unwrap().kind(), Kind::Phase);
        assert_eq!(Row::parse("canned").unwrap().kind(), Kind::Floor);
    }

    #[test]
    fn an_ablation_says_what_it_is_without() {
        let row = Row::parse("phase4-keepalive --parser textbook").unwrap();
        assert_eq!(row.without().as_deref(), Some("the zero-copy parser"));
        assert_eq!(row.idea(), "without the zero-copy parser");
        let both = Row::parse("phase4-keepalive --read-every-head --parser textbook").unwrap();
        assert_eq!(both.without().as_deref(), Some("remembered heads and the zero-copy parser"));
        assert_eq!(Row::parse("phase1-threads --workers 12").unwrap().without(), None);
        let partly = Row::parse("phase4-keepalive --close --workers 2").unwrap();
        assert_eq!((partly.without(), Row::Canned.without()), (None, None));
        let other = Row::parse("phase3-pooled --workers 4").unwrap();
        assert_eq!((other.without(), other.kind()), (None, Kind::Ablation));
        assert!(other.idea().ends_with("with --workers 4"), "{}", other.idea());
    }

    #[test]
    fn an_unknown_phase_is_answered_with_the_known_ones() {
        let message = Row::parse("phase9").unwrap_err();
        assert!(message.contains("'phase9'") && message.contains("phase4-keepalive"), "{message}");
        assert!(Row::parse("canned --close").unwrap_err().contains("no options"));
    }
}
