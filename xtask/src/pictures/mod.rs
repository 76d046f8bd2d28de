//! The pictures of the lessons, each drawn from what it shows: who waits for whom, which memory lives how long, which
//! packets go where, and the reference run.

mod canvas;
mod ladder;
mod lifetimes;
mod timeline;

use std::collections::BTreeMap;

use loadgen::report::{self, Document};

/// Pictures of the report that the lessons show, by their names there.
const REPORT: [&str; 6] = [
    "climb-reference",
    "latency-reference",
    "cpu-reference",
    "cpu-plaintext",
    "climb-kept",
    "waterfall-plaintext",
];

/// Every picture, and where it belongs, from the workspace's root.
///
/// # Errors
/// When the run has nothing to show of one.
pub(crate) fn all(run: &Document) -> Result<Vec<(String, String)>, String> {
    let mut pictures: Vec<_> =
        ideas().into_iter().map(|(phase, svg)| (format!("{phase}/idea.svg"), svg)).collect();
    let mut drawn: BTreeMap<String, String> = run.scenarios.iter().flat_map(report::pictures).collect();
    for name in REPORT {
        let svg = drawn.remove(name).ok_or_else(|| {
            format!("the reference run has no picture {name}; it has {:?}", drawn.keys().collect::<Vec<_>>())
        })?;
        pictures.push((format!("book/pictures/{name}.svg"), svg));
    }
    Ok(pictures)
}

/// The idea of each phase.
fn ideas() -> [(&'static str, String); 5] {
    [
        ("phase0-serial", timeline::serial()),
        ("phase1-threads", timeline::threads()),
        ("phase2-async", timeline::tasks()),
        ("phase3-pooled", lifetimes::picture()),
        ("phase4-keepalive", ladder::picture()),
    ]
}

#[cfg(test)]
mod tests {
    use super::{canvas, ideas};

    /// The number that stands behind `name="`.
    fn number(element: &str, name: &str) -> f64 {
        let text = element.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        text.unwrap_or_else(|| panic!("no {name} in {element}")).parse().expect("a number")
    }

    #[test]
    fn whatever_is_drawn_is_within_the_picture() {
        for (phase, svg) in ideas() {
            let height = number(&svg, "height");
            let bars = svg.lines().filter(|line| line.starts_with("<rect class=") && line.contains(" rx="));
            let (mut count, places) = (0, svg.lines().filter(|line| line.starts_with("<text ")));
            for bar in bars {
                let (right, below) =
                    (number(bar, "x") + number(bar, "width"), number(bar, "y") + number(bar, "height"));
                assert!(
                    number(bar, "width") >= 0.0 && right <= canvas::WIDTH && below <= height,
                    "{phase}: {bar}"
                );
                count += 1;
            }
            for words in places {
                assert!(
                    number(words, "x") < canvas::WIDTH && number(words, "y") < height,
                    "{phase}: {words}"
                );
                count += 1;
            }
            assert!(count > 10, "{phase} has only {count} parts");
        }
    }
}
