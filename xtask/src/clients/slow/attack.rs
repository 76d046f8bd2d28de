//! The ways to be slow, and the deadline that ends each.

use std::time::Duration;

use clap::ValueEnum;

use super::super::phases::Phase;

/// A way to be slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum Attack {
    /// A head that never ends, a field at a time
    Headers,
    /// A body that never ends, a few bytes at a time
    Body,
    /// A large answer, read a few bytes at a time through a small window
    Read,
}

/// What to run, and under which deadlines.
#[derive(Debug)]
pub(in super::super) struct Choice {
    pub(super) attacks: Vec<Attack>,
    default_deadlines: bool,
}

/// The deadline for all three that is set where the servers' own are not asked for. Where clients have to
/// wait for their turn to be slow it is shorter, so that two hundred of them have theirs within a minute.
fn short(phase: &Phase) -> Duration {
    Duration::from_millis(match phase.places {
        None => 2_000,
        Some(1) => 250,
        Some(_) => 1_000,
    })
}

/// How long such a phase then listens to a client that has not closed: slowhttptest looks once a second.
const SHORT_DRAIN: &str = "100ms";

/// Slow connections to a phase…
const CONNECTIONS: usize = 200;
/// …and under the servers' own deadlines for each place, where places are few: more would take hours.
const CONNECTIONS_PER_PLACE: usize = 10;

impl Choice {
    /// These attacks, or all of them if there are none, under short deadlines or the servers' own.
    pub(in super::super) fn new(attacks: &[Attack], default_deadlines: bool) -> Self {
        let attacks = if attacks.is_empty() { Attack::value_variants() } else { attacks };
        Self { attacks: attacks.to_vec(), default_deadlines }
    }

    pub(super) fn describe(&self) -> String {
        if self.default_deadlines {
            "with the servers' own deadlines".to_owned()
        } else {
            "with short deadlines for head, body and write in place of the servers' own".to_owned()
        }
    }

    /// What is added to the server's command line.
    pub(super) fn flags(&self, phase: &Phase) -> Vec<String> {
        if self.default_deadlines {
            return Vec::new();
        }
        let deadlines = ["--head-timeout", "--body-timeout", "--write-timeout"];
        let mut flags: Vec<_> =
            deadlines.iter().map(|flag| format!("{flag}={}ms", short(phase).as_millis())).collect();
        if phase.places.is_some() {
            flags.push(format!("--drain-timeout={SHORT_DRAIN}"));
        }
        flags
    }

    /// How many slow connections `phase` faces.
    pub(super) fn connections(&self, phase: &Phase) -> usize {
        match phase.places {
            Some(places) if self.default_deadlines => places * CONNECTIONS_PER_PLACE,
            _ => CONNECTIONS,
        }
    }

    /// When `phase` must have had enough of a client that is slow in this way.
    pub(super) fn deadline(&self, attack: Attack, phase: &Phase) -> Duration {
        if !self.default_deadlines {
            return short(phase);
        }
        match attack {
            Attack::Headers => phase.deadlines.head,
            Attack::Body => phase.deadlines.body,
            Attack::Read => phase.deadlines.write,
        }
    }
}

/// As many bytes as Linux lets a socket's send buffer grow to by default, which counts what it needs for
/// keeping them as well: it never holds all of them, so the server has to wait for the reader. No more,
/// because each slow reader costs the server its answer twice, and the kernel a buffer.
const LARGE_ANSWER: &str = "/bytes?n=4194304";

impl Attack {
    /// Its name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Headers => "headers",
            Self::Body => "body",
            Self::Read => "read",
        }
    }

    /// What slowhttptest calls it.
    pub(super) fn flag(self) -> &'static str {
        match self {
            Self::Headers => "-H",
            Self::Body => "-B",
            Self::Read => "-X",
        }
    }

    /// How many connections are opened in a second. Slow readers come a few at a time: a processor that
    /// has to fetch two gigabytes of fresh memory at once for them has no time for strangers, and what
    /// that takes says more about the machine than about the server.
    pub(super) fn connections_per_second(self) -> usize {
        match self {
            Self::Headers | Self::Body => 200,
            Self::Read => 10,
        }
    }

    /// What is asked for.
    pub(super) fn target(self) -> &'static str {
        match self {
            Self::Headers => "/",
            Self::Body => "/echo",
            Self::Read => LARGE_ANSWER,
        }
    }
}
