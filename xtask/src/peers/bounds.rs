//! What the phases set out to keep to beside others, and whether they do.

use std::fmt;

use super::measured::{Round, Row, Run};
use super::roster::Mode;

/// Which figure of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    Qps,
    User,
    Total,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sense {
    AtMost,
    AtLeast,
}

/// One thing that a phase is held to.
#[derive(Debug)]
struct Bound {
    mode: Mode,
    row: &'static str,
    figure: Figure,
    sense: Sense,
    /// A factor over `against`, or microseconds where there is nobody.
    limit: f64,
    against: Option<&'static str>,
}

const fn bound(
    mode: Mode,
    row: &'static str,
    figure: Figure,
    sense: Sense,
    limit: f64,
    against: Option<&'static str>,
) -> Bound {
    Bound { mode, row, figure, sense, limit, against }
}

/// Phase 4 as it is where no two heads are alike: none of its checks is skipped for any request.
const CHECKS_ALL: &str = "phase4-keepalive --read-every-head";

/// A phase that keeps no connection has bounds only where nobody does.
const BOUNDS: [Bound; 17] = {
    use Figure::{Qps, Total, User};
    use Mode::{Close, Kept, Pipelined};
    use Sense::{AtLeast, AtMost};
    [
        bound(Kept, "phase4-keepalive", User, AtMost, 0.65, None),
        bound(Kept, "phase4-keepalive", User, AtMost, 0.75, Some("may_minihttp")),
        bound(Kept, "phase4-keepalive", Total, AtMost, 1.05, Some("canned")),
        bound(Kept, "phase4-keepalive", Qps, AtLeast, 0.97, Some("canned")),
        bound(Kept, CHECKS_ALL, User, AtMost, 0.65, None),
        bound(Kept, CHECKS_ALL, User, AtMost, 0.75, Some("may_minihttp")),
        bound(Kept, CHECKS_ALL, Total, AtMost, 1.05, Some("canned")),
        bound(Kept, CHECKS_ALL, Qps, AtLeast, 0.97, Some("canned")),
        bound(Close, "phase1-threads", Total, AtMost, 1.0, Some("std_pool")),
        bound(Close, "phase2-async", Total, AtMost, 1.0, Some("hyper")),
        bound(Close, "phase2-async", Total, AtMost, 1.0, Some("hyper_one")),
        bound(Close, "phase3-pooled", User, AtMost, 0.6, Some("phase2-async")),
        bound(Close, "phase3-pooled", Total, AtMost, 1.05, Some("canned")),
        bound(Pipelined, "phase4-keepalive", Qps, AtLeast, 1.05, Some("may_minihttp")),
        bound(Pipelined, "phase4-keepalive", Qps, AtLeast, 1.5, Some("hyper")),
        bound(Pipelined, CHECKS_ALL, Qps, AtLeast, 1.05, Some("may_minihttp")),
        bound(Pipelined, CHECKS_ALL, Qps, AtLeast, 1.5, Some("hyper")),
    ]
};

/// A bound, and what was measured of it.
#[derive(Debug)]
pub(super) struct Verdict {
    bound: &'static Bound,
    /// `None` where it was not measured.
    measured: Option<Measured>,
}

#[derive(Debug)]
struct Measured {
    value: f64,
    /// What it may be instead: the rounds' least and most, or a sampled share's standard deviation to each side.
    low: f64,
    high: f64,
    /// The rate is the client's, of either.
    client_bound: bool,
}

/// Holds a run against what there is for its mode.
pub(super) fn judge(mode: Mode, run: &Run) -> Vec<Verdict> {
    let of_mode = BOUNDS.iter().filter(|bound| bound.mode == mode);
    of_mode.map(|bound| Verdict { bound, measured: bound.measure(run) }).collect()
}

impl Bound {
    fn measure(&self, run: &Run) -> Option<Measured> {
        let row = run.row(self.row)?;
        let other = match self.against {
            Some(name) => Some(run.row(name)?),
            None => None,
        };
        let client_bound =
            self.figure == Figure::Qps && [Some(row), other].into_iter().flatten().any(is_bound);
        let (value, low, high) = match (self.figure, other) {
            (Figure::User, other) => user(row, other)?,
            (Figure::Qps, Some(other)) => rounds(row, other, |round| round.qps)?,
            (Figure::Total, Some(other)) => rounds(row, other, |round| round.total_us)?,
            (Figure::Qps, None) => (row.qps?, row.qps?, row.qps?),
            (Figure::Total, None) => (row.total_us?, row.total_us?, row.total_us?),
        };
        Some(Measured { value, low, high, client_bound })
    }

    fn holds(&self, value: f64) -> bool {
        match self.sense {
            Sense::AtMost => value <= self.limit,
            Sense::AtLeast => value >= self.limit,
        }
    }
}

/// In most rounds.
fn is_bound(row: &Row) -> bool {
    2 * row.client_bound() > row.rounds.len()
}

