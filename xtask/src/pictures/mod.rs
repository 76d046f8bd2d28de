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
    let ideas = [
        ("phase0-serial", timeline::serial()),
        ("phase1-threads", timeline::threads()),
        ("phase2-async", timeline::tasks()),
        ("phase3-pooled", lifetimes::picture()),
        ("phase4-keepalive", ladder::picture()),
    ];
    let mut pictures: Vec<_> =
        ideas.into_iter().map(|(phase, svg)| (format!("{phase}/idea.svg"), svg)).collect();
    let mut drawn: BTreeMap<String, String> = run.scenarios.iter().flat_map(report::pictures).collect();
    for name in REPORT {
        let svg = drawn.remove(name).ok_or_else(|| {
            format!("the reference run has no picture {name}; it has {:?}", drawn.keys().collect::<Vec<_>>())
        })?;
        pictures.push((format!("book/pictures/{name}.svg"), svg));
    }
    Ok(pictures)
}
