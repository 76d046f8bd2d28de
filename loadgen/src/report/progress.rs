//! A run as it happens: bars on a terminal, plain lines elsewhere.

use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::format::{count, rate};
use crate::lab::{INTERRUPTED, Live, Place, Trial, Watch};

/// Columns of a line that is printed once a trial is over…
const LINE_COLUMNS: usize = 60;
/// …and what stands in it beside the name: trial, rate and blanks.
const FIGURES_COLUMNS: usize = 24;
/// A rate is shown once there is this much of it to go by.
const SETTLED_AFTER: Duration = Duration::from_millis(300);
/// How often the bar moves by itself.
const TICK: Duration = Duration::from_millis(200);

/// Shows every trial on standard error, where it does not mix with the table.
#[derive(Debug)]
pub struct Bars {
    /// Hidden where standard error is no terminal.
    bar: ProgressBar,
    terminal: bool,
    /// The server that is being measured.
    row: RefCell<String>,
}

impl Bars {
    /// Bars for a run of so many trials.
    ///
    /// # Panics
    /// Never: the templates are constant and tested.
    pub fn new(trials: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let bar = if terminal { ProgressBar::new(trials as u64) } else { ProgressBar::hidden() };
        bar.set_style(style(plain));
        if terminal {
            bar.enable_steady_tick(TICK);
        }
        Self { bar, terminal, row: RefCell::default() }
    }

    /// Takes the bar away; what was printed stays.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints a line above the bar.
    pub fn line(&self, line: &str) {
        if self.terminal {
            self.bar.println(line);
        } else {
            // Whoever reads may have gone, which is no reason to stop measuring.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }
}

fn style(plain: bool) -> ProgressStyle {
    let bar = if plain { "{bar:12}" } else { "{bar:12.cyan/dim}" };
    let template = format!("{bar} {{pos}}/{{len}} {{wide_msg}}");
    ProgressStyle::with_template(&template).expect("the template is well formed").progress_chars("━╸─")
}

impl Watch for Bars {
    fn begin(&self, place: Place<'_>) {
        // Each scenario's first trial is its first row's.
        if place.trial == 1 && *place.row == place.scenario.rows[0] {
            self.line(&format!(
                "{} ({} connections)",
                place.scenario.name,
                count(place.scenario.connections as u64)
            ));
        }
        *self.row.borrow_mut() = place.row.to_string();
        self.bar.set_message(format!("{}  starting", place.row));
    }

    fn live(&self, live: Live) {
        if !self.terminal {
            return;
        }
        let state = if live.counting && live.since >= SETTLED_AFTER {
            let failed =
                if live.failed > 0 { format!(", {} failed", count(live.failed)) } else { String::new() };
            format!("{}/s{failed}", rate(live.ok as f64 / live.since.as_secs_f64()))
        } else {
            "warming up".into()
        };
        self.bar.set_message(format!("{}  {state}", self.row.borrow()));
    }

    fn end(&self, place: Place<'_>, trial: &Trial) {
        self.bar.inc(1);
        self.line(&trial_line(place, trial));
    }
}

/// One trial in a line of at most [`LINE_COLUMNS`], if nothing went wrong. Bars are for the table: as long as
/// trials are to come, nobody knows which would be the longest.
fn trial_line(place: Place<'_>, trial: &Trial) -> String {
    let longest = place.scenario.rows.iter().map(|row| row.to_string().chars().count()).max();
    let width = longest.unwrap_or(0).min(LINE_COLUMNS - FIGURES_COLUMNS);
    let name = format!("  {:width$} {}/{}", place.row.to_string(), place.trial, place.scenario.trials);
    if let Some(why) = &trial.failed {
        return if why == INTERRUPTED {
            format!("{name}  interrupted")
        } else {
            format!("{name}  FAILED: {why}")
        };
    }
    let Some(outcome) = &trial.outcome else { return name };
    let failed = match outcome.failed() {
        0 => String::new(),
        failed => format!("  {} failed", count(failed)),
    };
    format!("{name} {:>11}/s{failed}", rate(outcome.requests_per_sec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::rows::Row;
    use crate::lab::scenario;
    use crate::measure::{Usage, Weather};
    use crate::report::build::tests::outcome;

    #[test]
    fn the_templates_are_well_formed() {
        style(true);
        style(false);
    }

    #[test]
    fn a_trial_is_told_in_a_line_that_fits_sixty_columns() {
        let scenario = scenario::built_in().unwrap().remove(0);
        let row = Row::parse("phase1-threads --spawn").unwrap();
        let place = Place { scenario: &scenario, row: &row, trial: 2 };
        let mut trial = Trial {
            number: 2,
            outcome: Some(outcome(20_000, 4)),
            usage: Usage::default(),
            weather: Weather::default(),
            usage_requests: 0,
            failed: None,
        };
        let line = trial_line(place, &trial);
        assert_eq!(line, "  phase1-threads --spawn 2/3      10,000/s");
        assert!(line.chars().count() <= 60);
        trial.failed = Some("no luck".into());
        assert!(trial_line(place, &trial).ends_with("2/3  FAILED: no luck"));
    }
}
