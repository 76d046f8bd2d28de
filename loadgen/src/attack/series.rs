//! An attack second by second: what the live view shows and the files keep.

use std::fmt::Write;
use std::mem;
use std::time::{Duration, SystemTime};

use crate::engine::Interval;
use crate::report::hlog;

/// Length of a row, a multiple of what the engine's intervals are long.
const ROW: Duration = Duration::from_secs(1);
/// What is shorter than this has no rate to speak of: at the end of a run it goes into the row before it.
pub(super) const RATED_MIN: Duration = Duration::from_millis(1);
/// Ten hours of rows; what comes after them goes into the last one.
const ROWS_MAX: usize = 36_000;

/// A second of an attack, or what was left of one at the end.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) from: Duration,
    pub(super) until: Duration,
    pub(super) ok: u64,
    pub(super) failed: u64,
    /// Median, 90th and 99th percentile, largest; `None` where nothing was answered.
    pub(super) latency_ns: Option<[u64; 4]>,
    mean_ns: f64,
    /// The histogram, compressed and in base64, if it was to be kept.
    encoded: String,
}

impl Row {
    /// Requests answered as expected per second.
    pub(super) fn per_sec(&self) -> f64 {
        self.ok as f64 / self.until.saturating_sub(self.from).as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// All seconds so far.
#[derive(Debug)]
pub(super) struct Series {
    began: SystemTime,
    rows: Vec<Row>,
    /// What is in the last row, and what has come since.
    closed: Interval,
    open: Interval,
    /// Keep the histograms for the log.
    keep_log: bool,
}

impl Series {
    /// Without a row yet; `keep_log` says whether [`log`](Self::log) will be asked for.
    pub(super) fn new(keep_log: bool) -> Self {
        Self {
            began: SystemTime::now(),
            rows: Vec::new(),
            closed: Interval::new(),
            open: Interval::new(),
            keep_log,
        }
    }

    /// Adds what is new, and returns the row that is complete by it, if one is.
    pub(super) fn add(&mut self, news: &Interval) -> Option<&Row> {
        if self.rows.is_empty() && self.open.until.is_zero() {
            self.began = SystemTime::now().checked_sub(news.until).unwrap_or(self.began);
        }
        self.open.add(news);
        let long_enough = self.open.until.saturating_sub(self.end()) >= ROW;
        if long_enough && self.rows.len() + 1 < ROWS_MAX { self.close() } else { None }
    }

    /// Nothing more comes; what is left becomes a row.
    pub(super) fn finish(&mut self) {
        let rest = self.open.until.saturating_sub(self.end());
        if rest.is_zero() {
            return;
        }
        if rest < RATED_MIN && self.rows.pop().is_some() {
            self.closed.add(&self.open);
            self.open = mem::take(&mut self.closed);
        }
        self.close();
    }

    fn end(&self) -> Duration {
        self.rows.last().map_or(Duration::ZERO, |row| row.until)
    }

    fn close(&mut self) -> Option<&Row> {
        let from = self.end();
        self.closed = mem::take(&mut self.open);
        let Interval { until, ok, failed, ref latency_ns } = self.closed;
        let quantile = |quantile| latency_ns.value_at_quantile(quantile);
        self.rows.push(Row {
            from,
            until,
            ok,
            failed,
            latency_ns: (!latency_ns.is_empty())
                .then(|| [quantile(0.5), quantile(0.9), quantile(0.99), latency_ns.max()]),
            mean_ns: latency_ns.mean(),
            encoded: if self.keep_log { hlog::encoded(latency_ns) } else { String::new() },
        });
        self.rows.last()
    }

    /// A row for each second, times from the start of counting.
    pub(super) fn csv(&self) -> String {
        let mut out =
            "start_s,end_s,ok,failed,requests_per_sec,mean_ns,p50_ns,p90_ns,p99_ns,max_ns\n".to_owned();
        for row in &self.rows {
            let (from, until) = (row.from.as_secs_f64(), row.until.as_secs_f64());
            let _ = write!(out, "{from:.3},{until:.3},{},{},{:.1}", row.ok, row.failed, row.per_sec());
            let _ = match row.latency_ns {
                Some([p50, p90, p99, max]) => writeln!(out, ",{:.0},{p50},{p90},{p99},{max}", row.mean_ns),
                None => writeln!(out, ",,,,,"),
            };
        }
        out
    }

    /// The same as a log of histograms.
    pub(super) fn log(&self) -> String {
        let lines = self.rows.iter().map(|row| hlog::Line {
            from: row.from,
            length: row.until.saturating_sub(row.from),
            max_ns: row.latency_ns.map_or(0, |[.., max]| max),
            histogram: &row.encoded,
        });
        hlog::text(self.began, lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::hlog::tests::read;

    fn news(until_ms: u64, latencies_us: &[u64]) -> Interval {
        let mut interval = Interval::new();
        interval.until = Duration::from_millis(until_ms);
        for us in latencies_us {
            interval.ok += 1;
            interval.latency_ns.record(us * 1_000).unwrap();
        }
        interval
    }

    fn series() -> Series {
        let mut series = Series::new(true);
        for ms in [250, 500, 750] {
            assert!(series.add(&news(ms, &[100])).is_none());
        }
        let row = series.add(&news(1_000, &[100, 300])).expect("a second is over");
        assert_eq!((row.ok, row.until), (5, Duration::from_secs(1)));
        let mut failing = news(2_000, &[]);
        failing.failed = 3;
        assert!(series.add(&failing).is_some());
        assert!(series.add(&news(2_100, &[50])).is_none());
        series.finish();
        series
    }

    #[test]
    fn a_second_is_a_row_and_empty_means_that_nothing_was_answered() {
        let csv = series().csv();
        let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(rows.len(), 4);
        assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{csv}");
        assert_eq!(rows[1][..5], ["0.000", "1.000", "5", "0", "5.0"]);
        assert!(rows[1][6].starts_with("100") && rows[1][9].starts_with("300"), "{csv}");
        assert_eq!(rows[2][2..], ["0", "3", "0.0", "", "", "", "", ""]);
        assert_eq!(rows[3][..3], ["2.000", "2.100", "1"]);
    }

    #[test]
    fn an_instant_at_the_end_belongs_to_the_row_before_it() {
        let mut series = Series::new(true);
        for ms in [500, 1_000, 1_500, 2_000] {
            series.add(&news(ms, &[100]));
        }
        let mut last = news(2_000, &[300, 300, 300]);
        last.until += Duration::from_nanos(1);
        series.add(&last);
        series.finish();
        let rows: Vec<_> = series.rows.iter().map(|row| (row.from.as_millis(), row.ok)).collect();
        assert_eq!(rows, [(0, 2), (1_000, 5)]);
        let row = &series.rows[1];
        assert_eq!(row.until, last.until);
        assert!(row.per_sec() <= 5.0 && row.latency_ns.is_some_and(|[.., max]| max >= 300_000), "{row:?}");
        // Where there is none before it, it is a row of its own.
        let mut short = Series::new(false);
        short.add(&last);
        short.finish();
        assert_eq!(short.rows.len(), 1);
    }

    #[test]
    fn the_log_is_read_back_by_others() {
        let log = series().log();
        assert_eq!(read(&log), [(0, 5), (1_000, 0), (2_000, 1)]);
        assert!(log.contains("#[BaseTime: "));
    }
}
