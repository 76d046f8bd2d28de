//! The pictures of the lessons, each drawn from what it shows: who waits for whom, which memory lives how long, which
//! packets go where, and the reference run.

mod canvas;
mod ladder;
mod lifetimes;
mod timeline;

use loadgen::report::{Document, climb_svg};

/// The scenario whose climb the book begins with.
const CLIMB: &str = "reference";

/// Every picture, and where it belongs, from the workspace's root.
///
/// # Errors
/// When the run lacks the scenario of the climb.
pub(crate) fn all(run: &Document) -> Result<Vec<(String, String)>, String> {
    let scenario = run.scenarios.iter().find(|scenario| scenario.name == CLIMB);
    let climb =
        scenario.and_then(climb_svg).ok_or_else(|| format!("the run has nothing to show of {CLIMB}"))?;
    let pictures = [
        ("phase0-serial/idea.svg", timeline::serial()),
        ("phase1-threads/idea.svg", timeline::threads()),
        ("phase2-async/idea.svg", timeline::tasks()),
        ("phase3-pooled/idea.svg", lifetimes::picture()),
        ("phase4-keepalive/idea.svg", ladder::picture()),
        ("book/pictures/climb.svg", climb),
    ];
    Ok(pictures.into_iter().map(|(path, svg)| (path.to_owned(), svg)).collect())
}
