//! A run as it happens: bars on a terminal, plain lines elsewhere.

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::bars::bar;
use super::format::{count, rate};
use crate::lab::{INTERRUPTED, Live, Place, Trial, Watch};

/// Columns of the bar beside a trial that is over.
const BAR_WIDTH: usize = 16;
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
    /// The highest rate of the scenario so far, to which its bars are drawn.
    highest: Cell<f64>,
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
        Self { bar, terminal, row: RefCell::default(), highest: Cell::new(0.0) }
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
            self.highest.set(0.0);
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
        self.line(&trial_line(place, trial, &self.highest));
    }
}

/// One trial in a line of at most 60 columns, if nothing went wrong.
fn trial_line(place: Place<'_>, trial: &Trial, highest: &Cell<f64>) -> String {
    let name = format!("  {:22} {}/{}", place.row.to_string(), place.trial, place.scenario.trials);
    if let Some(why) = &trial.failed {
        return if why == INTERRUPTED {
            format!("{name}  interrupted")
        } else {
            format!("{name}  FAILED: {why}")
        };
    }
    let Some(outcome) = &trial.outcome else { return name };
    let qps = outcome.requests_per_sec();
    highest.set(highest.get().max(qps));
    let failed = match outcome.failed() {
        0 => String::new(),
        failed => format!("  {} failed", count(failed)),
    };
    format!("{name} {:>9}/s  {}{failed}", rate(qps), bar(qps, highest.get(), BAR_WIDTH)).trim_end().to_owned()
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
        let highest = Cell::new(10_000.0);
        let mut trial = Trial {
            number: 2,
            outcome: Some(outcome(20_000, 4)),
            usage: Usage::default(),
            weather: Weather::default(),
            usage_requests: 0,
            failed: None,
        };
        let line = trial_line(place, &trial, &highest);
        assert_eq!(line, "  phase1-threads --spawn 2/3    10,000/s  ████████████████");
        assert!(line.chars().count() <= 60);
        trial.failed = Some("no luck".into());
        assert!(trial_line(place, &trial, &highest).ends_with("2/3  FAILED: no luck"));
    }
}
