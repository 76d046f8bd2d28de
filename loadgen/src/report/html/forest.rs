//! A forest plot: for each of several things how much it changed, with its interval, around no change at all.

use super::super::tables::Table;
use super::axis::Axis;
use super::frame::{Canvas, Drawn, Picture};
use super::paint::Role;
use super::slots::{BAR, Slot, slots};

/// A scale shows at least this much on each side of no change.
const SIDE_MIN: f64 = 0.01;
/// Units around a mark, half of its size.
const MARK: i32 = 6;

/// What is said of a change: each has a colour, a shape and, in the line above, a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A square.
    Bad,
    /// A disc.
    Good,
    /// A ring.
    Open,
    /// A small dot.
    Shown,
}

/// One change.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// Whose it is.
    pub(crate) name: String,
    /// It in words, with what is said of it.
    pub(crate) words: String,
    /// It.
    pub(crate) middle: f64,
    /// The interval around it, if it has one.
    pub(crate) interval: Option<(f64, f64)>,
    /// From where on it is too much: below the first, above the second.
    pub(crate) limits: (Option<f64>, Option<f64>),
    pub(crate) mark: Mark,
}

/// Several changes of a kind.
pub(crate) struct Forest<'a> {
    /// Unique on its page.
    pub(crate) id: String,
    pub(crate) title: String,
    /// Of the scale.
    pub(crate) unit: &'a str,
    /// A value on the scale.
    pub(crate) label: fn(f64) -> String,
    pub(crate) note: Option<String>,
    pub(crate) changes: Vec<Change>,
    pub(crate) values: Table,
}

impl Forest<'_> {
    pub(crate) fn picture(self) -> Picture {
        let axis = Axis::around_zero(self.side(), self.label);
        let ends = (axis.low(), axis.high());
        let words: Vec<_> = self.changes.iter().map(words).collect();
        let svg = slots(&words, axis, self.unit, |canvas, index, bottom| {
            draw(canvas, &self.changes[index], bottom, ends)
        });
        let each: Vec<_> = words.iter().map(|slot| format!("{}: {}", slot.name, slot.value)).collect();
        Picture {
            id: self.id,
            title: self.title,
            description: format!(
                "For each server a mark at its change, with a line for the interval, around an upright line at no \
                 change. {}.",
                each.join("; ")
            ),
            note: self.note,
            svg,
            values: self.values,
        }
    }

    /// How far the scale reaches: as far as anything that is drawn, with a little air.
    fn side(&self) -> f64 {
        let each = self.changes.iter().flat_map(|change| {
            let (low, high) = change.interval.unwrap_or_default();
            let limits = [change.limits.0, change.limits.1].map(Option::unwrap_or_default);
            [change.middle, low, high, limits[0] * 1.3, limits[1] * 1.3]
        });
        each.map(f64::abs).filter(|value| value.is_finite()).fold(SIDE_MIN, f64::max) * 1.08
    }
}

fn words(change: &Change) -> Slot {
    Slot { name: change.name.clone(), value: change.words.clone() }
}

fn draw(canvas: &mut Canvas<'_, '_>, change: &Change, bottom: f64, ends: (f64, f64)) -> Drawn {
    let (low, high) = (bottom + BAR.0, bottom + BAR.1);
    let middle = f64::midpoint(low, high);
    let forbidden =
        [change.limits.0.map(|limit| (ends.0, limit)), change.limits.1.map(|limit| (limit, ends.1))];
    for (from, to) in forbidden.into_iter().flatten() {
        canvas.band((from, low), (to, high), Role::Loss)?;
    }
    canvas.line(vec![(0.0, low - 0.05), (0.0, high + 0.05)], 2, Role::Muted)?;
    for limit in [change.limits.0, change.limits.1].into_iter().flatten() {
        canvas.line(vec![(limit, low), (limit, high)], 2, Role::Loss)?;
    }
    if let Some((from, to)) = change.interval {
        canvas.line(vec![(from, middle), (to, middle)], 3, Role::Text)?;
        for end in [from, to] {
            canvas.line(vec![(end, middle - 0.1), (end, middle + 0.1)], 2, Role::Text)?;
        }
    }
    let at = (change.middle, middle);
    match change.mark {
        Mark::Bad => canvas.square(at, MARK, Role::Loss),
        Mark::Good => canvas.dot(at, MARK, Role::Gain, true),
        Mark::Open => canvas.dot(at, MARK, Role::Text, false),
        Mark::Shown => canvas.dot(at, MARK / 2, Role::Muted, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(middle: f64, mark: Mark) -> Change {
        let (interval, limits) = (Some((middle - 1.0, middle + 1.0)), (None, Some(2.0)));
        Change { name: "mine".into(), words: "+7.1 %".into(), middle, interval, limits, mark }
    }

    fn forest(changes: Vec<Change>) -> Forest<'static> {
        let values = Table { titles: vec!["server"], left: 1, rows: Vec::new() };
        let label = |value: f64| format!("{value:+.0} %");
        Forest { id: "f".into(), title: "F".into(), unit: "change", label, note: None, changes, values }
    }

    #[test]
    fn each_verdict_has_a_shape_of_its_own() {
        let drawn = |mark| forest(vec![change(7.1, mark)]).picture().svg;
        let count = |svg: &str, part: &str| svg.matches(part).count();
        let [bad, good, open] = [Mark::Bad, Mark::Good, Mark::Open].map(drawn);
        assert_eq!((count(&bad, "<circle"), count(&bad, "<rect") - count(&good, "<rect")), (0, 2));
        assert_eq!((count(&good, "class=\"f-gain\""), count(&open, "class=\"f-gain\"")), (1, 0));
        assert!(open.contains("fill=\"none\""), "{open}");
    }

    #[test]
    fn the_scale_holds_all_that_is_drawn_and_never_nothing() {
        let far = Change { interval: Some((-300.0, 20.0)), ..change(-40.0, Mark::Shown) };
        assert!(forest(vec![far]).side() > 300.0);
        assert!(forest(Vec::new()).side() >= SIDE_MIN);
        let none = Change { interval: None, limits: (None, None), ..change(0.0, Mark::Good) };
        assert!(forest(vec![none]).picture().svg.contains("<circle"));
    }
}
