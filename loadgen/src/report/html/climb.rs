//! The climb: the rates of a scenario, one bar for each server.

use super::super::document::{Row, Scenario};
use super::super::format::{or_none, rate, times};
use super::super::tables::{Table, column, interval, name, optional};
use super::axis::{Axis, short};
use super::frame::Picture;
use super::paint::Role;
use super::slots::{BAR, Slot, slots};

/// `None` where nothing was measured.
pub(super) fn picture(scenario: &Scenario) -> Option<Picture> {
    let medians: Vec<f64> = scenario.rows.iter().map(|row| row.qps.map_or(0.0, |qps| qps.median)).collect();
    let best = scenario.rows.iter().filter(|row| row.qps.is_some());
    let best = best.max_by(|a, b| median(a).total_cmp(&median(b)))?;
    let targets: Vec<f64> = scenario.rows.iter().filter_map(|row| row.target_qps).collect();
    let axis = Axis::fitting(&[medians.as_slice(), &targets].concat(), short);
    let is_log = axis.is_log();
    let words: Vec<_> = scenario.rows.iter().map(words).collect();
    let low = axis.low();
    let svg = slots(&words, axis, "requests per second", |canvas, index, bottom| {
        let row = &scenario.rows[index];
        if medians[index] > 0.0 {
            canvas.rectangle(
                (low, bottom + BAR.0),
                (medians[index], bottom + BAR.1),
                Role::of(scenario, row),
            )?;
        }
        match row.target_qps {
            Some(target) => canvas.line(
                vec![(target, bottom + BAR.0 - 0.05), (target, bottom + BAR.1 + 0.05)],
                3,
                Role::Goal,
            ),
            None => Ok(()),
        }
    });
    let mut note = Vec::new();
    if is_log {
        note.push("Each step of the scale is ten times the one before.");
    }
    if !targets.is_empty() {
        note.push("The upright mark is what the original report set out to reach.");
    }
    let each: Vec<_> = words.iter().map(|slot| format!("{}: {}", slot.name, slot.value)).collect();
    Some(Picture {
        id: format!("climb-{}", scenario.name),
        title: format!("The climb in {}", scenario.name),
        description: format!(
            "Bars of requests per second. {} is the highest. {}.",
            best.name,
            each.join("; ")
        ),
        note: (!note.is_empty()).then(|| note.join(" ")),
        svg,
        values: Table::of(
            &scenario.rows,
            1,
            vec![
                column("server", name),
                column("requests/s", |row: &Row| or_none(row.qps, |qps| rate(qps.median))),
                column("low–high", interval),
                optional("target", |row: &Row| or_none(row.target_qps, rate)),
                optional("speed-up", |row: &Row| or_none(row.speedup, times)),
            ],
        ),
    })
}

fn median(row: &Row) -> f64 {
    row.qps.map_or(0.0, |qps| qps.median)
}

fn words(row: &Row) -> Slot {
    let speedup = row.speedup.map_or_else(String::new, |speedup| format!(" ({})", times(speedup)));
    Slot {
        name: row.name.clone(),
        value: row.qps.map_or("not measured".into(), |qps| rate(qps.median) + &speedup),
    }
}
