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

/// The deadline for all three that is set where the servers' own are not asked for.
const SHORT: Duration = Duration::from_secs(2);

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
            format!("with deadlines of {SHORT:?} for head, body and write in place of the servers' own")
        }
    }

    /// What is added to the server's command line.
    pub(super) fn flags(&self) -> Vec<String> {
        if self.default_deadlines {
            return Vec::new();
        }
        let flags = ["--head-timeout", "--body-timeout", "--write-timeout"];
        flags.map(|flag| format!("{flag}={}s", SHORT.as_secs())).into()
    }

    /// When `phase` must have had enough of a client that is slow in this way.
    pub(super) fn deadline(&self, attack: Attack, phase: &Phase) -> Duration {
        if !self.default_deadlines {
            return SHORT;
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
