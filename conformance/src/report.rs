//! The verdicts on one server, for people (`Display`) and for scripts (`Serialize`).

use std::fmt;
use std::net::SocketAddr;

use serde::Serialize;

use crate::case::{Case, Kind};
use crate::run::Verdict;

/// The verdicts on one server.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The profile's name.
    pub server: String,
    /// Where it listened.
    pub addr: SocketAddr,
    /// A row for each case, in the order of the suite.
    pub rows: Vec<Row>,
}

/// One case and its verdict.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The case's name.
    pub name: String,
    /// The rule that it shows, 1 to 30.
    pub rule: u8,
    /// RFC and section.
    pub section: &'static str,
    /// What a wrong answer costs.
    pub kind: Kind,
    /// Why the answer must be so.
    pub why: &'static str,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl Row {
    pub(crate) fn new(case: &Case, verdict: Verdict) -> Self {
        let Case { name, rule, section, kind, why, .. } = case;
        Self { name: name.to_string(), rule: *rule, section, kind: *kind, why, verdict }
    }
}

/// How many cases met each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The right outcome.
    pub passed: usize,
    /// An allowed one that is not the right one.
    pub tolerated: usize,
    /// None of the allowed ones.
    pub failed: usize,
    /// The server does not offer what the case is about.
    pub not_offered: usize,
}

impl Report {
    /// Whether no case failed.
    pub fn conforms(&self) -> bool {
        self.counts().failed == 0
    }

    /// The rows that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| matches!(row.verdict, Verdict::Failed(_)))
    }

    /// How many cases met each verdict.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in &self.rows {
            *match row.verdict {
                Verdict::Passed => &mut counts.passed,
                Verdict::Tolerated { .. } => &mut counts.tolerated,
                Verdict::Failed(_) => &mut counts.failed,
                Verdict::NotOffered { .. } => &mut counts.not_offered,
            } += 1;
        }
        counts
    }
}

impl fmt::Display for Report {
    /// A line for each case that did not simply pass, then the failures at length, then the counts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            match &row.verdict {
                Verdict::Passed => {}
                Verdict::Tolerated { outcome } => writeln!(f, "tolerated  {} ({outcome})", row.name)?,
                Verdict::NotOffered { need } => writeln!(f, "not offered  {} (needs {need})", row.name)?,
                Verdict::Failed(_) => writeln!(f, "{row}")?,
            }
        }
        let Counts { passed, tolerated, failed, not_offered } = self.counts();
        write!(
            f,
            "{} at {}: {passed} passed, {tolerated} tolerated, {failed} failed, {not_offered} not offered",
            self.server, self.addr
        )
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict::Failed(failure) = &self.verdict else { return f.write_str(&self.name) };
        let kind = match self.kind {
            Kind::Security => "security",
            Kind::Compliance => "compliance",
        };
        writeln!(f, "FAILED  {} (rule {}, RFC {}, {kind})", self.name, self.rule, self.section)?;
        writeln!(f, "  what      {}, sent {}", failure.miss, failure.delivery)?;
        writeln!(f, "  why       {}", self.why)?;
        writeln!(f, "  expected  {}", failure.expected)?;
        writeln!(f, "  sent      \"{}\"", failure.sent)?;
        writeln!(f, "  received  \"{}\"", failure.received)?;
        write!(f, "  end       {}", failure.ended)
    }
}
