//! Colours by role, so that a picture is drawn once and looks right on light, dark and paper.
//!
//! The drawing library knows only numbers for colours. Each role gets a number that is no colour of any
//! theme, and once a picture is drawn these numbers become classes that the style sheet paints.

use plotters::style::RGBColor;

use super::super::document::Row;

/// What something in a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Text,
    /// Words that explain others.
    Muted,
    /// Lines to measure by.
    Grid,
    /// The ground, to set something off.
    Paper,
    /// What was to be reached.
    Goal,
    /// What something costs.
    Loss,
    /// A server, by its phase.
    Phase(u8),
    /// The same with something turned on or off.
    Variant(u8),
    /// A server of canned bytes.
    Floor,
    /// A server of the user's.
    Target,
}

/// Phases that have a colour of their own.
const PHASES: u8 = 5;

impl Role {
    /// The role of a server: a phase has the same colour in every picture.
    pub(super) fn of(row: &Row) -> Self {
        Self::named(&row.name, &row.kind)
    }

    pub(super) fn named(name: &str, kind: &str) -> Self {
        let digit = name.strip_prefix("phase").and_then(|rest| rest.bytes().next());
        let phase = digit.map(|digit| digit.wrapping_sub(b'0')).filter(|&phase| phase < PHASES);
        match (kind, phase) {
            ("floor", _) => Self::Floor,
            ("phase", Some(phase)) => Self::Phase(phase),
            (_, Some(phase)) => Self::Variant(phase),
            _ => Self::Target,
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Text => 1,
            Self::Muted => 2,
            Self::Grid => 3,
            Self::Paper => 4,
            Self::Goal => 5,
            Self::Loss => 7,
            Self::Floor => 8,
            Self::Target => 9,
            Self::Phase(phase) => 0x10 + phase,
            Self::Variant(phase) => 0x20 + phase,
        }
    }

    pub(super) fn color(self) -> RGBColor {
        RGBColor(0, 0, self.code())
    }

    /// The class that the style sheet knows it by, after `f-` (filled) or `s-` (stroked).
    fn class(self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Muted => "muted".into(),
            Self::Grid => "grid".into(),
            Self::Paper => "paper".into(),
            Self::Goal => "goal".into(),
            Self::Loss => "loss".into(),
            Self::Floor => "floor".into(),
            Self::Target => "target".into(),
            Self::Phase(phase) => format!("p{phase}"),
            Self::Variant(phase) => format!("v{phase}"),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        let fixed = [
            Self::Text,
            Self::Muted,
            Self::Grid,
            Self::Paper,
            Self::Goal,
            Self::Loss,
            Self::Floor,
            Self::Target,
        ];
        fixed.into_iter().chain((0..PHASES).flat_map(|phase| [Self::Phase(phase), Self::Variant(phase)]))
    }
}

/// Classes in place of the numbers.
pub(super) fn themed(mut svg: String) -> String {
    for role in Role::all() {
        for (attribute, prefix) in [("fill", "f"), ("stroke", "s")] {
            let number = format!("{attribute}=\"#0000{:02X}\"", role.code());
            svg = svg.replace(&number, &format!("class=\"{prefix}-{}\"", role.class()));
        }
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_has_one_colour_and_its_variants_a_shade_of_it() {
        assert_eq!(Role::named("phase3-pooled", "phase"), Role::Phase(3));
        assert_eq!(Role::named("phase3-pooled --fresh-buffers", "ablation"), Role::Variant(3));
        assert_eq!(Role::named("canned", "floor"), Role::Floor);
        assert_eq!(Role::named("phase9", "target"), Role::Target);
        assert_eq!(Role::named("nginx", "target"), Role::Target);
    }

    #[test]
    fn numbers_become_classes() {
        let svg = themed("<rect fill=\"#000012\"/><path stroke=\"#000021\"/>".into());
        assert_eq!(svg, "<rect class=\"f-p2\"/><path class=\"s-v1\"/>");
    }
}
