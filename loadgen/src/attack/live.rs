//! An attack as it happens: two lines on a terminal, plain lines elsewhere.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::open_loop;
use super::series::Row;
use super::summary::{grouped, rate, time};
use crate::engine::{Amount, Interval, Plan};

/// Rates in the sparkline; more would be wider than anybody's terminal.
const RATES_MAX: usize = 200;
/// Where there is no terminal, runs up to this long are told about every second, longer ones less often.
const SHORT_RUN: Duration = Duration::from_secs(15);
/// How much less often.
const ROWS_PER_LINE: u64 = 5;
/// Columns where the terminal does not say.
const WIDTH_DEFAULT: usize = 80;
/// Columns that the rate needs beside the sparkline.
const RATE_WIDTH: usize = 14;

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

/// What there is to show.
#[derive(Debug, Default)]
pub(super) struct View {
    /// Rates of all threads in the last quarters of a second, oldest first.
    rates: VecDeque<f64>,
    until: Duration,
    ok: u64,
    failed: u64,
    last_row: Option<Row>,
    rows: u64,
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
    pub(super) fn begin(&self, plan: &Plan) {
        let warmup = humantime::format_duration(plan.warmup);
        match self {
            Self::Terminal(bar) if plan.warmup.is_zero() => bar.set_message("connecting"),
            Self::Terminal(bar) => bar.set_message(format!("warming up for {warmup}")),
            Self::Plain { .. } if plan.warmup.is_zero() => {
                say(&format!(
                    "attacking {} {}{}",
                    plan.target,
                    extent(plan.amount),
                    open_loop::describe(plan)
                ));
            }
            Self::Plain { .. } => {
                let extent = extent(plan.amount);
                say(&format!(
                    "attacking {} {extent}{}, after a warm-up of {warmup}",
                    plan.target,
                    open_loop::describe(plan)
                ));
            }
            Self::Quiet => {}
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
            && view.rows.is_multiple_of(*rows_per_line)
        {
            say(&line(row, view.failed));
        }
    }

    /// Takes the lines away; the result comes instead.
    pub(super) fn end(&self) {
        if let Self::Terminal(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Nothing is left to be done about a standard error that is closed.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn extent(amount: Amount) -> String {
    match amount {
        Amount::Time(time) => format!("for {}", humantime::format_duration(time)),
        Amount::Requests(requests) => format!("with {} requests", grouped(requests)),
    }
}

/// A row as a line of at most 60 columns; `failed` counts from the start.
fn line(row: &Row, failed: u64) -> String {
    let latency = match row.latency_ns {
        Some([p50, _, p99, _]) => format!("p50 {:>7}  p99 {:>7}", time(p50 as f64), time(p99 as f64)),
        None => "nothing answered".to_owned(),
    };
    let (at, per_sec) = (row.until.as_secs_f64(), rate(row.per_sec()));
    format!("{at:>5.1} s {per_sec:>9}/s  {latency}  {} failed", grouped(failed))
}

impl View {
    /// Takes in what is new.
    pub(super) fn add(&mut self, news: &Interval) {
        let seconds = news.until.saturating_sub(self.until).as_secs_f64();
        if seconds > 0.0 {
            if self.rates.len() == RATES_MAX {
                self.rates.pop_front();
            }
            self.rates.push_back(news.ok as f64 / seconds);
        }
        self.until = self.until.max(news.until);
        self.ok += news.ok;
        self.failed += news.failed;
    }

    /// Takes in a second that is over.
    pub(super) fn add_row(&mut self, row: Row) {
        self.rows += 1;
        self.last_row = Some(row);
    }

    /// The rate with its history, and below it how far the run is and how it fares.
    fn lines(&self, amount: Amount, width: usize) -> String {
        // The last column stays free: writing to it wraps the line on some terminals.
        let width = width.saturating_sub(1).max(1);
        let rate = format!("{}/s", rate(self.rates.back().copied().unwrap_or(0.0)));
        let graph = spark(&self.rates, width.saturating_sub(RATE_WIDTH));
        // In the order in which they may go where there is no room for all.
        let how_far = match amount {
            Amount::Time(all) => format!("{:.0} of {:.0} s", self.until.as_secs_f64(), all.as_secs_f64()),
            Amount::Requests(all) => format!("{} of {}", grouped(self.ok + self.failed), grouped(all)),
        };
        let mut parts = vec![how_far];
        if let Some([p50, _, p99, _]) = self.last_row.as_ref().and_then(|row| row.latency_ns) {
            parts.push(format!("p50 {}", time(p50 as f64)));
            parts.push(format!("p99 {}", time(p99 as f64)));
        }
        parts.push(format!("{} failed", grouped(self.failed)));
        while parts.len() > 1 && parts.join("  ").chars().count() > width {
            parts.remove(0);
        }
        let cut = |text: String| text.chars().take(width).collect::<String>();
        format!("{}\n{}", cut(format!("{graph} {rate}")), cut(parts.join("  ")))
    }
}

/// The last `width` of `rates` as blocks, from none to the highest of them.
fn spark(rates: &VecDeque<f64>, width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let shown = rates.iter().skip(rates.len().saturating_sub(width));
    let highest = shown.clone().copied().fold(f64::MIN_POSITIVE, f64::max);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 7")]
    shown.map(|rate| BLOCKS[(rate / highest * 7.0).round() as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::series::Series;

    fn view(failed: u64) -> View {
        let (mut view, mut series) = (View::default(), Series::new(false));
        for quarter in 1..=200_u64 {
            let mut news = Interval::new();
            news.until = Duration::from_millis(quarter * 250);
            news.ok = 250 * (quarter % 8);
            news.failed = failed * u64::from(quarter == 1);
            news.latency_ns.record_n(1_500_000, 1 + quarter).unwrap();
            view.add(&news);
            if let Some(row) = series.add(&news) {
                view.add_row(row.clone());
            }
        }
        view
    }

    #[test]
    fn the_lines_fit_any_terminal() {
        for width in [0, 1, 5, 20, 40, 60, 80, 300] {
            for amount in [Amount::Time(Duration::from_secs(60)), Amount::Requests(10_000_000)] {
                let lines = view(123_456).lines(amount, width);
                assert_eq!(lines.lines().count(), 2, "{lines}");
                let longest = lines.lines().map(|line| line.chars().count()).max().unwrap();
                assert!(longest <= width.saturating_sub(1).max(1), "{width}: {lines}");
            }
        }
    }

    #[test]
    fn sixty_columns_show_everything() {
        let lines = view(3).lines(Amount::Time(Duration::from_secs(60)), 60);
        let (graph, rest) = lines.split_once('\n').unwrap();
        assert!(graph.ends_with("▁▂▃▄▅▆▇█▁ 0.0/s"), "{graph}");
        assert_eq!(rest, "50 of 60 s  p50 1.50 ms  p99 1.50 ms  3 failed");
    }

    #[test]
    fn a_rate_is_what_was_answered_in_the_time_it_was_answered_in() {
        let mut view = View::default();
        for (until_ms, ok) in [(250, 500), (500, 250), (1_000, 500), (1_100, 10)] {
            let mut news = Interval::new();
            (news.until, news.ok) = (Duration::from_millis(until_ms), ok);
            view.add(&news);
        }
        let rates: Vec<String> = view.rates.iter().map(|&per_sec| rate(per_sec)).collect();
        assert_eq!(rates, ["2,000", "1,000", "1,000", "100.0"]);
    }

    #[test]
    fn failures_are_the_last_to_go() {
        let lines = view(3).lines(Amount::Time(Duration::from_secs(60)), 12);
        assert_eq!(lines.lines().nth(1), Some("3 failed"));
    }

    #[test]
    fn a_plain_line_fits_sixty_columns() {
        let told = line(view(0).last_row.as_ref().unwrap(), 1_234);
        assert!(told.chars().count() <= 60 && told.starts_with(" 50.0 s "), "{told}");
        assert!(told.ends_with("p50 1.50 ms  p99 1.50 ms  1,234 failed"), "{told}");
    }
}
