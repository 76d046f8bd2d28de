//! What came of it: clients down, phases across, and the output of what failed beneath.

use std::fmt::{self, Write};
use std::time::Duration;

use super::phases::Phase;

/// How one client got on with one phase.
#[derive(Debug)]
pub(super) enum Outcome {
    Good,
    /// What it had to say, whole.
    Failed(String),
    /// The Debian packages that would bring it.
    Missing(String),
}

/// An outcome, and what time it took.
#[derive(Debug)]
pub(super) struct Cell {
    outcome: Outcome,
    took: Option<Duration>,
}

impl Cell {
    pub(super) fn new(outcome: Outcome) -> Self {
        Self { outcome, took: None }
    }

    pub(super) fn took(outcome: Outcome, took: Duration) -> Self {
        Self { outcome, took: Some(took) }
    }

    /// In a line, for those who watch.
    pub(super) fn describe(&self) -> String {
        let word = match &self.outcome {
            Outcome::Missing(packages) => return format!("not installed (Debian: {packages})"),
            Outcome::Failed(_) => "FAILED",
            Outcome::Good => "ok",
        };
        self.took.map_or_else(|| word.to_owned(), |took| format!("{word:6} {:5.1} s", took.as_secs_f64()))
    }

    fn word(&self) -> &'static str {
        match self.outcome {
            Outcome::Good => "ok",
            Outcome::Failed(_) => "FAILED",
            Outcome::Missing(_) => "not installed",
        }
    }
}

impl From<Result<(), String>> for Cell {
    fn from(result: Result<(), String>) -> Self {
        Self::new(result.map_or_else(Outcome::Failed, |()| Outcome::Good))
    }
}

/// All outcomes. Its text ends with the output of what failed.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<&'static str>,
    columns: Vec<(&'static Phase, Vec<Cell>)>,
}

/// Wide enough for "not installed" and every phase's short name.
const COLUMN_WIDTH: usize = 13;

impl Table {
    /// A table of these clients, with no phase yet.
    pub(super) fn new(rows: impl Iterator<Item = &'static str>) -> Self {
        Self { rows: rows.collect(), columns: Vec::new() }
    }

    /// Adds a phase, with a cell for each client.
    pub(super) fn add(&mut self, phase: &'static Phase, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.rows.len(), "a cell for each client");
        self.columns.push((phase, cells));
    }

    /// Whether nothing failed, and, if all clients are required, none was missing.
    pub(super) fn is_good(&self, require: bool) -> bool {
        self.columns.iter().flat_map(|(_, cells)| cells).all(|cell| match cell.outcome {
            Outcome::Good => true,
            Outcome::Failed(_) => false,
            Outcome::Missing(_) => !require,
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.columns.iter().map(|(phase, _)| phase.short.as_str());
        write_row(f, "", names)?;
        for (row, client) in self.rows.iter().enumerate() {
            write_row(f, client, self.columns.iter().map(|(_, cells)| cells[row].word()))?;
        }
        for (phase, cells) in &self.columns {
            for (client, cell) in self.rows.iter().zip(cells) {
                if let Outcome::Failed(report) = &cell.outcome {
                    writeln!(f, "\n== {client} against {}\n{}", phase.label, report.trim_end())?;
                }
            }
        }
        Ok(())
    }
}

fn write_row(
    f: &mut fmt::Formatter<'_>,
    first: &str,
    rest: impl Iterator<Item = &'static str>,
) -> fmt::Result {
    let mut line = format!("{first:10}");
    for word in rest {
        write!(line, "  {word:COLUMN_WIDTH$}")?;
    }
    writeln!(f, "{}", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::{Cell, Outcome, Table};
    use crate::clients::phases::chosen;

    fn table(outcome: Outcome) -> Table {
        let mut table = Table::new(["curl"].into_iter());
        table.add(chosen(&[])[0], vec![Cell::new(outcome)]);
        table
    }

    #[test]
    fn a_failure_is_quoted_beneath_the_table() {
        let table = table(Outcome::Failed("it said no\n".to_owned()));
        let text = "            0-serial\ncurl        FAILED\n\n== curl against phase0-serial\nit said no\n";
        assert_eq!((table.to_string().as_str(), table.is_good(false)), (text, false));
    }

    #[test]
    fn a_missing_client_fails_only_where_it_is_required() {
        let table = table(Outcome::Missing("curl".to_owned()));
        assert_eq!((table.is_good(false), table.is_good(true)), (true, false));
    }
}
