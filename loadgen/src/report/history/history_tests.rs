use super::*;
use crate::report::sample;

/// Six runs of the sample, each some percent faster than the one before; the second quick, the third partial.
pub(in crate::report) fn six_runs() -> History {
    of_runs(6, |n, document| {
        document.partial = n == 2;
        document.scenarios[0].params.trials = if n == 1 { 1 } else { 3 };
        for row in &mut document.scenarios[0].rows {
            row.qps.as_mut().unwrap().median *= 1.0 + 0.05 * n as f64;
        }
    })
}

/// So many runs of the sample, a day after each other, each changed by its number.
pub(in crate::report) fn of_runs(count: usize, change: impl Fn(usize, &mut Document)) -> History {
    let mut entries_of_all = Vec::new();
    for n in 0..count {
        let mut document = sample::document();
        document.started_at = format!("2026-01-{:02}T03:04:05Z", n + 1);
        change(n, &mut document);
        entries_of_all.extend(entries(&document, &format!("run-{n:02}")));
    }
    History { machine: "linux-x86_64-2cpu".into(), entries: entries_of_all, complaints: Vec::new() }
}

fn folder_with(runs: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for run in runs {
        append(&sample::document(), &root.path().join(run)).unwrap();
    }
    root
}

#[test]
fn a_run_adds_a_line_for_each_row() {
    let root = folder_with(&["first", "second"]);
    let text = fs::read_to_string(root.path().join(NAME)).unwrap();
    assert_eq!(text.lines().count(), 6);
    let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&line["schema"], &line["run"]), (&"phase-lab/history/1".into(), &"first".into()));
    assert_eq!((&line["scenario"], &line["row"]), (&"reference".into(), &"phase0-serial".into()));
    let histories = read(root.path()).unwrap();
    assert_eq!((histories.len(), histories[0].entries.len()), (1, 6));
    let error = read(&root.path().join("no/such")).unwrap_err();
    assert!(error.contains("can't be read"), "{error}");
}

#[test]
fn a_broken_last_line_is_named_and_costs_only_itself() {
    let root = folder_with(&["first"]);
    let path = root.path().join(NAME);
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 40]).unwrap();
    append(&sample::document(), &root.path().join("second")).unwrap();
    let history = read(root.path()).unwrap().remove(0);
    assert_eq!(history.entries.len(), 2 + 3);
    let [complaint] = history.complaints.as_slice() else { panic!("{:?}", history.complaints) };
    assert!(complaint.contains("history.jsonl, line 3: is only half written; it is left out"), "{complaint}");
}

#[test]
fn a_folder_without_a_history_says_who_writes_one() {
    let root = tempfile::tempdir().unwrap();
    let error = read(root.path()).unwrap_err();
    assert!(error.contains("there is no history.jsonl") && error.contains("loadgen run"), "{error}");
}

#[test]
fn a_trend_has_first_last_median_and_how_many() {
    let machines = machines(&[six_runs()]);
    assert_eq!(machines[0].runs, 6);
    let text = text(&machines, 80);
    let lines: Vec<_> = text.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("phase0-serial")).unwrap();
    // Four runs are whole and have three trials: 450, 517.5, 540 and 562.5.
    for part in ["450", "562", "529", " 6  ▁▂▄▅▇█"] {
        assert!(lines[at].contains(part), "'{part}' is missing in {text}");
    }
    assert_eq!(lines[at + 1].trim(), "qp", "the quick and the partial one are marked\n{text}");
    assert_eq!(
        lines[at].chars().position(|c| c == '▁').map(|n| n + 1),
        lines[at + 1].chars().position(|c| c == 'q')
    );
}

#[test]
fn what_was_built_or_fired_in_another_way_is_another_trend() {
    let mut history = six_runs();
    let way = |entry: &mut Entry, load: &str, profile: &str| {
        (entry.load, entry.profile) = (Some(load.into()), profile.into());
    };
    for (index, entry) in history.entries.iter_mut().enumerate() {
        // Three lines a run: the first two runs with 64 connections, the next two with 4, the last two in dev.
        match index / 6 {
            0 => way(entry, "64 connections", "release"),
            1 => way(entry, "4 connections", "release"),
            _ => way(entry, "4 connections", "dev"),
        }
    }
    let trends = machines(&[history]).remove(0).trends;
    let titles: Vec<_> = trends.iter().map(|trend| trend.scenario.as_str()).collect();
    let each = [
        "reference, release, 64 connections",
        "reference, release, 4 connections",
        "reference, dev, 4 connections",
    ];
    assert_eq!(titles, each.map(|title| [title; 3]).concat());
    assert!(trends.iter().all(|trend| trend.points.len() == 2));
}

#[test]
fn every_width_from_60_columns_on_holds_the_trends() {
    let mut history = six_runs();
    for entry in &mut history.entries {
        entry.row = format!("{} --with --several long --options", entry.row);
        entry.scenario += "-with-a-name-of-its-own, that, goes, on, and, on, over, several, words";
    }
    for width in 60..120 {
        for line in text(&machines(&[six_runs(), history.clone()]), width).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}
