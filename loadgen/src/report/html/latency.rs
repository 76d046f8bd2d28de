//! Latency by percentile, all servers of a scenario, on an axis that counts nines.

use plotters::style::text_anchor::HPos;

use super::super::document::{Latency, Row, Scenario};
use super::super::format::{NONE, duration};
use super::super::tables::{Cell, Table};
use super::axis::{Axis, short_duration};
use super::frame::{Margins, Picture, WIDTH, draw, text_width};
use super::labels::{self, Label};
use super::paint::Role;

const HEIGHT: u32 = 340;
/// Left: what a duration takes; right: names at the ends of their lines.
const MARGINS: Margins = Margins { left: 4, right: labels::ROOM, labels: 66 };

/// Units across for the curves.
const ACROSS: f64 = (WIDTH - MARGINS.left - MARGINS.right - MARGINS.labels) as f64;
/// Between the labels of two percentiles.
const GAP: f64 = 6.0;

/// A server's curve: nines and nanoseconds.
struct Curve<'a> {
    row: &'a Row,
    points: Vec<(f64, f64)>,
}

/// `None` where no latency was measured.
pub(super) fn picture(scenario: &Scenario) -> Option<Picture> {
    let curves: Vec<_> = scenario.rows.iter().filter_map(curve).collect();
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let least = all().map(|point| point.1).reduce(f64::min)?;
    let most = all().map(|point| point.1).reduce(f64::max)?;
    let last = all().map(|point| point.0).fold(1.0, f64::max);
    let mut marks: Vec<f64> = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999_999].map(nines).into();
    marks.retain(|mark| *mark <= last + 0.01);
    // The labels grow as the steps between them shrink.
    let mut free_from = f64::MIN;
    marks.retain(|mark| {
        let (middle, half) = (mark / last * ACROSS, text_width(&percentile(*mark)) / 2.0);
        let has_room = middle - half >= free_from;
        if has_room {
            free_from = middle + half + GAP;
        }
        has_room
    });
    let x = Axis::marked(0.0, last, marks, percentile);
    let y = Axis::log(least, most, short_duration);
    let names: Vec<&str> = curves.iter().map(|curve| curve.row.name.as_str()).collect();
    let ends: Vec<_> = curves
        .iter()
        .zip(labels::short_names(&names))
        .map(|(curve, text)| Label {
            text,
            role: Role::of(scenario, curve.row),
            at: curve.points.last().copied().unwrap_or_default(),
        })
        .collect();
    let height = labels::height(curves.len(), HEIGHT);
    let svg = draw(height, MARGINS, (x, "percentile of requests"), y, |canvas| {
        for curve in &curves {
            canvas.line(curve.points.clone(), 3, Role::of(scenario, curve.row))?;
        }
        labels::draw(canvas, ends, last, HPos::Left)
    });
    let each: Vec<_> = curves
        .iter()
        .filter_map(|curve| Some((curve, curve.row.latency_ns?)))
        .map(|(curve, latency)| {
            format!(
                "{}: half within {}, 99 % within {}",
                curve.row.name,
                duration(latency.p50),
                duration(latency.p99)
            )
        })
        .collect();
    Some(Picture {
        id: format!("latency-{}", scenario.name),
        title: format!("Latency by percentile in {}", scenario.name),
        description: format!("A line for each server, latency upwards by powers of ten. {}.", each.join("; ")),
        note: Some(
            "Each step to the right is one nine more: what looks flat keeps its promises to nearly everybody."
                .into(),
        ),
        svg,
        values: values(&curves),
    })
}

/// How many nines a quantile has: 1 for 90 %, 2 for 99 %.
fn nines(quantile: f64) -> f64 {
    -(1.0 - quantile).log10()
}

