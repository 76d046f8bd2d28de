//! Trends over runs: a page with a picture for each machine and scenario.

use maud::html;
use plotters::style::text_anchor::HPos;

use super::super::format::rate;
use super::super::history::{Changes, Machine, OfMachine, Trend};
use super::super::tables::{Cell, Table};
use super::axis::{Axis, short};
use super::changes;
use super::frame::{Margins, Picture, draw};
use super::labels::{self, Label};
use super::page;
use super::paint::Role;

const HEIGHT: u32 = 320;
const MARGINS: Margins = Margins { left: 4, right: labels::ROOM, labels: 52 };
/// Marks along the runs, at most.
const MARKS_MAX: usize = 6;
/// The latest runs, which are drawn: more are neither told apart nor quickly loaded.
const RUNS_MAX: usize = 200;

/// A page of its own, with the changes of level where they were looked for.
pub fn history_page(machines: &[Machine], changes: Option<&Changes>) -> String {
    let of = |index: usize| changes.and_then(|changes| changes.machines.get(index));
    let machines: Vec<_> =
        machines.iter().enumerate().map(|(index, machine)| (machine, latest(machine), of(index))).collect();
    let content = html! {
        header { h1 { "Phase Lab: run after run" } }
        @for (machine, trends, changes) in &machines {
            section {
                h2 { (machine.name) }
                p.fired {
                    (machine.runs) " runs"
                    @if machine.runs > RUNS_MAX { "; the last " (RUNS_MAX) " are drawn" }
                }
                div.pictures {
                    @for trends in trends.chunk_by(|a, b| a.scenario == b.scenario) {
                        (picture(machine, trends, *changes).figure())
                    }
                }
            }
        }
        p.note {
            "Machines drift: what all servers share is more likely the machine than the code. Within one run the \
             speed-up tells more than the rate."
        }
    };
    page::whole("Phase Lab: run after run", &content)
}

/// The trends as far as they are drawn.
fn latest(machine: &Machine) -> Vec<Trend> {
    let first = machine.runs.saturating_sub(RUNS_MAX);
    let cut = |trend: &Trend| {
        let mut trend = trend.clone();
        trend.points.retain(|point| point.run >= first);
        trend
    };
    machine.trends.iter().map(cut).filter(|trend| !trend.points.is_empty()).collect()
}

fn picture(machine: &Machine, trends: &[Trend], changes: Option<&OfMachine>) -> Picture {
    let scenario = trends.first().map_or("", |trend| trend.scenario.as_str());
    let mut rates: Vec<f64> = trends.iter().flat_map(|trend| &trend.points).map(|point| point.qps).collect();
    let first = machine.runs.saturating_sub(RUNS_MAX);
    let changed = changes::marks(changes, scenario, first);
    let highest = rates.iter().copied().fold(0.0, f64::max);
    rates.push(highest * (1.0 + changes::room(&changed)));
    let last = machine.runs.saturating_sub(1).max(1) as f64;
    let every = (machine.runs - first).div_ceil(MARKS_MAX).max(1);
    let marks = (first..machine.runs).step_by(every).map(|run| run as f64).collect();
    let role = |trend: &Trend| {
        let all = trends.iter().map(|trend| (trend.row.as_str(), trend.kind.as_str()));
        Role::among(all, &trend.row, &trend.kind)
    };
    let x = Axis::marked(first as f64, last, marks, |run| format!("{:.0}", run + 1.0));
    let y = Axis::fitting(&rates, short);
    let names: Vec<&str> = trends.iter().map(|trend| trend.row.as_str()).collect();
    let ends = trends.iter().zip(labels::short_names(&names)).filter_map(|(trend, text)| {
        let point = trend.points.last()?;
        Some(Label { text, role: role(trend), at: (point.run as f64, point.qps) })
    });
    let ends: Vec<_> = ends.collect();
    let height = labels::height(trends.len(), HEIGHT);
    let svg = draw(height, MARGINS, (x, "run, requests per second upwards"), y, |canvas| {
        changes::draw(canvas, &changed, highest)?;
        for trend in trends {
            let role = role(trend);
            let points: Vec<_> = trend.points.iter().map(|point| (point.run as f64, point.qps)).collect();
            canvas.line(points, 2, role)?;
            for point in &trend.points {
                canvas.dot((point.run as f64, point.qps), 4, role, !(point.partial || point.quick))?;
            }
        }
        labels::draw(canvas, ends, last, HPos::Left)
    });
    let each: Vec<_> = trends.iter().filter_map(words).collect();
    Picture {
        id: format!("trend-{}-{scenario}", machine.name).replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
        title: format!("{scenario}, run after run"),
        description: format!(
            "A line for each server over {} runs. {}.",
            machine.runs - first,
            each.join("; ")
        ),
        note: Some(
            ["A ring is a run that was quick (fewer than three trials) or partial.".to_owned()]
                .into_iter()
                .chain(changes::words(&changed))
                .collect::<Vec<_>>()
                .join(" "),
        ),
        svg,
        values: values(trends),
    }
}

