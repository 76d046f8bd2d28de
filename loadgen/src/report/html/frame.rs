//! The frame of a picture: its axes, what is drawn inside, and what it says to those who can't see it.

use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::super::tables::Table;
use super::axis::Axis;
use super::paint::{Role, themed};
use super::table;

/// Units across. A column of a page is about as wide in pixels, a phone a little narrower.
pub(super) const WIDTH: u32 = 480;
/// The size of words in these units; the library divides what it is given by the ratio of pixels to points.
const FONT_SIZE: f64 = 14.0 * 1.24;

/// How much of its colour a paler shade has.
const PALE: f64 = 0.4;

/// Room on each side of what is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Margins {
    pub(super) left: u32,
    pub(super) right: u32,
    /// What the labels of the upright axis take.
    pub(super) labels: u32,
}

/// A picture with its words and the values that it shows.
pub(crate) struct Picture {
    /// Unique on its page.
    pub(super) id: String,
    pub(crate) title: String,
    /// What there is to see, in sentences.
    pub(crate) description: String,
    /// How to read it, where that is not plain.
    pub(super) note: Option<String>,
    pub(super) svg: String,
    pub(super) values: Table,
}

/// Something to draw on, in values of the axes.
pub(super) struct Canvas<'a, 'b> {
    chart: ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>,
    /// The whole picture. What is drawn on the chart alone is moved back to its edge if it lies beyond.
    root: DrawingArea<SVGBackend<'b>, Shift>,
}

pub(super) type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// How many units a text takes across, an estimate on the safe side: which font it will be is not known.
pub(super) fn text_width(text: &str) -> f64 {
    let width = |c: char| match c {
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '<' | '>' | '&' | '+' | '=' | '~' => 12.5,
        'A'..='Z' => 10.0,
        // Scripts whose characters are as wide as they are high.
        '\u{1100}'.. => 15.0,
        _ => 7.6,
    };
    text.chars().map(width).sum()
}

/// An SVG of that height with axes, whose unit is told below, and whatever `content` draws.
pub(super) fn draw(
    height: u32,
    margins: Margins,
    (x, unit): (Axis, &str),
    y: Axis,
    content: impl FnOnce(&mut Canvas<'_, '_>) -> Drawn,
) -> String {
    let mut svg = String::new();
    let drawn = (|| -> Drawn {
        let root: DrawingArea<_, Shift> =
            SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        let words = |role: Role| ("sans-serif", FONT_SIZE).into_font().color(&role.color());
        let mut chart = ChartBuilder::on(&root)
            .margin_left(margins.left)
            .margin_right(margins.right)
            // Half of the highest mark stands above the axis, also where a picture has the page for itself and all is
            // larger.
            .margin_top(10)
            .set_label_area_size(LabelAreaPosition::Bottom, 44)
            .set_label_area_size(LabelAreaPosition::Left, margins.labels)
            .build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .axis_style(Role::Grid.color())
            .bold_line_style(Role::Grid.color())
            .light_line_style(TRANSPARENT)
            .label_style(words(Role::Muted))
            .axis_desc_style(words(Role::Muted))
            .x_desc(unit)
            .draw()?;
        content(&mut Canvas { chart, root: root.clone() })?;
        root.present()
    })();
    // A string takes everything; an error could only be the library's own.
    debug_assert!(drawn.is_ok(), "{drawn:?}");
    themed(svg)
}

impl Canvas<'_, '_> {
    pub(super) fn rectangle(&mut self, from: (f64, f64), to: (f64, f64), role: Role) -> Drawn {
        self.chart.plotting_area().draw(&Rectangle::new([from, to], role.color().filled()))
    }

    /// A rectangle that is empty.
    pub(super) fn outline(&mut self, from: (f64, f64), to: (f64, f64), role: Role) -> Drawn {
        self.chart.plotting_area().draw(&Rectangle::new([from, to], role.color().stroke_width(2)))
    }

    /// A rectangle in a paler shade.
    pub(super) fn band(&mut self, from: (f64, f64), to: (f64, f64), role: Role) -> Drawn {
        self.chart.plotting_area().draw(&Rectangle::new([from, to], role.color().mix(PALE).filled()))
    }

