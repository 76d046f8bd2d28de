//! How a request can fail. The names are part of the JSON that scripts rely on.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

/// Why a request was not answered as expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The server refused the connection or it could not be opened.
    Connect,
    /// Reading failed, for another reason than a reset.
    Read,
    /// Writing failed, for another reason than a reset.
    Write,
    /// Nothing, or not all of it, came within the plan's timeout.
    Timeout,
    /// The peer reset the connection.
    Reset,
    /// The peer closed before the response was whole.
    ShortBody,
    /// The bytes were not an HTTP/1.1 response.
    Malformed,
    /// Another status than expected.
    Status,
    /// Another body than expected.
    WrongBody,
    /// The client itself ran out: no source port, no descriptor. It makes a run invalid, not slow.
    Client,
}

impl ErrorKind {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Self; 10] = [
        Self::Connect,
        Self::Read,
        Self::Write,
        Self::Timeout,
        Self::Reset,
        Self::ShortBody,
        Self::Malformed,
        Self::Status,
        Self::WrongBody,
        Self::Client,
    ];

    /// The name in `run.json` and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Read => "read",
            Self::Write => "write",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::ShortBody => "short_body",
            Self::Malformed => "malformed",
            Self::Status => "status",
            Self::WrongBody => "wrong_body",
            Self::Client => "client",
        }
    }
}

/// A count for each [`ErrorKind`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "BTreeMap<ErrorKind, u64>", from = "BTreeMap<ErrorKind, u64>")]
pub struct Errors([u64; ErrorKind::ALL.len()]);

impl Errors {
    /// Counts one more of `kind`.
    pub fn add(&mut self, kind: ErrorKind) {
        self.0[kind as usize] += 1;
    }

    /// How many there were of `kind`.
    pub fn count(&self, kind: ErrorKind) -> u64 {
        self.0[kind as usize]
    }

    /// How many there were of any kind.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Adds another thread's or trial's counts.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// Every kind with its count, zeros too, in the order of [`ErrorKind::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (ErrorKind, u64)> + '_ {
        ErrorKind::ALL.into_iter().map(|kind| (kind, self.count(kind)))
    }
}

impl From<Errors> for BTreeMap<ErrorKind, u64> {
    fn from(errors: Errors) -> Self {
        errors.iter().filter(|&(_, count)| count > 0).collect()
    }
}

impl From<BTreeMap<ErrorKind, u64>> for Errors {
    fn from(counts: BTreeMap<ErrorKind, u64>) -> Self {
        let mut errors = Self::default();
        for (kind, count) in counts {
            errors.0[kind as usize] = count;
        }
        errors
    }
}

/// What the operating system said, as people know it and as it goes into a sentence: "no such file or
/// directory" where the kind of the error would say "entity not found".
pub(super) fn in_words(error: &io::Error) -> String {
    let mut text = error.to_string();
    // The number says the same once more, to fewer people.
    if let Some(end) = text.rfind(" (os error ") {
        text.truncate(end);
    }
    // A word that goes on in capitals is a name.
    if !text.chars().nth(1).is_some_and(char::is_uppercase)
        && let Some(first) = text.get_mut(..1)
    {
        first.make_ascii_lowercase();
    }
    text
}

/// Why an attack could not be started. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The plan contradicts itself or asks for nothing.
    #[error("{0}")]
    Plan(String),
    /// More connections than this process may have open files.
    #[error(
        "{connections} connections need {needed} open files, but the hard limit is {limit} (ulimit -Hn), and only \
         root can raise that: prlimit --pid $$ --nofile={needed}, or LimitNOFILE= of the service; otherwise use \
         fewer connections (-c, --idle)"
    )]
    Descriptors {
        /// Connections that the plan asks for.
        connections: usize,
        /// Descriptors that this process needs for them and for itself.
        needed: u64,
        /// The hard limit; the soft one is raised as far as that without a word.
        limit: u64,
    },
    /// A thread can't be pinned where the plan wants it.
    #[error(
        "can't pin a thread to CPU {cpu}: no such CPU, or not allowed for this process (see `taskset -p $$`)"
    )]
    Pin {
        /// The CPU's number.
        cpu: usize,
    },
    /// The operating system refused something that every run needs.
    #[error("{what}: {source}")]
    Setup {
        /// What was attempted.
        what: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}

impl EngineError {
    /// The caller asked for something impossible (exit code 2), rather than the machine failing it (1).
    pub fn is_bad_argument(&self) -> bool {
        !matches!(self, Self::Setup { .. })
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn an_error_is_told_in_the_words_that_people_know() {
        for (errno, words) in [
            (Errno::CONNREFUSED, "connection refused"),
            (Errno::CONNRESET, "connection reset by peer"),
            (Errno::NOENT, "no such file or directory"),
            (Errno::IO, "input/output error"),
        ] {
            assert_eq!(in_words(&errno.into()), words);
        }
        assert_eq!(in_words(&io::Error::other("TLS is not spoken")), "TLS is not spoken");
        assert_eq!(in_words(&io::Error::other("")), "");
    }
}
