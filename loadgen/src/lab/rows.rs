//! The servers that can face a scenario: the five phases, and phases with one mechanism changed.

use std::fmt;

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
}

/// The climb, slowest first.
pub const PHASES: [Phase; 5] = [
    Phase { name: "phase0-serial", idea: "one connection at a time", workers: Some(1) },
    Phase { name: "phase1-threads", idea: "a pool of ten threads", workers: Some(10) },
    Phase { name: "phase2-async", idea: "a tokio task per connection", workers: None },
    Phase { name: "phase3-pooled", idea: "its own event loop, pooled buffers", workers: None },
    Phase { name: "phase4-keepalive", idea: "keep-alive, pipelining, zero-copy", workers: None },
];

/// The phase of that name.
pub fn phase(name: &str) -> Option<&'static Phase> {
    PHASES.iter().find(|phase| phase.name == name)
}

/// The phases' names in one line, for messages.
pub fn phase_names() -> String {
    PHASES.map(|phase| phase.name).join(", ")
}

/// What a row stands for. The names are part of `run.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A phase as it starts without options.
    Phase,
    /// A phase with one mechanism turned off or changed, so that its gain can be told apart.
    Ablation,
}

impl Kind {
    /// The name in `run.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phase => "phase",
            Self::Ablation => "ablation",
        }
    }
}

/// One line of a scenario's table: a server, and how it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The phase that serves it.
    pub phase: &'static Phase,
    /// What follows the phase's name on its command line.
    pub options: Vec<String>,
}

impl Row {
    /// Reads a row as scenarios write it: a phase's name, then the options it is started with.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default();
        let phase = phase(name)
            .ok_or_else(|| format!("there is no phase '{name}'; the phases are {}", phase_names()))?;
        Ok(Self { phase, options: words.map(str::to_owned).collect() })
    }

    /// Whether it is the phase itself or a variant of it.
    pub fn kind(&self) -> Kind {
        if self.options.is_empty() { Kind::Phase } else { Kind::Ablation }
    }

    /// The idea that this row shows.
    pub fn idea(&self) -> String {
        match self.options.as_slice() {
            [] => self.phase.idea.to_owned(),
            [only] if only == "--spawn" => "a thread for each connection".to_owned(),
            options => format!("{}, with {}", self.phase.idea, options.join(" ")),
        }
    }

    /// How many requests it can wait for at a time; `None` where only connections limit that.
    pub fn workers(&self) -> Option<u32> {
        // An option may change how many there are, and a ceiling that is wrong is worse than none.
        if self.options.is_empty() { self.phase.workers } else { None }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.phase.name)?;
        self.options.iter().try_for_each(|option| write!(formatter, " {option}"))
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
        assert_eq!(Row::parse("phase0-serial").unwrap().kind(), Kind::Phase);
    }

    #[test]
    fn an_unknown_phase_is_answered_with_the_known_ones() {
        let message = Row::parse("phase9").unwrap_err();
        assert!(message.contains("'phase9'") && message.contains("phase4-keepalive"), "{message}");
    }
}
