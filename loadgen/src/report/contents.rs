//! The files of a run, each under its name, the most important first.

use std::collections::BTreeSet;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::build::{counts, merged_latency};
use super::document::Document;
use super::drawing::Drawing;
use super::{hgrm, hlog};
use crate::lab;

/// A file's name and what it holds.
pub(super) type File = (String, String);

/// The figures; everything that [`Drawing`]s show is drawn from them.
pub(super) fn figures(document: &Document) -> serde_json::Result<File> {
    // Keys sorted, so that two runs differ in lines where they differ in numbers.
    let sorted = serde_json::to_value(document)?;
    Ok(("run.json".into(), serde_json::to_string_pretty(&sorted)? + "\n"))
}

/// All others.
pub(super) fn others(document: &Document, measured: &lab::Measured) -> Vec<File> {
    let mut files: Vec<File> =
        Drawing::ALL.map(|drawing| (drawing.file_name().to_owned(), drawing.draw(document))).into();
    let mut names = BTreeSet::new();
    for lab::MeasuredScenario { scenario, rows } in &measured.scenarios {
        for row in rows {
            let name = format!("{}-{}", file_name(&scenario.name), file_name(&row.row.to_string()));
            // Two names may differ only in what files are not called by.
            let numbered = (2..).map(|number| format!("{name}-{number}"));
            let name = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
            let name = name.unwrap_or_default();
            files.extend(histograms(&name, row, measured));
            names.insert(name);
        }
    }
    files
}

/// The latencies of a row in both formats; of one none of whose trials counts, what there was of them, under
/// a name that says so.
fn histograms(name: &str, row: &lab::MeasuredRow, measured: &lab::Measured) -> Vec<File> {
    let whole = merged_latency(row, counts);
    let (merged, which, mark): (_, fn(&lab::Trial) -> bool, _) = match whole {
        Some(merged) => (merged, counts, ""),
        None => match merged_latency(row, |_| true).filter(|merged| !merged.is_empty()) {
            Some(merged) => (merged, |_| true, ".partial"),
            None => return Vec::new(),
        },
    };
    let trials = row.trials.iter().filter(|trial| which(trial));
    let outcomes: Vec<(Duration, &Histogram<u64>)> = trials
        .filter_map(|trial| trial.outcome.as_ref())
        .map(|outcome| (outcome.elapsed, &outcome.latency_ns))
        .collect();
    vec![
        (format!("{name}{mark}.hgrm"), hgrm::text(&merged)),
        (format!("{name}{mark}.hlog"), hlog::of_trials(measured.started_at, &outcomes)),
    ]
}

/// A name without what file names had better not hold: blanks, slashes, and a dot in front.
fn file_name(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_');
    let words = words.map(|word| word.trim_start_matches('.')).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::lab::Inspection;
    use crate::lab::cpus::Split;
    use crate::lab::rows::Row;
    use crate::lab::scenario;
    use crate::measure::{Usage, Weather};
    use crate::report::build::tests::outcome;
    use crate::report::sample;

    fn trial(number: usize, failed: Option<&str>) -> lab::Trial {
        lab::Trial {
            number,
            outcome: Some(outcome(500, 1)),
            usage: Usage::default(),
            weather: Weather::default(),
            usage_requests: 0,
            failed: failed.map(str::to_owned),
        }
    }

    fn names(scenario_name: &str, trials: Vec<lab::Trial>) -> Vec<String> {
        let mut scenario = scenario::built_in().unwrap().remove(0);
        scenario.name = scenario_name.into();
        let row = Row::parse("phase1-threads --spawn").unwrap();
        let rows = vec![lab::MeasuredRow { row, trials, inspection: Inspection::default() }];
        let measured = lab::Measured {
            started_at: SystemTime::UNIX_EPOCH,
            split: Split::default(),
            scenarios: vec![lab::MeasuredScenario { scenario: scenario.clone(), rows: rows.clone() }],
            interrupted: false,
        };
        let files = others(&sample::document(), &measured).into_iter();
        files.map(|(name, _)| name).filter(|name| !name.starts_with("report.")).collect()
    }

    #[test]
    fn a_row_has_its_latencies_in_two_formats() {
        let both = ["some-phase1-threads-spawn.hgrm", "some-phase1-threads-spawn.hlog"];
        assert_eq!(names("some", vec![trial(1, None), trial(2, Some("it died"))]), both);
        assert_eq!(names("some", Vec::new()), [""; 0], "nothing was measured");
    }

    #[test]
    fn what_a_row_showed_before_its_only_trial_failed_is_kept_and_marked() {
        let marked = ["some-phase1-threads-spawn.partial.hgrm", "some-phase1-threads-spawn.partial.hlog"];
        assert_eq!(names("some", vec![trial(1, Some("it died"))]), marked);
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        assert_eq!(names("../team/api v2", vec![trial(1, None)])[0], "team-api-v2-phase1-threads-spawn.hgrm");
        assert_eq!(file_name(".hidden"), "hidden");
        assert_eq!(file_name("v1.2_x"), "v1.2_x");
    }
}