    /// A filled square of twice `half` units around a place, set off from what is behind it.
    pub(super) fn square(&mut self, at: (f64, f64), half: i32, role: Role) -> Drawn {
        let (x, y) = self.pixel(at);
        let square = |half: i32, role: Role| {
            let corners = [(x - half, y - half), (x + half, y + half)];
            self.root.draw(&Rectangle::new(corners, role.color().filled()))
        };
        square(half + 2, Role::Paper)?;
        square(half, role)
    }

    pub(super) fn line(&mut self, points: Vec<(f64, f64)>, width: u32, role: Role) -> Drawn {
        self.chart.plotting_area().draw(&PathElement::new(points, role.color().stroke_width(width)))
    }

    pub(super) fn dot(&mut self, at: (f64, f64), radius: i32, role: Role, filled: bool) -> Drawn {
        let style = if filled { role.color().filled() } else { role.color().stroke_width(2) };
        self.chart.plotting_area().draw(&Circle::new(at, radius, style))
    }

    /// Words, moved by some units from where they belong, and on which side of that place.
    pub(super) fn words(
        &mut self,
        text: &str,
        at: (f64, f64),
        by: (i32, i32),
        side: HPos,
        role: Role,
    ) -> Drawn {
        let style =
            ("sans-serif", FONT_SIZE).into_font().color(&role.color()).pos(Pos::new(side, VPos::Center));
        let (x, y) = self.pixel(at);
        self.root.draw(&Text::new(text.to_owned(), (x + by.0, y + by.1), style))
    }

    /// A thin line from the top to the bottom.
    pub(super) fn upright(&mut self, x: f64, role: Role) -> Drawn {
        let (top, bottom) = self.heights();
        // Any height will do: what is wanted is where it is across.
        let across = self.pixel((x, 0.0)).0;
        self.root.draw(&PathElement::new(vec![(across, top), (across, bottom)], role.color().stroke_width(1)))
    }

    /// A thin line from the end of another one to beside a place, to where its name is.
    pub(super) fn leader(&mut self, from: (f64, f64), to: (f64, f64), by: (i32, i32), role: Role) -> Drawn {
        let (start, end) = (self.pixel(from), self.pixel(to));
        let points = vec![start, end, (end.0 + by.0, end.1 + by.1)];
        self.root.draw(&PathElement::new(points, role.color().mix(PALE).stroke_width(1)))
    }

    /// Where values are in the picture.
    pub(super) fn pixel(&self, at: (f64, f64)) -> (i32, i32) {
        self.chart.plotting_area().map_coordinate(&at)
    }

    /// The top and the bottom of what is drawn on.
    pub(super) fn heights(&self) -> (i32, i32) {
        let (_, ys) = self.chart.plotting_area().get_pixel_range();
        (ys.start, ys.end)
    }
}

impl Picture {
    pub(crate) fn figure(&self) -> Markup {
        html! {
            figure id=(self.id) {
                figcaption { (self.title) }
                (self.drawing("", &html! {}))
                @if let Some(note) = &self.note { p.note { (note) } }
                details { summary { "The values" } (table::html(&self.values)) }
            }
        }
    }

    /// The picture as a file of its own, with the colours inside.
    pub(super) fn alone(&self, style: &str) -> String {
        let ground = html! {
            style { (PreEscaped(style)) }
            rect.f-paper width="100%" height="100%" {}
        };
        // On a page of somebody else's it would be as wide as that.
        let size = format!("width=\"{WIDTH}\" height=\"{}\" ", self.height());
        self.drawing(&size, &ground).into_string()
    }

    fn height(&self) -> &str {
        let height = self.svg.split_once("height=\"").and_then(|(_, rest)| rest.split('"').next());
        height.unwrap_or("0")
    }

    /// The SVG, with attributes that say its size, and with what belongs behind everything.
    fn drawing(&self, size: &str, behind: &Markup) -> Markup {
        let (title_id, description_id) = (format!("{}-title", self.id), format!("{}-desc", self.id));
        // The words that a browser reads out and shows go into the picture itself.
        let words = html! {
            title id=(title_id) { (self.title) }
            desc id=(description_id) { (self.description) }
        };
        let body = self.svg.split_once('>').map_or("", |(_, rest)| rest);
        let open = format!(
            "<svg role=\"img\" aria-labelledby=\"{title_id} {description_id}\" {size}viewBox=\"0 0 {WIDTH} {}\" \
             xmlns=\"http://www.w3.org/2000/svg\">",
            self.height()
        );
        html! { (PreEscaped(open)) (words) (behind) (PreEscaped(body)) }
    }
}