/// The split of all rounds together, because that of one is mostly chance.
fn user(row: &Row, other: Option<&Row>) -> Option<(f64, f64, f64)> {
    let mut value = row.user_us?;
    let mut off = row.user_off?;
    if let Some(other) = other {
        value /= other.user_us.filter(|&us| us > 0.0)?;
        off = off.hypot(other.user_off?);
    }
    Some((value, value * (1.0 - off), value * (1.0 + off)))
}

fn rounds(row: &Row, other: &Row, figure: impl Fn(&Round) -> Option<f64>) -> Option<(f64, f64, f64)> {
    row.over(other, figure).map(|ratio| (ratio.median, ratio.low, ratio.high))
}

impl Verdict {
    /// Whether it was measured, and is kept.
    pub(super) fn is_met(&self) -> bool {
        self.measured.as_ref().is_some_and(|measured| self.bound.holds(measured.value))
    }
}

/// A line: the verdict, the bound, and the figure with what it may be instead.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = self.bound;
        let verdict = match &self.measured {
            None => "not measured".to_owned(),
            Some(measured) if bound.holds(measured.value) => "met".to_owned(),
            Some(measured) => {
                format!("missed by {:.1} %", 100.0 * (measured.value / bound.limit - 1.0).abs())
            }
        };
        let figure = match bound.figure {
            Figure::Qps => "QPS",
            Figure::User => "user CPU",
            Figure::Total => "total CPU",
        };
        let sense = if bound.sense == Sense::AtMost { "at most" } else { "at least" };
        let unit = match (bound.against, bound.figure) {
            (Some(_), _) => "x",
            (None, Figure::Qps) => "/s",
            (None, _) => " µs",
        };
        let against = bound.against.map(|name| format!(" of {name}")).unwrap_or_default();
        write!(f, "{verdict:<16} {} {figure} {sense} {:.2}{unit}{against}", bound.row, bound.limit)?;
        let Some(Measured { value, low, high, client_bound }) = self.measured else { return Ok(()) };
        write!(f, ": {value:.3}{unit} ({low:.3}–{high:.3})")?;
        if bound.holds(low) != bound.holds(high) {
            f.write_str("; too close to tell")?;
        }
        if client_bound {
            f.write_str("; the client was the bottleneck, so CPU per request decides")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::measured::tests::{row, run};
    use super::*;

    fn kept(user_us: f64, phase4: &[(f64, f64)], client_bound: bool) -> Vec<String> {
        let canned = [(100.0, 4.0), (100.0, 4.0), (100.0, 4.0)];
        let run = run(&[
            row("phase4-keepalive", user_us, phase4, client_bound),
            row("canned", 0.2, &canned, false),
            row("may_minihttp", 0.8, &canned, false),
        ]);
        judge(Mode::Kept, &run).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_bound_is_met_or_missed_by_so_much_of_it() {
        let lines = kept(0.65, &[(99.0, 4.1), (98.0, 4.1), (97.0, 4.4)], false);
        assert!(
            lines[0].starts_with("met              phase4-keepalive user CPU at most 0.65 µs: 0.650 µs (")
        );
        assert!(lines[1].starts_with(
            "missed by 8.3 %  phase4-keepalive user CPU at most 0.75x of may_minihttp: 0.812x ("
        ));
        assert_eq!(
            lines[2],
            "met              phase4-keepalive total CPU at most 1.05x of canned: 1.025x (1.025–1.100); too close to tell"
        );
        assert_eq!(
            lines[3],
            "met              phase4-keepalive QPS at least 0.97x of canned: 0.980x (0.970–0.990)"
        );
    }

    #[test]
    fn a_rate_that_is_the_clients_says_so_and_cpu_time_does_not_care() {
        let lines = kept(0.5, &[(90.0, 5.0); 3], true);
        assert!(lines[3].starts_with("missed by 7.2 %"), "{}", lines[3]);
        assert!(lines[3].ends_with("; the client was the bottleneck, so CPU per request decides"));
        assert_eq!(
            lines[2],
            "missed by 19.0 % phase4-keepalive total CPU at most 1.05x of canned: 1.250x (1.250–1.250)"
        );
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let run = run(&[row("phase4-keepalive", 1.0, &[(1.0, 1.0)], false)]);
        let verdicts = judge(Mode::Pipelined, &run);
        assert_eq!(verdicts.len(), 4);
        assert!(verdicts.iter().all(|verdict| !verdict.is_met()));
        assert_eq!(verdicts[1].to_string(), "not measured     phase4-keepalive QPS at least 1.50x of hyper");
    }

    #[test]
    fn every_bound_is_of_a_row_that_its_mode_has() {
        let scenarios = include_str!("../../../peers/scenarios.toml");
        for bound in &BOUNDS {
            let (_, scenario) = scenarios.split_once(bound.mode.scenario()).expect("it is there");
            let rows = scenario.split_once("rows = [").and_then(|(_, rows)| rows.split_once(']'));
            let (rows, _) = rows.expect("it has rows");
            let has = |name| {
                rows.contains(&format!("\"{name}\"")) || super::super::roster::names().any(|n| n == name)
            };
            assert!(has(bound.row) && bound.against.is_none_or(has), "{bound:?}");
        }
    }
}
