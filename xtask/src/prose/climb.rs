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

#[cfg(test)]
mod tests {
    use super::{WIDTH, climb};
    use crate::prose::Sources;

    #[test]
    fn the_climb_is_the_first_two_tables_without_what_each_mechanism_is_worth() {
        let mut run = Sources::read().expect("a reference run").reference;
        let names: Vec<_> = run.scenarios.iter().map(|scenario| scenario.name.clone()).collect();
        let shown = climb(&run);
        assert!(shown.starts_with("```text\n") && shown.trim_end().ends_with("```"), "{shown}");
        for (index, name) in names.iter().enumerate() {
            let is_shown = shown.lines().any(|line| line.starts_with(&format!("{name}: ")));
            assert_eq!(is_shown, index < 2, "{name}: {shown}");
        }
        assert!(
            shown.contains("\nphase1-threads --spawn "),
            "what the original measured is a step of the climb"
        );
        assert!(!shown.contains("--fresh-buffers") && !shown.contains("--close"), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= WIDTH), "{shown}");

        // A row that is gone, is gone from what is shown.
        run.scenarios[0].rows.retain(|row| row.name != "phase2-async");
        assert!(!climb(&run).contains("\nphase2-async "));
    }
}
