//! How far the trials of a server lie apart: each one a dot, the interval a band.

use super::super::document::{Row, Scenario, Trial};
use super::super::format::{NONE, or_none, rate};
use super::super::tables::{Cell, Table, interval};
use super::axis::Axis;
use super::frame::Picture;
use super::paint::Role;
use super::slots::{BAR, Slot, slots};

/// The scale is no finer than this share to each side: less is nobody's business.
const SIDE_MIN: f64 = 0.02;

/// `None` where no server has more than one trial.
pub(super) fn picture(scenario: &Scenario) -> Option<Picture> {
    let rows: Vec<&Row> = scenario.rows.iter().filter(|row| row.qps.is_some()).collect();
    if !rows.iter().any(|row| counted(row).count() > 1) {
        return None;
    }
    let off = |row: &Row, value: f64| row.qps.map_or(0.0, |qps| value / qps.median - 1.0);
    let all = rows.iter().flat_map(|row| counted(row).filter_map(|trial| trial.qps).map(|qps| off(row, qps)));
    let side = all.map(f64::abs).filter(|off| off.is_finite()).fold(SIDE_MIN, f64::max) * 1.1;
    let axis = Axis::around_zero(side, signed_percent);
    let words: Vec<_> = rows
        .iter()
        .map(|row| Slot { name: row.name.clone(), value: or_none(row.qps, |qps| rate(qps.median)) })
        .collect();
    let svg = slots(&words, axis, "difference from the median", |canvas, index, bottom| {
        let row = rows[index];
        let middle = bottom + f64::midpoint(BAR.0, BAR.1);
        let role = Role::of(scenario, row);
        if let Some(qps) = row.qps.filter(|qps| qps.confidence.is_some()) {
            let ends = (off(row, qps.low), off(row, qps.high));
            canvas.band((ends.0, bottom + BAR.0), (ends.1, bottom + BAR.1), role)?;
        }
        canvas.line(vec![(0.0, bottom + BAR.0), (0.0, bottom + BAR.1)], 2, Role::Text)?;
        for trial in counted(row).filter_map(|trial| trial.qps) {
            canvas.dot((off(row, trial), middle), 5, role, true)?;
        }
        Ok(())
    });
    Some(Picture {
        id: format!("trials-{}", scenario.name),
        title: format!("How far trials lie apart in {}", scenario.name),
        description: format!(
            "For each server its trials as dots around their median, and the interval as a band. The scale goes \
             {:.0} % to each side. Every rate is in the table.",
            side * 100.0
        ),
        note: Some(
            "A dot is a trial, the band the interval for the median, the number the median itself.".into(),
        ),
        svg,
        values: values(&rows),
    })
}

fn signed_percent(share: f64) -> String {
    if share == 0.0 { "0 %".into() } else { format!("{:+.0} %", share * 100.0) }
}

fn counted(row: &Row) -> impl Iterator<Item = &Trial> {
    row.trials.iter().filter(|trial| trial.failed.is_none())
}

fn values(rows: &[&Row]) -> Table {
    let cells = rows.iter().map(|row| {
        let trials = row.trials.iter().map(|trial| match (&trial.failed, trial.qps) {
            (None, Some(qps)) => rate(qps),
            (Some(_), _) => "failed".into(),
            (None, None) => NONE.into(),
        });
        vec![
            Cell::Code(row.name.clone()),
            Cell::Text(interval(row)),
            Cell::Text(trials.collect::<Vec<_>>().join(", ")),
        ]
    });
    Table { titles: vec!["server", "low–high", "requests/s of each trial"], left: 1, rows: cells.collect() }
}
