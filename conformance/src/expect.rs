//! What may come back: the vocabulary in which a case states its allowed outcomes.

use std::fmt;
use std::ops::RangeInclusive;

/// One allowed course of a connection: these answers in this order, then this end.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The final answers. A server that closes after each response owes only the first of them.
    pub answers: Vec<Answer>,
    /// What becomes of the connection after the last one.
    pub end: End,
}

/// What becomes of the connection after the last answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server may keep the connection; once we half-close it, it must close without another byte.
    MayPersist,
    /// The server closes by itself. A reset is let pass if every answer was read whole before it.
    Closes,
    /// The server closes with a FIN: a reset could have eaten the answer on a slower network.
    ClosesInOrder,
}

/// One final answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The statuses that are right.
    pub statuses: Vec<RangeInclusive<u16>>,
    /// What else must hold.
    pub checks: Vec<Check>,
    /// Whether `100 Continue` may come first.
    pub interim: bool,
}

/// Something that must hold of an answer besides its status.
#[derive(Clone, Debug)]
pub enum Check {
    /// The field is there.
    Has(&'static str),
    /// The field is not there.
    Lacks(&'static str),
    /// The field is there once, with this value.
    Is(&'static str, String),
    /// The comma-separated field has this member, in any case.
    Lists(&'static str, &'static str),
    /// `Date` is an IMF-fixdate (RFC 9110 section 5.6.7).
    Dated,
    /// The body is exactly this.
    Body(Vec<u8>),
    /// The body has this many bytes.
    BodyLength(usize),
    /// The body has these bytes somewhere in it.
    BodyHas(Vec<u8>),
    /// The body does not have these bytes, in any case, anywhere in it.
    BodyLacks(Vec<u8>),
}

/// An answer with this status.
pub fn status(status: u16) -> Answer {
    one_of(&[status])
}

/// An answer with one of these statuses.
pub fn one_of(statuses: &[u16]) -> Answer {
    Answer {
        statuses: statuses.iter().map(|&status| status..=status).collect(),
        checks: Vec::new(),
        interim: false,
    }
}

/// An answer with any status from `first` to `last`.
pub fn between(first: u16, last: u16) -> Answer {
    Answer { statuses: vec![first..=last], checks: Vec::new(), interim: false }
}

impl Answer {
    /// Adds a check.
    #[must_use]
    pub fn with(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// The body is exactly `body`.
    #[must_use]
    pub fn body(self, body: impl AsRef<[u8]>) -> Self {
        self.with(Check::Body(body.as_ref().to_vec()))
    }

    /// `100 Continue` may come first.
    #[must_use]
    pub fn maybe_after_100(mut self) -> Self {
        self.interim = true;
        self
    }

    /// Says that it is the connection's last.
    #[must_use]
    pub fn saying_close(self) -> Self {
        self.with(Check::Lists("Connection", "close"))
    }
}

impl Outcome {
    /// These answers; the connection may live on.
    pub fn answers(answers: impl Into<Vec<Answer>>) -> Self {
        Self { answers: answers.into(), end: End::MayPersist }
    }

    /// These answers, the last saying close; then the server closes.
    pub fn then_close(answers: impl Into<Vec<Answer>>) -> Self {
        let mut answers = answers.into();
        let last = answers.pop().map(Answer::saying_close);
        answers.extend(last);
        Self { answers, end: End::Closes }
    }

    /// One answer with one of `statuses`, saying close; then the server closes. What [`then_close`]
    /// is for one answer.
    ///
    /// [`then_close`]: Self::then_close
    pub fn refusal(statuses: &[u16]) -> Self {
        Self::then_close([one_of(statuses)])
    }

    /// The server closes without a byte.
    pub fn silence() -> Self {
        Self { answers: Vec::new(), end: End::Closes }
    }

    /// The close must be a FIN.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.end = End::ClosesInOrder;
        self
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.answers.is_empty() {
            f.write_str("no answer")?;
        }
        // A thousand pipelined answers are told by their first few.
        for (index, answer) in self.answers.iter().take(5).enumerate() {
            write!(f, "{}{answer}", if index == 0 { "" } else { ", then " })?;
        }
        if self.answers.len() > 5 {
            write!(f, ", … {} answers in all", self.answers.len())?;
        }
        f.write_str(match self.end {
            End::MayPersist => "",
            End::Closes => "; then close",
            End::ClosesInOrder => "; then close by FIN",
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.statuses.iter().enumerate() {
            let separator = if index == 0 { "" } else { " or " };
            match (range.start(), range.end()) {
                (first, last) if first == last => write!(f, "{separator}{first}")?,
                (first, last) => write!(f, "{separator}{first}–{last}")?,
            }
        }
        for check in &self.checks {
            write!(f, " {check}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::escape::escape;
        match self {
            Self::Has(name) => write!(f, "with {name}"),
            Self::Lacks(name) => write!(f, "without {name}"),
            Self::Is(name, value) => write!(f, "with `{name}: {value}`"),
            Self::Lists(name, member) => write!(f, "with {member} in {name}"),
            Self::Dated => f.write_str("with an IMF-fixdate in Date"),
            Self::Body(body) if body.is_empty() => f.write_str("with no body"),
            Self::Body(body) if body.len() > 80 => write!(f, "with the right body of {} bytes", body.len()),
            Self::Body(body) => write!(f, "with body \"{}\"", escape(body)),
            Self::BodyLength(length) => write!(f, "with a body of {length} bytes"),
            Self::BodyHas(part) => write!(f, "with \"{}\" in its body", escape(part)),
            Self::BodyLacks(part) => write!(f, "without \"{}\" in its body", escape(part)),
        }
    }
}
