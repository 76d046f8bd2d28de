//! The reference run as `loadgen` prints it.

use loadgen::report::{self, Document};

use super::difference::fenced;

/// Columns that a code block on a page has room for.
const WIDTH: usize = 100;
/// The scenarios that are the story; the report has them all.
const SCENARIOS: usize = 2;

/// The tables of the first scenarios, and the warnings about them.
pub(super) fn climb(run: &Document) -> String {
    let mut run = run.clone();
    // What each mechanism is worth is for the report.
    for scenario in &mut run.scenarios {
        scenario.rows.retain(|row| row.kind != "ablation" || row.original_qps.is_some());
    }
    let table = report::table(&run, WIDTH);
    let mut parts: Vec<_> =
        table.split("\n\n").take(SCENARIOS).map(|part| part.trim_end().to_owned()).collect();
    let told = run.scenarios.iter().take(SCENARIOS).map(|scenario| format!("{}: ", scenario.name));
    let told: Vec<_> = told.collect();
    for warning in report::warnings(&run) {
        if told.iter().any(|scenario| warning.starts_with(scenario)) {
            parts.push(report::wrap(&warning, WIDTH).join("\n"));
        }
    }
    fenced("text", &parts.join("\n\n"))
}
