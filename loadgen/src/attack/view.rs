//! What a run shows while it is under way: its rate with its history, how far it is, how it fares.

use std::collections::VecDeque;
use std::time::Duration;

use super::series::{RATED_MIN, Row};
use super::summary::{grouped, rate, time};
use crate::engine::{Amount, Interval};

/// Rates in the sparkline; more would be wider than anybody's terminal.
const RATES_MAX: usize = 200;
/// Columns that the rate needs beside the sparkline.
const RATE_WIDTH: usize = 14;
/// Of shorter runs tenths of a second are shown.
const SHORT: Duration = Duration::from_secs(5);

/// What there is to show.
#[derive(Debug, Default)]
pub(super) struct View {
    /// The rate that a search tries, so that there is something to compare with.
    trying_per_sec: Option<f64>,
    /// Rates of all threads in the last quarters of a second, oldest first.
    rates: VecDeque<f64>,
    until: Duration,
    ok: u64,
    failed: u64,
    last_row: Option<Row>,
    rows: u64,
}

impl View {
    /// Of a run that is one of a search's steps, if so at which rate.
    pub(super) fn new(trying_per_sec: Option<f64>) -> Self {
        Self { trying_per_sec, ..Self::default() }
    }

    /// What begins a line about the rate that is tried; empty where none is.
    pub(super) fn trying(&self) -> String {
        self.trying_per_sec.map_or_else(String::new, |per_sec| format!("trying {}/s: ", rate(per_sec)))
    }

    /// Seconds that are over.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// A row as a line of at most 60 columns.
    pub(super) fn line(&self, row: &Row) -> String {
        let (at, per_sec, failed) = (row.until.as_secs_f64(), rate(row.per_sec()), grouped(self.failed));
        if self.trying_per_sec.is_some() {
            let p99 = row.latency_ns.map_or_else(String::new, |[_, _, p99, _]| time(p99 as f64));
            let latency = if p99.is_empty() { "nothing answered".to_owned() } else { format!("p99 {p99}") };
            return format!("{}{at:.1} s, {per_sec}/s, {latency}, {failed} failed", self.trying());
        }
        let latency = match row.latency_ns {
            Some([p50, _, p99, _]) => format!("p50 {:>7}  p99 {:>7}", time(p50 as f64), time(p99 as f64)),
            None => "nothing answered".to_owned(),
        };
        format!("{at:>5.1} s {per_sec:>9}/s  {latency}  {failed} failed")
    }

    /// Takes in what is new.
    pub(super) fn add(&mut self, news: &Interval) {
        let length = news.until.saturating_sub(self.until);
        if length >= RATED_MIN {
            if self.rates.len() == RATES_MAX {
                self.rates.pop_front();
            }
            self.rates.push_back(news.ok as f64 / length.as_secs_f64());
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
    pub(super) fn lines(&self, amount: Amount, width: usize) -> String {
        // The last column stays free: writing to it wraps the line on some terminals.
        let width = width.saturating_sub(1).max(1);
        let rate = format!("{}/s", rate(self.rates.back().copied().unwrap_or(0.0)));
        let trying = self.trying();
        let graph = spark(&self.rates, width.saturating_sub(RATE_WIDTH + trying.chars().count()));
        // In the order in which they may go where there is no room for all.
        let how_far = match amount {
            Amount::Time(all) => {
                // The steps of a search may be shorter than a second.
                let (decimals, all) = (usize::from(all < SHORT), all.as_secs_f64());
                format!("{:.decimals$} of {all:.decimals$} s", self.until.as_secs_f64())
            }
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
        format!("{}\n{}", cut(format!("{trying}{graph} {rate}")), cut(parts.join("  ")))
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
        trying(None, failed)
    }

    fn trying(per_sec: Option<f64>, failed: u64) -> View {
        let (mut view, mut series) = (View::new(per_sec), Series::new(false));
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
                for view in [view(123_456), trying(Some(1e8), 123_456)] {
                    let lines = view.lines(amount, width);
                    assert_eq!(lines.lines().count(), 2, "{lines}");
                    let longest = lines.lines().map(|line| line.chars().count()).max().unwrap();
                    assert!(longest <= width.saturating_sub(1).max(1), "{width}: {lines}");
                }
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
        // One that the end of the run cut off has none.
        view.add(&Interval { until: view.until + Duration::from_nanos(1), ok: 3, ..Interval::new() });
        assert_eq!(view.ok, 1_263);
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
        let view = view(1_234);
        let told = view.line(view.last_row.as_ref().unwrap());
        assert!(told.chars().count() <= 60 && told.starts_with(" 50.0 s "), "{told}");
        assert!(told.ends_with("p50 1.50 ms  p99 1.50 ms  1,234 failed"), "{told}");
    }

    #[test]
    fn a_search_says_which_rate_it_is_at() {
        let view = trying(Some(16_000.0), 3);
        let lines = view.lines(Amount::Time(Duration::from_secs(60)), 60);
        let graph = lines.lines().next().unwrap();
        assert!(graph.starts_with("trying 16,000/s: ") && graph.ends_with("▁▂▃▄▅▆▇█▁ 0.0/s"), "{graph}");
        assert!(view.lines(Amount::Time(Duration::from_millis(500)), 60).contains("50.0 of 0.5 s  p50"));
        let told = view.line(view.last_row.as_ref().unwrap());
        assert!(told.chars().count() <= 60, "{told}");
        assert_eq!(told, "trying 16,000/s: 50.0 s, 4,500/s, p99 1.50 ms, 3 failed");
    }
}