fn percentile(nines: f64) -> String {
    let percent = 100.0 * (1.0 - 10_f64.powf(-nines));
    let text = format!("{percent:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A row's curve, or what the percentiles make of one.
fn curve(row: &Row) -> Option<Curve<'_>> {
    let points: Vec<_> = if row.latency_curve.is_empty() {
        few_points(row.latency_ns?, row.requests.ok)
    } else {
        let curve = row.latency_curve.iter().filter(|point| point.quantile < 1.0);
        curve.map(|point| (nines(point.quantile), point.ns as f64)).collect()
    };
    let points: Vec<_> = points.into_iter().filter(|point| point.1 > 0.0).collect();
    (!points.is_empty()).then_some(Curve { row, points })
}

/// The percentiles of which at least one request has a say, and the longest where that one is.
fn few_points(latency: Latency, requests: u64) -> Vec<(f64, f64)> {
    let known = [(0.5, latency.p50), (0.9, latency.p90), (0.99, latency.p99), (0.999, latency.p999)];
    let last = (requests as f64).max(1.0).log10();
    // Both are logarithms, so the same number may differ in its last digit.
    let beyond = |nines: f64| nines > last + 1e-9;
    let mut points: Vec<_> = known
        .into_iter()
        .map(|(quantile, ns)| (nines(quantile), ns as f64))
        .filter(|(nines, _)| !beyond(*nines))
        .collect();
    if points.last().is_none_or(|(nines, _)| *nines < last - 1e-9) {
        points.push((last, latency.max as f64));
    }
    points
}

fn values(curves: &[Curve<'_>]) -> Table {
    let marks: [(&'static str, f64); 6] = [
        ("50 %", 0.5),
        ("90 %", 0.9),
        ("99 %", 0.99),
        ("99.9 %", 0.999),
        ("99.99 %", 0.9999),
        ("99.999 %", 0.99999),
    ];
    let rows = curves.iter().map(|curve| {
        // What the table of latencies has is told here, too, and not what lies between two points of the curve.
        let known = curve.row.latency_ns.map(|latency| [latency.p50, latency.p90, latency.p99, latency.p999]);
        let mut cells = vec![Cell::Code(curve.row.name.clone())];
        cells.extend(marks.iter().enumerate().map(|(index, (_, quantile))| {
            let known = known.and_then(|known| known.get(index).copied());
            Cell::Text(
                known.or_else(|| at(curve, nines(*quantile))).map_or_else(|| NONE.to_owned(), duration),
            )
        }));
        cells
    });
    let titles = std::iter::once("server").chain(marks.iter().map(|(title, _)| *title));
    Table { titles: titles.collect(), left: 1, rows: rows.collect() }
}

/// The nearest point of a curve that is drawn, between two of them a straight line.
fn at(curve: &Curve<'_>, nines: f64) -> Option<u64> {
    let pair = curve.points.windows(2).find(|pair| (pair[0].0..=pair[1].0 + 1e-9).contains(&nines))?;
    let share = (nines - pair[0].0) / (pair[1].0 - pair[0].0);
    let ns = pair[0].1 + share * (pair[1].1 - pair[0].1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two durations")]
    let ns = ns.round() as u64;
    Some(ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, tables};

    #[test]
    fn nines_are_read_as_percentiles() {
        let marks = [0.5, 0.9, 0.99, 0.999, 0.9999].map(|quantile| percentile(nines(quantile)));
        assert_eq!(marks, ["50", "90", "99", "99.9", "99.99"]);
    }

    #[test]
    fn the_values_are_those_of_the_table_of_latencies() {
        for scenario in [sample::reference(), sample::full()].iter().flat_map(|run| &run.scenarios) {
            let shown = tables::latencies(scenario).rows;
            let measured = shown.iter().filter(|row| row[1] != Cell::Text(NONE.into()));
            let values = picture(scenario).map(|picture| picture.values.rows).unwrap_or_default();
            for (shown, values) in measured.zip(values) {
                assert_eq!(shown[..5], values[..5], "{}", scenario.name);
            }
        }
    }

    #[test]
    fn without_a_curve_the_percentiles_make_one_as_far_as_there_were_requests() {
        let latency = Latency { mean: 1, p50: 10, p90: 20, p99: 30, p999: 40, max: 50 };
        let points = few_points(latency, 100);
        assert_eq!(points.iter().map(|point| point.1).collect::<Vec<_>>(), [10.0, 20.0, 30.0]);
        let points = few_points(latency, 500);
        assert_eq!(points.last().map(|point| point.1), Some(50.0), "the longest of 500 lies beyond 99 %");
    }
}
