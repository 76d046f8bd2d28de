//! An attack as it happens: two lines on a terminal, plain lines elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::open_loop;
use super::series::Row;
use super::summary::{grouped, plural};
use super::view::View;
use crate::engine::{Amount, Plan};

/// Where there is no terminal, runs up to this long are told about every second, longer ones less often.
const SHORT_RUN: Duration = Duration::from_secs(15);
/// How much less often.
const ROWS_PER_LINE: u64 = 5;
/// Columns where the terminal does not say.
const WIDTH_DEFAULT: usize = 80;

/// Whom the progress is shown to.
#[derive(Debug)]
pub(super) enum Live {
    /// Two lines that are drawn over.
    Terminal(ProgressBar),
    /// A line every second or every few.
    Plain { rows_per_line: u64 },
    /// Nobody.
    Quiet,
}

impl Live {
    pub(super) fn new(plan: &Plan, quiet: bool) -> Self {
        if quiet {
            return Self::Quiet;
        }
        if io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{msg}").expect("the template is a constant");
            return Self::Terminal(ProgressBar::new_spinner().with_style(style));
        }
        let short = matches!(plan.amount, Amount::Time(time) if time <= SHORT_RUN);
        Self::Plain { rows_per_line: if short { 1 } else { ROWS_PER_LINE } }
    }

    /// Says what is about to happen.
    pub(super) fn begin(&self, plan: &Plan, view: &View) {
        let warmup = match humantime::format_duration(plan.warmup) {
            _ if plan.warmup.is_zero() => None,
            warmup => Some(warmup.to_string()),
        };
        match (self, warmup) {
            (Self::Terminal(bar), None) => bar.set_message(format!("{}connecting", view.trying())),
            (Self::Terminal(bar), Some(warmup)) => {
                bar.set_message(format!("{}warming up for {warmup}", view.trying()));
            }
            (Self::Plain { .. }, warmup) => {
                let (extent, how) = (extent(plan.amount), open_loop::describe(plan));
                let after = warmup.map_or_else(String::new, |it| format!(", after a warm-up of {it}"));
                match view.trying().strip_suffix(": ") {
                    // Whom it attacks is the same at each rate.
                    Some(trying) => say(&format!("{trying} {extent}{after}")),
                    None => say(&format!("attacking {} {extent}{how}{after}", plan.target)),
                }
            }
            (Self::Quiet, _) => {}
        }
    }

    /// Draws the lines anew.
    pub(super) fn draw(&self, view: &View, amount: Amount) {
        if let Self::Terminal(bar) = self {
            let width = terminal_size::terminal_size_of(io::stderr())
                .map_or(WIDTH_DEFAULT, |(width, _)| usize::from(width.0));
            bar.set_message(view.lines(amount, width));
        }
    }

    /// A second is over.
    pub(super) fn row(&self, view: &View, row: &Row) {
        if let Self::Plain { rows_per_line } = self
            && view.rows().is_multiple_of(*rows_per_line)
        {
            say(&view.line(row));
        }
    }

    /// Takes the lines away; the result comes instead.
    pub(super) fn end(&self) {
        if let Self::Terminal(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Tells what one rate of a search came to, where lines are told. On a terminal the table is soon there.
pub(super) fn tell(quiet: bool, line: &str) {
    if !quiet && !io::stderr().is_terminal() {
        say(line);
    }
}

/// Nothing is left to be done about a standard error that is closed.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn extent(amount: Amount) -> String {
    match amount {
        Amount::Time(time) => format!("for {}", humantime::format_duration(time)),
        Amount::Requests(requests) => format!("with {} request{}", grouped(requests), plural(requests)),
    }
}
