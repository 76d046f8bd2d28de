//! The README's picture of the climb is generated from the reference run, never typed.

use std::fs;
use std::path::Path;

use loadgen::report::{self, Document};

const BEGIN: &str = "<!-- climb -->\n";
const END: &str = "<!-- /climb -->";
/// Columns that a code block on a page has room for.
const WIDTH: usize = 100;

/// With `UPDATE=1` in the environment it writes what it would otherwise ask for.
#[test]
fn the_climb_is_that_of_the_reference_run() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let run = fs::read_to_string(workspace.join("results/reference/run.json")).expect("a reference run");
    let mut document: Document = serde_json::from_str(&run).expect("a run.json");
    // What each mechanism is worth is for the report.
    for scenario in &mut document.scenarios {
        scenario.rows.retain(|row| row.kind != "ablation" || row.original_qps.is_some());
    }
    let table = report::table(&document, WIDTH);
    // The first two scenarios are the story; the report has them all.
    let mut climb: Vec<_> = table.split("\n\n").take(2).map(|part| part.trim_end().to_owned()).collect();
    let told: Vec<_> =
        document.scenarios.iter().take(2).map(|scenario| format!("{}: ", scenario.name)).collect();
    for warning in report::warnings(&document) {
        if told.iter().any(|scenario| warning.starts_with(scenario)) {
            climb.push(report::wrap(&warning, WIDTH).join("\n"));
        }
    }

    let path = workspace.join("README.md");
    let readme = fs::read_to_string(&path).expect("a README");
    let (before, rest) = readme.split_once(BEGIN).expect("the mark before the climb");
    let (_, after) = rest.split_once(END).expect("the mark behind the climb");
    let wanted = format!("{before}{BEGIN}```text\n{}\n```\n{END}{after}", climb.join("\n\n").trim_end());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &wanted).expect("README.md is writable");
    } else {
        assert_eq!(readme, wanted, "run it with UPDATE=1 to write the climb");
    }
}
