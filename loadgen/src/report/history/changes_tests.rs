use super::super::changes_text::changes_text;
use super::super::tests::{of_runs, six_runs};
use super::super::trend::machines;
use super::super::{History, text};
use super::*;

/// The gate's, about.
fn tolerance(_: &str, _: Metric) -> f64 {
    0.1
}

/// Twenty runs, of which the last nine have phase 1 a fifth faster, and phase 0 an allocation less; some percent of
/// noise, the same in every test.
pub(in crate::report) fn a_change() -> History {
    of_runs(20, |n, document| {
        document.commit = Some(format!("{n:012x}"));
        let late = n >= 11;
        for (index, row) in document.scenarios[0].rows.iter_mut().enumerate() {
            let noise = 1.0 + 0.002 * ((n * 7 + index * 3) % 11) as f64;
            let level = if late && index == 1 { 1.2 } else { 1.0 };
            row.qps.as_mut().unwrap().median *= noise * level;
            row.server.cpu_us_per_request = Some(40.0 * noise);
            row.server.allocs_per_request = Some(if late && index == 0 { 7.0 } else { 8.0 });
        }
    })
}

#[test]
fn a_change_is_told_with_its_run_and_the_commits_between() {
    let found = changes(&machines(&[a_change()]), &tolerance);
    let all: Vec<_> = found.machines[0]
        .changes
        .iter()
        .map(|change| (change.row.as_str(), change.metric, change.first_after.number))
        .collect();
    assert_eq!(
        all,
        [("phase0-serial", Metric::Allocations, 12), ("phase1-threads", Metric::Qps, 12)],
        "{found:?}"
    );
    let [allocations, rate] = found.machines[0].changes.as_slice() else { panic!("two") };
    assert_eq!((allocations.before, allocations.after, allocations.chance), (8.0, 7.0, None));
    assert_eq!(rate.last_before.commit.as_deref(), Some("00000000000a"));
    assert!(rate.ratio.is_some_and(|ratio| (ratio - 1.2).abs() < 0.02), "{rate:?}");
    assert!(found.machines[0].short.is_empty());
    for width in [60, 80, 140] {
        let told = changes_text(&found, width);
        assert!(told.lines().all(|line| line.chars().count() <= width), "{width}: {told}");
        let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "2 levels changed",
            "allocations per request 8 → 7 0.88x",
            "since run 12, 2026-01-12T03:04:05Z, commits 00000000000a..00000000000b",
        ] {
            assert!(flat.contains(part), "'{part}' is missing in {told}");
        }
    }
}

#[test]
fn a_change_is_marked_beneath_its_run() {
    let mut machines = machines(&[a_change()]);
    let found = changes(&machines, &tolerance);
    mark(&mut machines, &found);
    let told = text(&machines, 100);
    let lines: Vec<_> = told.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("phase1-threads ")).unwrap();
    let first = lines[at].chars().position(|c| "▁▂▃▄▅▆▇█".contains(c)).unwrap();
    assert_eq!(lines[at + 1].chars().position(|c| c == '^'), Some(first + 11), "{told}");
    assert!(told.contains("^: since that run"), "{told}");
}

#[test]
fn too_few_runs_are_said_with_how_many_are_missing() {
    let found = changes(&machines(&[six_runs()]), &tolerance);
    assert!(found.machines[0].changes.is_empty());
    let told = changes_text(&found, 200).replace('\n', " ");
    assert!(told.contains("no level changed"), "{told}");
    // Two of the six are quick or partial.
    assert!(
        told.contains("6 runs more of reference for phase0-serial, phase1-threads, phase1-threads --spawn"),
        "{told}"
    );
}

#[test]
fn another_build_or_load_is_no_change() {
    let history = of_runs(24, |n, document| {
        let release = n % 2 == 0;
        document.build.profile = if release { "release" } else { "dev (not optimised)" }.into();
        for row in &mut document.scenarios[0].rows {
            row.qps.as_mut().unwrap().median *= if release { 1.0 } else { 0.1 };
        }
    });
    let found = changes(&machines(&[history]), &tolerance);
    assert!(found.machines[0].changes.is_empty() && found.machines[0].series == 12, "{found:?}");
}

#[test]
fn changes_are_told_as_json_by_the_gates_names() {
    let found = changes(&machines(&[a_change()]), &tolerance);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["schema"], "phase-lab/changes/1");
    let change = &json["machines"][0]["changes"][1];
    assert_eq!((&change["metric"], &change["row"]), (&"requests_per_sec".into(), &"phase1-threads".into()));
    assert_eq!(change["first_after"]["commit"], "00000000000b");
}
