//! A mode's table.

use std::fmt;

use super::bounds::Verdict;
use super::measured::{Ratio, Row, Run};
use super::roster::Mode;

/// What every row is held against.
const FLOOR: &str = "canned";
/// A trial was disturbed if the client had to wait for its CPU for a larger share of the time.
const STARVED_MAX: f64 = 0.05;
/// Where there is nothing to show.
const NOTHING: &str = "–";

/// The servers of a mode, one a line.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub(super) mode: Mode,
    pub(super) run: &'a Run,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mode, run } = self;
        writeln!(f, "{}; {} rounds of {} s", mode.title(), run.rounds, run.seconds)?;
        let columns = ["QPS", "x canned", "user µs", "±", "total µs", "x canned", "client busy", "bound"];
        line(f, "", &columns.map(str::to_owned))?;
        let floor = run.row(FLOOR);
        for row in &run.rows {
            line(f, &row.name, &cells(row, floor))?;
        }
        if run.rows.iter().any(|row| row.client_bound() > 0) {
            f.write_str(
                "Where \"bound\" counts rounds, the client was the bottleneck in them: the rate is the client's,\n\
                 the server may be faster, and CPU per request decides.\n",
            )?;
        }
        if let (disturbed @ 1.., trials) = run.disturbed(STARVED_MAX) {
            writeln!(
                f,
                "The machine had other things to do in {disturbed} of {trials} trials: the client waited for its CPU for more\n\
                 than {:.0} % of the time. Measure again when it is quiet.",
                100.0 * STARVED_MAX
            )?;
        }
        for row in &run.rows {
            if row.failed > 0 {
                writeln!(f, "FAILED: {} requests to {}", row.failed, row.name)?;
            }
            for why in row.rounds.iter().filter_map(|round| round.failed.as_deref()) {
                writeln!(f, "FAILED: a round of {}: {why}", row.name)?;
            }
        }
        Ok(())
    }
}

fn cells(row: &Row, floor: Option<&Row>) -> [String; 8] {
    let shown = |value: Option<f64>, decimals: usize| {
        value.map_or_else(|| NOTHING.to_owned(), |value| format!("{value:.decimals$}"))
    };
    let times = |ratio: Option<Ratio>| {
        ratio.map_or_else(|| NOTHING.to_owned(), |ratio| format!("{:.3}", ratio.median))
    };
    let percent = |share: Option<f64>| {
        share.map_or_else(|| NOTHING.to_owned(), |share| format!("{:.0} %", 100.0 * share))
    };
    [
        shown(row.qps, 0),
        times(floor.and_then(|floor| row.over(floor, |round| round.qps))),
        shown(row.user_us, 3),
        percent(row.user_off),
        shown(row.total_us, 3),
        times(floor.and_then(|floor| row.over(floor, |round| round.total_us))),
        percent(row.client_busy),
        format!("{} of {}", row.client_bound(), row.rounds.len()),
    ]
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, cells: &[String; 8]) -> fmt::Result {
    /// Wide enough for the headings and for a million.
    const WIDTHS: [usize; 8] = [8, 8, 8, 4, 8, 8, 11, 6];
    write!(f, "{name:16}")?;
    for (cell, width) in cells.iter().zip(WIDTHS) {
        write!(f, "  {cell:>width$}")?;
    }
    writeln!(f)
}

/// What became of the bounds, one a line.
#[derive(Debug)]
pub(super) struct Lines<'a>(pub(super) &'a [Verdict]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|verdict| writeln!(f, "  {verdict}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::measured::tests::{row, run};
    use super::*;

    #[test]
    fn rows_line_up_with_their_ratios_to_the_canned_loop() {
        let mut broken = row("ntex", 3.0, &[(1.0, 1.0)], false);
        broken["qps"] = json!(null);
        broken["server"] = json!({});
        broken["client"]["busy"] = json!(null);
        broken["trials"][0]["failed"] = json!("the server ended");
        broken["requests"]["failed"] = json!(7);
        let mut phase4 = row("phase4-keepalive", 0.5, &[(230_000.0, 4.2), (231_000.0, 4.2)], true);
        phase4["trials"][1]["client"]["starved"] = json!(0.3);
        let run = run(&[phase4, row("canned", 0.2, &[(240_000.0, 4.0), (231_000.0, 4.0)], false), broken]);
        let text = Table { mode: Mode::Kept, run: &run }.to_string();
        let expected = "\
kept: 64 connections, GET /, one request at a time; 3 rounds of 4 s
                       QPS  x canned   user µs     ±  total µs  x canned  client busy   bound
phase4-keepalive    231000     0.979     0.500   3 %     4.200     1.050         91 %  2 of 2
canned              231000     1.000     0.200   4 %     4.000     1.000         91 %  0 of 2
ntex                     –         –         –     –         –         –            –  0 of 1
Where \"bound\" counts rounds, the client was the bottleneck in them: the rate is the client's,
the server may be faster, and CPU per request decides.
The machine had other things to do in 1 of 5 trials: the client waited for its CPU for more
than 5 % of the time. Measure again when it is quiet.
FAILED: 7 requests to ntex
FAILED: a round of ntex: the server ended
";
        assert_eq!(text, expected);
    }
}
