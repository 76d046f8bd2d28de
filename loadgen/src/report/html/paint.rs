//! Colours by role, so that a picture is drawn once and looks right on light, dark and paper.
//!
//! The drawing library knows only numbers for colours. Each role gets a number that is no colour of any
//! theme, and once a picture is drawn these numbers become classes that the style sheet paints.

use plotters::style::RGBColor;

use super::super::document::{Row, Scenario};

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
    /// What it is well to have.
    Gain,
    /// A server, by its phase.
    Phase(u8),
    /// The same with something turned on or off, and which pattern of dashes it has.
    Variant(u8, u8),
    /// A server of canned bytes.
    Floor,
    /// A server of the user's, and which of their colours it has.
    Target(u8),
}

/// Colours of phases: one for each of the lab's own, and the others for those that came after them.
const PHASES: u8 = 10;
const LABS_OWN: u8 = 5;
/// Patterns of dashes, for the variants of a phase.
const PATTERNS: u8 = 4;
/// Colours of targets.
const TARGETS: u8 = 4;

impl Role {
    /// The role of a server: a phase has the same colour in every picture.
    pub(super) fn of(scenario: &Scenario, row: &Row) -> Self {
        Self::among(
            scenario.rows.iter().map(|row| (row.name.as_str(), row.kind.as_str())),
            &row.name,
            &row.kind,
        )
    }

    /// The role of a server that stands with `others`, in their order: variants of a phase differ in their
    /// dashes, and targets in their colours.
    pub(super) fn among<'a>(
        others: impl Iterator<Item = (&'a str, &'a str)>,
        name: &str,
        kind: &str,
    ) -> Self {
        let role = Self::named(name, kind);
        let before = others
            .take_while(|(other, _)| *other != name)
            .filter(|(name, kind)| Self::named(name, kind) == role)
            .count();
        let nth = |most: u8| u8::try_from(before % usize::from(most)).unwrap_or(0);
        match role {
            Self::Variant(phase, _) => Self::Variant(phase, nth(PATTERNS)),
            Self::Target(_) => Self::Target(nth(TARGETS)),
            other => other,
        }
    }

    /// As if there were no others.
    fn named(name: &str, kind: &str) -> Self {
        match (kind, phase(name)) {
            ("floor", _) => Self::Floor,
            ("target", _) | (_, None) => Self::Target(0),
            ("phase", Some(phase)) => Self::Phase(phase),
            (_, Some(phase)) => Self::Variant(phase, 0),
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Text => 1,
            Self::Muted => 2,
            Self::Grid => 3,
            Self::Paper => 4,
            Self::Goal => 5,
            Self::Gain => 6,
            Self::Loss => 7,
            Self::Floor => 8,
            Self::Phase(phase) => 0x10 + phase,
            Self::Variant(phase, pattern) => 0x20 + phase * PATTERNS + pattern,
            Self::Target(nth) => 0x80 + nth,
        }
    }

    pub(super) fn color(self) -> RGBColor {
        RGBColor(0, 0, self.code())
    }

    /// The class that the style sheet knows it by, after `f-` (filled) or `s-` (stroked), with that of its dashes.
    fn class(self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Muted => "muted".into(),
            Self::Grid => "grid".into(),
            Self::Paper => "paper".into(),
            Self::Goal => "goal".into(),
            Self::Loss => "loss".into(),
            Self::Gain => "gain".into(),
            Self::Floor => "floor".into(),
            Self::Phase(phase) => format!("p{phase}"),
            Self::Variant(phase, pattern) => format!("v{phase} d{pattern}"),
            Self::Target(nth) => format!("t{nth}"),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        use Role::{Floor, Gain, Goal, Grid, Loss, Muted, Paper, Text};
        let fixed = [Text, Muted, Grid, Paper, Goal, Loss, Gain, Floor];
        let variants = |phase| (0..PATTERNS).map(move |pattern| Self::Variant(phase, pattern));
        let phases = (0..PHASES).flat_map(move |phase| variants(phase).chain([Self::Phase(phase)]));
        fixed.into_iter().chain(phases).chain((0..TARGETS).map(Self::Target))
    }
}

/// Which of the phases' colours the server of that name has. Where there are more phases than colours, those that
/// are not the lab's own share.
fn phase(name: &str) -> Option<u8> {
    let number: u8 = name.strip_prefix("phase")?.split('-').next()?.parse().ok()?;
    let shared = PHASES - LABS_OWN;
    Some(if number < PHASES { number } else { LABS_OWN + (number - LABS_OWN) % shared })
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
        assert_eq!(Role::named("phase3-pooled --fresh-buffers", "ablation"), Role::Variant(3, 0));
        assert_eq!(Role::named("canned", "floor"), Role::Floor);
        assert_eq!(Role::named("phase5-mine", "phase"), Role::Phase(5));
        assert_eq!(Role::named("phase12-mine --faster", "ablation"), Role::Variant(7, 0));
        assert_eq!(Role::named("phase9", "target"), Role::Target(0));
        assert_eq!(Role::named("nginx", "target"), Role::Target(0));
    }

    #[test]
    fn those_of_a_kind_are_told_apart() {
        let rows = [
            ("phase4-keepalive", "phase"),
            ("phase4-keepalive --close", "ablation"),
            ("nginx", "target"),
            ("phase3-pooled --fresh-buffers", "ablation"),
            ("phase4-keepalive --parser textbook", "ablation"),
            ("mine", "target"),
        ];
        let roles = rows.map(|(name, kind)| Role::among(rows.into_iter(), name, kind));
        let [kept, close, nginx, fresh, textbook, mine] = roles;
        assert_eq!((kept, close, textbook), (Role::Phase(4), Role::Variant(4, 0), Role::Variant(4, 1)));
        assert_eq!((fresh, nginx, mine), (Role::Variant(3, 0), Role::Target(0), Role::Target(1)));
    }

    #[test]
    fn no_two_roles_have_the_same_number() {
        let codes: std::collections::BTreeSet<u8> = Role::all().map(Role::code).collect();
        assert_eq!(codes.len(), Role::all().count());
    }

    #[test]
    fn every_role_has_a_colour_in_the_style_sheet_for_light_dark_and_paper() {
        let style = include_str!("style.css");
        for phase in 0..PHASES {
            assert_eq!(style.matches(&format!("--p{phase}: #")).count(), 3, "p{phase}");
        }
        for role in Role::all() {
            let class = role.class();
            let class = class.split(' ').next().unwrap();
            for prefix in ["f", "s"] {
                let selector = format!(".{prefix}-{class}");
                let is_it = |part: &str| part.trim_start().starts_with([',', ' ']);
                let found =
                    style.match_indices(&selector).any(|(at, _)| is_it(&style[at + selector.len()..]));
                assert!(found || style.contains(&format!("{selector} {{")), "{selector}");
            }
        }
    }

    #[test]
    fn numbers_become_classes() {
        let svg = themed("<rect fill=\"#000012\"/><path stroke=\"#000025\"/>".into());
        assert_eq!(svg, "<rect class=\"f-p2\"/><path class=\"s-v1 d1\"/>");
    }
}
