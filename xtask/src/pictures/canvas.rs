//! An SVG in the making: bars, lines, arrows and words, on light and on dark ground.

use std::fmt::Write as _;

/// Units across, which are pixels where a page has room for them.
pub(super) const WIDTH: f64 = 720.0;
/// The height of a line of words.
pub(super) const LINE: f64 = 20.0;

/// Colours by role, the phases' as in the report.
const STYLE: &str = "
svg { color-scheme: light dark; --paper: #ffffff; --text: #1c2126; --muted: #56606b; --grid: #d5dbe1;
  --p0: #66707b; --p1: #b85000; --p2: #0068ad; --p3: #007a5c; --p4: #a53d7c; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #14181c; --text: #e8ecf0; --muted: #a7b1bb; --grid: #37404a;
    --p0: #a3adb8; --p1: #f2954a; --p2: #5fb4f0; --p3: #35c79a; --p4: #ea8fc3; }
}
text { font: 14px system-ui, sans-serif; fill: var(--text); }
.muted { fill: var(--muted); } .bold { font-weight: 600; } .small { font-size: 12px; }
.halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.paper { fill: var(--paper); } .on { fill: var(--paper); }
.wait { fill: var(--grid); } .grid { stroke: var(--grid); } .edge { stroke: var(--muted); fill: none; }
.p0 { fill: var(--p0); } .p1 { fill: var(--p1); } .p2 { fill: var(--p2); } .p3 { fill: var(--p3); } .p4 { fill: var(--p4); }
.a0 { stroke: var(--p0); } .a3 { stroke: var(--p3); } .a4 { stroke: var(--p4); }
";

/// Where words stand relative to their place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// What was drawn so far.
pub(super) struct Canvas {
    body: String,
    title: String,
    description: String,
}

impl Canvas {
    /// An empty one. What it shows is told to those who can't see it.
    pub(super) fn new(title: &str, description: &str) -> Self {
        Self { body: String::new(), title: title.to_owned(), description: description.to_owned() }
    }

    /// A bar with rounded corners.
    pub(super) fn bar(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), class: &str) {
        let _ = writeln!(
            self.body,
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="3"/>"#
        );
    }

    pub(super) fn words(&mut self, text: &str, (x, y): (f64, f64), anchor: Anchor, class: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = writeln!(
            self.body,
            r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{}</text>"#,
            escaped(text)
        );
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let _ = writeln!(
            self.body,
            r#"<path class="{class}" d="M{:.1} {:.1}L{:.1} {:.1}"/>"#,
            from.0, from.1, to.0, to.1
        );
    }

    /// A line with a head at its end.
    pub(super) fn arrow(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        const HEAD: f64 = 6.0;
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let (dx, dy) = ((to.0 - from.0) / length * HEAD, (to.1 - from.1) / length * HEAD);
        let wing = |side: f64| (to.0 - dx - side * dy * 0.6, to.1 - dy + side * dx * 0.6);
        self.line(from, to, class);
        self.line(wing(1.0), to, class);
        self.line(wing(-1.0), to, class);
    }

    /// The picture, `height` units high.
    pub(super) fn finish(self, height: f64) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
             height=\"{height}\" role=\"img\" aria-labelledby=\"t d\">\n<title id=\"t\">{}</title>\n<desc \
             id=\"d\">{}</desc>\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"100%\" \
             height=\"100%\"/>\n{}</svg>\n",
            escaped(&self.title),
            escaped(&self.description),
            self.body
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::{Anchor, Canvas};

    #[test]
    fn words_are_no_markup() {
        let mut canvas = Canvas::new("a < b", "c & d");
        canvas.words("<e>", (0.0, 0.0), Anchor::Start, "");
        let svg = canvas.finish(10.0);
        for words in [">a &lt; b</title>", ">c &amp; d</desc>", ">&lt;e></text>"] {
            assert!(svg.contains(words), "{words} in {svg}");
        }
    }

    #[test]
    fn an_arrow_is_a_line_with_two_wings_at_its_end() {
        let mut canvas = Canvas::new("", "");
        canvas.arrow((0.0, 5.0), (100.0, 5.0), "a0");
        let svg = canvas.finish(10.0);
        let ends = svg.lines().filter(|line| line.starts_with("<path") && line.ends_with("L100.0 5.0\"/>"));
        assert_eq!(ends.count(), 3, "{svg}");
        assert!(svg.contains("M94.0 1.4L") && svg.contains("M94.0 8.6L"), "{svg}");
    }
}