fn words(trend: &Trend) -> Option<String> {
    let (first, last) = (trend.points.first()?, trend.points.last()?);
    Some(format!("{}: first {}, last {}", trend.row, rate(first.qps), rate(last.qps)))
}

fn values(trends: &[Trend]) -> Table {
    let points = trends.iter().flat_map(|trend| trend.points.iter().map(move |point| (trend, point)));
    let rows = points.map(|(trend, point)| {
        let mark = match (point.partial, point.quick) {
            (true, _) => "partial",
            (false, true) => "quick",
            (false, false) => "",
        };
        vec![
            Cell::Code(trend.row.clone()),
            Cell::Text(format!("{}: {}", point.run + 1, point.started_at)),
            Cell::Text(point.commit.clone().unwrap_or_default()),
            Cell::Text(mark.into()),
            Cell::Text(rate(point.qps)),
        ]
    });
    Table { titles: vec!["server", "run", "commit", "", "requests/s"], left: 4, rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_thousands_of_runs_the_last_are_drawn_and_that_is_said() {
        let mut all = machines(&[six_runs()]);
        let trend = &mut all[0].trends[0];
        let point = trend.points[0].clone();
        trend.points = (0..3_000)
            .map(|run| {
                let mut point = point.clone();
                point.run = run;
                point
            })
            .collect();
        all[0].runs = 3_000;
        let page = history_page(&all, None);
        assert_eq!(page.matches("<circle").count(), RUNS_MAX, "other servers were not measured lately");
        assert!(page.contains("3000 runs; the last 200 are drawn"));
        assert!(page.len() < 500_000, "{} bytes", page.len());
    }

    use crate::report::history::{changes, changes_tests::a_change, machines, tests::six_runs};

    #[test]
    fn a_trend_is_drawn_with_rings_for_runs_that_say_less() {
        let page = history_page(&machines(&[six_runs()]), None);
        assert_eq!(page.matches("<figure").count(), 1);
        assert_eq!(page.matches("<circle").count(), 18);
        assert_eq!(
            page.matches("fill=\"none\" class=\"s-p0\"").count(),
            2,
            "the quick one and the partial one"
        );
    }

    #[test]
    fn a_change_of_level_is_an_upright_line_with_a_letter_that_is_explained() {
        let all = machines(&[a_change()]);
        let found = changes(&all, &|_, _| 0.1);
        let page = history_page(&all, Some(&found));
        assert!(page.contains(
            "An upright line is where a level changed. A: phase0-serial, allocations per request 8 → 7"
        ));
        assert!(page.contains("; phase1-threads, requests per second "), "both are since the same run");
        assert_eq!(page.matches(">\nA\n<").count(), 1, "the letter stands in the picture");
        assert!(!history_page(&all, None).contains("upright"));
    }
}
