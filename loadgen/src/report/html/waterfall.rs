//! What each mechanism is worth: a phase without it, and what taking it back adds.

use super::super::document::{Row, Scenario};
use super::super::format::{rate, times};
use super::super::tables::{Cell, Table};
use super::axis::{Axis, short};
use super::frame::Picture;
use super::paint::Role;
use super::slots::{BAR, Slot, slots};

/// A mechanism, and the rates without it and with it.
struct Step<'a> {
    phase: &'a Row,
    mechanism: String,
    without: f64,
    with: f64,
}

impl Step<'_> {
    fn worth(&self) -> f64 {
        self.with / self.without
    }

    fn words(&self) -> Slot {
        Slot {
            name: self.mechanism.clone(),
            value: format!("{} to {}: {}", short(self.without), short(self.with), factor(self.worth())),
        }
    }
}

/// Two decimals where one would say that nothing happened.
fn factor(worth: f64) -> String {
    if worth < 2.0 { format!("{worth:.2}x") } else { times(worth) }
}

/// `None` where nothing was turned off.
pub(super) fn picture(scenario: &Scenario) -> Option<Picture> {
    let steps: Vec<_> = scenario.rows.iter().filter_map(|row| step(scenario, row)).collect();
    let best = steps.iter().max_by(|a, b| a.worth().total_cmp(&b.worth()))?;
    let rates: Vec<f64> = steps.iter().flat_map(|step| [step.without, step.with]).collect();
    let axis = Axis::fitting(&rates, short);
    let (start, is_log) = (axis.low(), axis.is_log());
    let words: Vec<_> = steps.iter().map(Step::words).collect();
    let svg = slots(&words, axis, "requests per second", |canvas, index, bottom| {
        let step = &steps[index];
        let (low, high) = (bottom + BAR.0, bottom + BAR.1);
        let (from, to) = (step.without.min(step.with), step.without.max(step.with));
        let phase = Role::of(step.phase);
        let role = if step.with >= step.without { phase } else { Role::Loss };
        canvas.band((start, low), (from, high), phase)?;
        canvas.rectangle((from, low), (to, high), role)?;
        canvas.line(vec![(step.with, low - 0.05), (step.with, high + 0.05)], 3, Role::Text)
    });
    let each: Vec<_> = words.iter().map(|slot| format!("{}: {}", slot.name, slot.value)).collect();
    let scale = if is_log { " Each step of the scale is ten times the one before." } else { "" };
    Some(Picture {
        id: format!("waterfall-{}", scenario.name),
        title: format!("What each mechanism is worth in {}", scenario.name),
        description: format!(
            "For each mechanism the rate without it and what it adds. {} is worth the most. {}.",
            best.mechanism,
            each.join("; ")
        ),
        note: Some(format!(
            "The upright mark is the phase as it is; the full part is what the mechanism adds, or what it costs where \
             the mark is at its left end. Each is taken away alone, so they need not add up.{scale}"
        )),
        svg,
        values: values(&steps),
    })
}

fn step<'a>(scenario: &'a Scenario, row: &Row) -> Option<Step<'a>> {
    if row.kind != "ablation" {
        return None;
    }
    let (name, options) = row.name.split_once(' ')?;
    let phase = scenario.rows.iter().find(|phase| phase.kind == "phase" && phase.name == name)?;
    let (without, with) = (row.qps?.median, phase.qps?.median);
    let mechanism = row.without.clone().unwrap_or_else(|| format!("what {options} changes"));
    let number = name.strip_prefix("phase").and_then(|rest| rest.split('-').next()).unwrap_or(name);
    (without > 0.0).then(|| Step { phase, mechanism: format!("{number}: {mechanism}"), without, with })
}

fn values(steps: &[Step<'_>]) -> Table {
    let rows = steps.iter().map(|step| {
        vec![
            Cell::Code(step.phase.name.clone()),
            Cell::Text(step.mechanism.clone()),
            Cell::Text(rate(step.without)),
            Cell::Text(rate(step.with)),
            Cell::Text(factor(step.worth())),
        ]
    });
    Table { titles: vec!["phase", "mechanism", "without", "with", "worth"], left: 2, rows: rows.collect() }
}
