//! What each mechanism is worth: how many times as good a phase is with it as without.

use super::super::ablations::{self, Step, factor};
use super::super::document::Scenario;
use super::axis::Axis;
use super::frame::Picture;
use super::paint::Role;
use super::slots::{BAR, Slot, slots};

/// `None` where nothing was turned off.
pub(super) fn picture(scenario: &Scenario) -> Option<Picture> {
    let steps = ablations::steps(scenario);
    let best = steps.iter().max_by(|a, b| a.worth.total_cmp(&b.worth))?;
    let ends = steps.iter().flat_map(|step| {
        let (low, high) = step.interval.unwrap_or((step.worth, step.worth));
        [low, step.worth, high]
    });
    let axis = Axis::from_one(&ends.collect::<Vec<_>>(), factor);
    let is_log = axis.is_log();
    let words: Vec<_> = steps.iter().map(words).collect();
    let svg = slots(&words, axis, "times as good as without it", |canvas, index, bottom| {
        let step = &steps[index];
        let (low, high) = (bottom + BAR.0, bottom + BAR.1);
        let (from, to) = (step.worth.min(1.0), step.worth.max(1.0));
        let role = if step.worth >= 1.0 { Role::of(scenario, step.base) } else { Role::Loss };
        if step.is_told() {
            canvas.rectangle((from, low), (to, high), role)?;
        } else {
            canvas.band((from, low), (to, high), role)?;
        }
        if let Some(interval) = step.interval {
            let middle = f64::midpoint(low, high);
            canvas.line(vec![(interval.0, middle), (interval.1, middle)], 2, Role::Text)?;
            for end in [interval.0, interval.1] {
                canvas.line(vec![(end, middle - 0.08), (end, middle + 0.08)], 2, Role::Text)?;
            }
        }
        canvas.line(vec![(1.0, low - 0.05), (1.0, high + 0.05)], 3, Role::Text)
    });
    let each: Vec<_> = words.iter().map(|slot| format!("{}: {}", slot.name, slot.value)).collect();
    let pale = if steps.iter().all(Step::is_told) { "" } else { " A pale bar is a doubtful one." };
    let scale = if is_log { " Each step of the scale is ten times the one before." } else { "" };
    Some(Picture {
        id: format!("waterfall-{}", scenario.name),
        title: format!("What each mechanism is worth in {}", scenario.name),
        description: format!(
            "For each mechanism a bar from 1 to how many times as good the phase is with it. {} is worth the \
             most. {}.",
            best.mechanism,
            each.join("; ")
        ),
        note: Some(format!(
            "The high upright mark is the phase without the mechanism; to its right it gains, to its left it costs. \
             The thin line is the interval.{pale} {}{scale}",
            ablations::note(&steps)
        )),
        svg,
        values: ablations::table(&steps)?,
    })
}

fn words(step: &Step<'_>) -> Slot {
    Slot { name: step.mechanism.clone(), value: step.words() }
}
